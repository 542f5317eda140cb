//! Variables, coerced to their types as the specification has it and graphql-js does it.
//!
//! Takes time linear in the values and moves them into place. Values of scalars that the specification does not know stay as
//! they are: what they mean is asked when arguments are bound.

use std::fmt::Write;

use apollo_compiler::ast::Type;
use apollo_compiler::executable::Operation;
use apollo_compiler::schema::{EnumType, ExtendedType, InputObjectType};
use apollo_compiler::{Name, Schema};
use serde_json::{Map, Value};

use crate::budget::{Clock, Stop};
use crate::plan::{Input, MOST_EXACT, Names, Variables};
use crate::report::{did_you_mean, shown, shown_as};

/// Values between two readings of the clock.
const CHECK_EVERY: usize = 4096;

/// A variable whose value its type does not have.
#[derive(Debug)]
pub(super) struct Mismatch {
    /// The given value and the expected one.
    pub message: String,
    /// The offset in the document at which the variable is defined.
    pub offset: Option<usize>,
}

/// Coerces the variables of an operation. On mismatches, gives at most `most_errors` of them.
pub(super) fn variables(
    (schema, names): (&Schema, Names),
    operation: &Operation,
    mut given: Map<String, Value>,
    clock: &Clock,
    most_errors: usize,
) -> Result<Result<Variables, Vec<Mismatch>>, Stop> {
    let mut coercion = Coercion {
        schema,
        names,
        clock,
        seen: 0,
        path: Vec::new(),
        messages: Vec::new(),
        most_errors,
    };
    let mut mismatches = Vec::new();
    let mut variables = Variables::new();
    for definition in &operation.variables {
        let (name, ty) = (definition.name.as_str(), &*definition.ty);
        coercion.path.clear();
        coercion.path.push(Segment::Name(name.to_owned()));
        match given.remove(name) {
            Some(value) => {
                if let Some(value) = coercion.value(ty, value)? {
                    variables.insert(name.to_owned(), value);
                }
            }
            None => match &definition.default_value {
                Some(literal) => {
                    if let Input::Constant(value) = Input::of(schema, ty, literal) {
                        variables.insert(name.to_owned(), value);
                    }
                }
                None if ty.is_non_null() => {
                    coercion
                        .refuse(|_| format!("is not given, and its type {ty} has no null: give it a value"));
                }
                None => {}
            },
        }
        let offset = definition.location().map(|it| it.offset());
        let messages = coercion.messages.drain(..);
        mismatches.extend(messages.map(|message| Mismatch { message, offset }));
        coercion.most_errors = most_errors - mismatches.len();
        if coercion.most_errors == 0 {
            break;
        }
    }
    Ok(if mismatches.is_empty() {
        Ok(variables)
    } else {
        Err(mismatches)
    })
}

/// One step into a variable.
enum Segment {
    Name(String),
    Index(usize),
}

struct Coercion<'a> {
    schema: &'a Schema,
    names: Names,
    clock: &'a Clock<'a>,
    seen: usize,
    /// Position of the current value.
    path: Vec<Segment>,
    messages: Vec<String>,
    /// At most `most_errors` messages are kept.
    most_errors: usize,
}

/// A coerced value, or nothing where it is not of its type.
type Coerced = Result<Option<Value>, Stop>;

impl Coercion<'_> {
    fn refuse(&mut self, what: impl FnOnce(&Self) -> String) {
        if self.messages.len() < self.most_errors {
            let mut path = String::from("`$");
            for (no, segment) in self.path.iter().enumerate() {
                // Writing to a string cannot fail.
                let _ = match segment {
                    Segment::Name(name) if no == 0 => write!(path, "{}", shown(name)),
                    Segment::Name(name) => write!(path, ".{}", shown(name)),
                    Segment::Index(at) => write!(path, "[{at}]"),
                };
            }
            let message = format!("{path}` {}", what(self));
            self.messages.push(message);
        }
    }

    fn value(&mut self, ty: &Type, value: Value) -> Coerced {
        self.seen += 1;
        if self.seen.is_multiple_of(CHECK_EVERY) {
            self.clock.check()?;
        }
        if value.is_null() {
            if ty.is_non_null() {
                self.refuse(|_| format!("is null, which its type {ty} does not have"));
                return Ok(None);
            }
            return Ok(Some(Value::Null));
        }
        let name = match ty {
            Type::List(inner) | Type::NonNullList(inner) => {
                let Value::Array(items) = value else {
                    // One value is a list of it.
                    let item = self.value(inner, value)?;
                    return Ok(item.map(|it| vec![it].into()));
                };
                return self.list(inner, items);
            }
            Type::Named(name) | Type::NonNullNamed(name) => name.as_str(),
        };
        let schema = self.schema;
        match schema.types.get(name) {
            Some(ExtendedType::Scalar(_)) => Ok(self.scalar(name, value)),
            Some(ExtendedType::Enum(definition)) => Ok(self.enum_value(definition, value)),
            Some(ExtendedType::InputObject(definition)) => match value {
                Value::Object(fields) => self.object(definition, fields),
                other => {
                    self.refuse(|_| format!("is {}, and {name} is an object", repeated(&other)));
                    Ok(None)
                }
            },
            // Validation lets no other types through.
            _ => {
                self.refuse(|_| format!("has the type {name}, which values cannot have"));
                Ok(None)
            }
        }
    }

    fn list(&mut self, inner: &Type, items: Vec<Value>) -> Coerced {
        let mut coerced = Some(Vec::with_capacity(items.len()));
        for (at, item) in items.into_iter().enumerate() {
            self.path.push(Segment::Index(at));
            let item = self.value(inner, item)?;
            self.path.pop();
            match (item, &mut coerced) {
                (Some(item), Some(coerced)) => coerced.push(item),
                _ => coerced = None,
            }
            if self.messages.len() >= self.most_errors {
                break;
            }
        }
        Ok(coerced.map(Value::Array))
    }

    fn object(&mut self, definition: &InputObjectType, mut given: Map<String, Value>) -> Coerced {
        let name = definition.name.as_str();
        if definition.is_one_of() {
            let is_one = given.len() == 1 && given.values().all(|it| !it.is_null());
            if !is_one {
                self.refuse(|_| {
                    let got = match given.len() {
                        1 => "one that is null".to_owned(),
                        other => other.to_string(),
                    };
                    format!("has {got} of the fields of {name}: give exactly one that is not null")
                });
                return Ok(None);
            }
        }
        let mut coerced = Some(Map::new());
        for (field, definition) in &definition.fields {
            let (field, ty) = (field.as_str(), &*definition.ty);
            let value = match (given.remove(field), &definition.default_value) {
                (Some(value), _) => {
                    self.path.push(Segment::Name(field.to_owned()));
                    let value = self.value(ty, value)?;
                    self.path.pop();
                    value
                }
                (None, Some(literal)) => match Input::of(self.schema, ty, literal) {
                    Input::Constant(value) => Some(value),
                    _ => None,
                },
                (None, None) if ty.is_non_null() => {
                    self.refuse(|_| format!("lacks the field \"{field}\" of {name}, which must be given"));
                    None
                }
                (None, None) => continue,
            };
            match value {
                Some(value) => {
                    if let Some(coerced) = &mut coerced {
                        coerced.insert(field.to_owned(), value);
                    }
                }
                None => coerced = None,
            }
            if self.messages.len() >= self.most_errors {
                return Ok(None);
            }
        }
        for unknown in given.keys() {
            coerced = None;
            if self.messages.len() >= self.most_errors {
                break;
            }
            self.refuse(|it| {
                let fields = definition.fields.keys().map(Name::as_str);
                let hint = it.hint(unknown, fields);
                format!(
                    "has a field \"{}\", which {name} does not have{hint}",
                    shown(unknown)
                )
            });
        }
        Ok(coerced.map(Value::Object))
    }

    fn hint<'n>(&self, name: &str, candidates: impl Iterator<Item = &'n str>) -> String {
        if self.names == Names::Hidden {
            return String::new();
        }
        let hint = did_you_mean(name, candidates, String::new);
        if hint.is_empty() {
            hint
        } else {
            format!(": {hint}")
        }
    }

    fn enum_value(&mut self, definition: &EnumType, value: Value) -> Option<Value> {
        let name = &definition.name;
        match &value {
            Value::String(text) if definition.values.contains_key(text.as_str()) => return Some(value),
            Value::String(text) => self.refuse(|it| {
                let values = definition.values.keys().map(Name::as_str);
                let hint = it.hint(text, values);
                format!("is \"{}\", which is not a value of {name}{hint}", shown(text))
            }),
            other => self.refuse(|_| format!("is {}, and a value of {name} is a string", repeated(other))),
        }
        None
    }

    fn scalar(&mut self, name: &str, value: Value) -> Option<Value> {
        let expected = match (name, &value) {
            ("Int", Value::Number(number)) => match whole(number) {
                Some(it) if i32::try_from(it).is_ok() => return Some(it.into()),
                _ => "an Int is a whole number of 32 bits",
            },
            ("Int", _) => "an Int is a whole number of 32 bits",
            ("Float", Value::Number(_)) => return Some(value),
            ("Float", _) => "a Float is a number",
            ("String" | "ID", Value::String(_)) | ("Boolean", Value::Bool(_)) => {
                return Some(value);
            }
            ("String", _) => "a String is a string",
            ("Boolean", _) => "a Boolean is true or false",
            ("ID", Value::Number(number)) => match whole(number) {
                Some(it) => return Some(it.to_string().into()),
                None => match number.as_u64() {
                    Some(it) => return Some(it.to_string().into()),
                    None => "an ID is a string or a whole number that is exact",
                },
            },
            ("ID", _) => "an ID is a string or a whole number",
            // The meaning of other scalars is not known here.
            _ => return Some(value),
        };
        self.refuse(|_| format!("is {}: {expected}", repeated(&value)));
        None
    }
}

/// The whole number that a JSON number is, however it is written: `1`, `1.0` and `1e0` are the same, and so are `0` and `-0`.
fn whole(number: &serde_json::Number) -> Option<i64> {
    number.as_i64().or_else(|| {
        let float = number.as_f64().filter(|_| number.is_f64())?;
        (float.fract() == 0.0 && float.abs() <= MOST_EXACT).then_some(float as i64)
    })
}

/// A value as a message repeats it.
fn repeated(value: &Value) -> String {
    match value {
        Value::String(text) => format!("\"{}\"", shown(text)),
        other => shown_as(other),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;
    use std::time::Duration;

    use apollo_compiler::ExecutableDocument;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const SCHEMA: &str = r#"
        type Query { f(a: Int, b: Float, c: ID, d: String, e: Boolean, k: Kind, n: In, o: One, l: [[Int!]], j: J): Int }
        enum Kind { ALPHA BETA }
        scalar J
        input In { a: [Int!]! b: String = "x" in: In }
        input One @oneOf { id: ID name: String }
    "#;

    fn coerced(ty: &str, given: Value) -> Result<Value, String> {
        let schema = Schema::parse_and_validate(SCHEMA, "s").unwrap();
        let text = format!("query($n: {ty}) {{ __typename }}");
        // That the variable is not used does not matter here.
        let document = ExecutableDocument::parse(&schema, text, "q").unwrap();
        let operation = document.operations.get(None).unwrap();
        let started = OnceLock::new();
        let clock = Clock {
            started: &started,
            time: Duration::from_mins(1),
            cancelled: None,
        };
        let given = [("n".to_owned(), given)].into_iter().collect();
        match variables((&schema, Names::Told), operation, given, &clock, 20).unwrap() {
            Ok(mut variables) => Ok(variables.remove("n").unwrap()),
            Err(mismatches) => {
                assert!(mismatches.iter().all(|it| it.offset == Some(6)));
                let messages: Vec<String> = mismatches.into_iter().map(|it| it.message).collect();
                Err(messages.join("\n"))
            }
        }
    }

    #[test]
    fn numbers_are_what_they_mean_however_they_are_written() {
        for text in ["1", "1.0", "1e0", "10e-1"] {
            let given: Value = serde_json::from_str(text).unwrap();
            assert_eq!(coerced("Int", given.clone()), Ok(json!(1)), "{text}");
            assert_eq!(coerced("ID", given), Ok(json!("1")), "{text}");
        }
        let zero: Value = serde_json::from_str("-0").unwrap();
        assert_eq!(coerced("Int!", zero.clone()), Ok(json!(0)));
        assert_eq!(coerced("ID!", zero), Ok(json!("0")));
        assert_eq!(coerced("Float", json!(1_i64 << 60)), Ok(json!(1_i64 << 60)));
        assert!(coerced("Int", json!(1.5)).is_err());
        assert!(coerced("Int", json!(1_i64 << 31)).is_err());
        assert!(coerced("ID", json!(1e300)).is_err());
    }

    #[test]
    fn one_value_is_a_list_of_it_at_each_level() {
        assert_eq!(coerced("[[Int!]]", json!(1)), Ok(json!([[1]])));
        assert_eq!(
            coerced("[[Int!]]", json!([1, [2, 3], null])),
            Ok(json!([[1], [2, 3], null]))
        );
        assert_eq!(coerced("[ID!]!", json!(7)), Ok(json!(["7"])));
    }

    #[test]
    fn objects_have_their_defaults_and_no_other_fields() {
        assert_eq!(
            coerced("In", json!({"in": {"a": 1, "b": null}, "a": []})),
            Ok(json!({"a": [], "b": "x", "in": {"a": [1], "b": null}}))
        );
        assert_eq!(coerced("One", json!({"id": 1})), Ok(json!({"id": "1"})));
        for wrong in [json!({}), json!({"id": null}), json!({"id": 1, "name": null})] {
            assert!(coerced("One", wrong).is_err());
        }
        assert_eq!(coerced("J", json!({"x": [1, null]})), Ok(json!({"x": [1, null]})));
    }

    #[test]
    fn messages_say_where_the_value_lies_and_what_is_right() {
        let message = |ty, given| coerced(ty, given).unwrap_err();
        assert_eq!(
            message("In", json!({"a": [1, 2, 1.5]})),
            "`$n.a[2]` is 1.5: an Int is a whole number of 32 bits"
        );
        assert_eq!(
            message("In!", json!({"in": {"aa": 1}, "a": null})),
            "`$n.a` is null, which its type [Int!]! does not have\n`$n.in` lacks the field \"a\" of In, which must be given\n`$n.in` has a field \"aa\", which In does not have: did you mean \"a\"?"
        );
        assert_eq!(
            message("Kind", json!("ALHPA")),
            "`$n` is \"ALHPA\", which is not a value of Kind: did you mean \"ALPHA\"?"
        );
        assert_eq!(
            message("Boolean", json!("true")),
            "`$n` is \"true\": a Boolean is true or false"
        );
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-3_i64..3).prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            prop_oneof!["ALPHA", "a"].prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec(("(a|b|in|id|name)", inner), 0..4)
                    .prop_map(|it| Value::Object(it.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_coerced_is_coerced_to_itself(
            ty in prop::sample::select(vec!["Int", "Float!", "ID", "String", "Boolean", "Kind", "In", "One", "[[Int!]]", "J"]),
            given in any_json(),
        ) {
            if let Ok(once) = coerced(ty, given) {
                // Values in a list within a list are coerced to lists of one value, unless they are null.
                prop_assert_eq!(coerced(ty, once.clone()), Ok(once));
            }
        }
    }
}
