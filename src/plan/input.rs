//! Argument values: literals with variables in them, and what they come to for a request.

use apollo_compiler::Schema;
use apollo_compiler::ast::{Type, Value};
use apollo_compiler::schema::ExtendedType;
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::{Map, Value as Json};

/// The coerced variables of a request.
pub type Variables = Map<String, Json>;

/// Whether messages may name what the schema has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// They may.
    Told,
    /// They repeat only what was given.
    Hidden,
}

/// An argument that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InputError {
    /// The given value and the expected one.
    pub message: String,
    /// Whether its type does not have the value, so that the request as a whole is wrong; otherwise only
    /// the field fails.
    pub request: bool,
    /// Line and column of the field.
    pub location: (u32, u32),
    /// Position of the value in the arguments, such as `filter.name`; empty if the message contains it.
    pub(super) place: String,
}

impl InputError {
    /// The value is of the right type, but means nothing here: the field fails.
    pub(super) fn field(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            request: false,
            location: (0, 0),
            place: String::new(),
        }
    }

    /// As [`Self::field`], of a value whose place is yet to be said by [`Self::within`]. The message continues it.
    pub(super) fn placed(step: &str, message: impl Into<String>) -> Self {
        Self {
            place: step.to_owned(),
            ..Self::field(message)
        }
    }

    /// Puts a step before the place of the value, or begins it.
    pub(super) fn at(mut self, step: impl std::fmt::Display) -> Self {
        if self.place.is_empty() {
            self.place = step.to_string();
            return self;
        }
        self.within(step)
    }

    /// Puts a step before the place of the value, if it has one.
    pub(super) fn within(mut self, step: impl std::fmt::Display) -> Self {
        if !self.place.is_empty() {
            let dot = if self.place.starts_with('[') { "" } else { "." };
            self.place = format!("{step}{dot}{}", self.place);
        }
        self
    }

    /// Says the place in the message.
    pub(super) fn said(mut self) -> Self {
        if !self.place.is_empty() {
            let place = std::mem::take(&mut self.place);
            self.message = format!("`{}` {}", crate::report::shown(&place), self.message);
        }
        self
    }

    /// The argument's type does not have the value: the request is refused.
    pub(super) fn request(message: impl Into<String>) -> Self {
        Self {
            request: true,
            ..Self::field(message)
        }
    }
}

/// A value that may have variables in it, coerced to its type but for those.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// No variable in it.
    Constant(Json),
    /// A variable, whose value is coerced to its own type.
    Variable(String),
    /// A variable in a place where null is not allowed. Its type may have null where it has a default.
    Required(String),
    /// A list with variables in it.
    List(Vec<Input>),
    /// An object with variables in it.
    Object(Vec<(String, Input)>),
}

impl Input {
    /// Coerces a literal as the specification's input coercion has it: a single value for a list is a list
    /// of it, an integer for an `ID` is its digits.
    pub fn of(schema: &Schema, ty: &Type, value: &Value) -> Self {
        match (value, ty) {
            (Value::Variable(name), Type::NonNullNamed(_) | Type::NonNullList(_)) => {
                Input::Required(name.to_string())
            }
            (Value::Variable(name), _) => Input::Variable(name.to_string()),
            (Value::Null, _) => Input::Constant(Json::Null),
            (Value::List(items), Type::List(inner) | Type::NonNullList(inner)) => {
                Self::list(items.iter().map(|item| Self::of(schema, inner, item)).collect())
            }
            (_, Type::List(inner) | Type::NonNullList(inner)) => {
                Self::list(vec![Self::of(schema, inner, value)])
            }
            (Value::List(items), _) => {
                Self::list(items.iter().map(|item| Self::of(schema, ty, item)).collect())
            }
            (Value::Object(fields), _) => {
                let definition = match schema.types.get(ty.inner_named_type()) {
                    Some(ExtendedType::InputObject(definition)) => Some(definition),
                    _ => None,
                };
                let fields = fields.iter().map(|(name, value)| {
                    let inner = definition.and_then(|it| it.fields.get(name));
                    let inner = inner.map_or(ty, |it| &*it.ty);
                    (name.to_string(), Self::of(schema, inner, value))
                });
                Self::object(fields.collect())
            }
            (Value::Int(digits), _) if ty.inner_named_type() == "ID" => {
                Input::Constant(digits.as_str().into())
            }
            (Value::Int(digits), _) => Input::Constant(number(digits.as_str())),
            (Value::Float(digits), _) => Input::Constant(number(digits.as_str())),
            (Value::String(text), _) => Input::Constant(text.as_str().into()),
            (Value::Boolean(it), _) => Input::Constant((*it).into()),
            (Value::Enum(name), _) => Input::Constant(name.as_str().into()),
        }
    }

    fn list(items: Vec<Input>) -> Self {
        if !items.iter().all(Self::is_constant) {
            return Input::List(items);
        }
        Input::Constant(items.into_iter().filter_map(Self::constant).collect())
    }

    fn object(fields: Vec<(String, Input)>) -> Self {
        if !fields.iter().all(|(_, it)| it.is_constant()) {
            return Input::Object(fields);
        }
        let constant = fields
            .into_iter()
            .filter_map(|(name, it)| Some((name, it.constant()?)));
        Input::Constant(Json::Object(constant.collect()))
    }

    fn constant(self) -> Option<Json> {
        match self {
            Input::Constant(json) => Some(json),
            _ => None,
        }
    }

    /// Whether it has no variable in it.
    pub fn is_constant(&self) -> bool {
        matches!(self, Input::Constant(_))
    }

    /// Its value; `None` for a variable that was not given, which is as if the argument were not there.
    pub fn value<'v>(&'v self, variables: &'v Variables) -> Option<Given<'v>> {
        match self {
            Input::Constant(json) => Some(Given::Json(json)),
            Input::Variable(name) | Input::Required(name) => variables.get(name).map(Given::Json),
            Input::List(items) => Some(Given::List(items, variables)),
            Input::Object(fields) => Some(Given::Object(fields, variables)),
        }
    }

    /// Checks that no variable is null where its place does not allow it.
    ///
    /// # Errors
    /// With the place of the first that is.
    pub(super) fn check(&self, variables: &Variables) -> Result<(), InputError> {
        match self {
            Input::Required(name) if variables.get(name).is_none_or(Json::is_null) => {
                let what = if variables.contains_key(name) {
                    "null"
                } else {
                    "not given"
                };
                let message =
                    format!("is the variable `${name}`, which is {what}: here it must have a value");
                Err(InputError::field(message))
            }
            Input::Constant(_) | Input::Variable(_) | Input::Required(_) => Ok(()),
            Input::List(items) => items.iter().enumerate().try_for_each(|(at, it)| {
                it.check(variables)
                    .map_err(|error| error.at(format_args!("[{at}]")))
            }),
            Input::Object(fields) => fields
                .iter()
                .try_for_each(|(name, it)| it.check(variables).map_err(|error| error.at(name))),
        }
    }

    /// Bytes that it takes beside itself.
    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Input::Constant(json) => heap_bytes(json),
            Input::Variable(name) | Input::Required(name) => name.len(),
            Input::List(items) => items.iter().map(|it| size_of::<Self>() + it.heap_bytes()).sum(),
            Input::Object(fields) => fields
                .iter()
                .map(|(name, it)| size_of::<(String, Self)>() + name.len() + it.heap_bytes())
                .sum(),
        }
    }
}

/// Bytes that an entry of an object takes beside its key's text and what its value holds: a hash and a place in the table.
const ENTRY_BYTES: usize = size_of::<(u64, String, Json)>() + 2 * size_of::<usize>();

/// Bytes that a JSON value takes beside itself.
pub(super) fn heap_bytes(json: &Json) -> usize {
    match json {
        Json::Null | Json::Bool(_) | Json::Number(_) => 0,
        Json::String(text) => text.len(),
        Json::Array(items) => items.iter().map(|it| size_of::<Json>() + heap_bytes(it)).sum(),
        Json::Object(fields) => fields
            .iter()
            .map(|(name, it)| ENTRY_BYTES + name.len() + heap_bytes(it))
            .sum(),
    }
}

/// A value for a request: a literal whose variables have their values. It borrows both and copies nothing, so that a large
/// variable may be used many times.
#[derive(Debug, Clone, Copy)]
pub enum Given<'v> {
    /// A literal without variables, or the value of a variable.
    Json(&'v Json),
    /// A list with variables in it.
    List(&'v [Input], &'v Variables),
    /// An object with variables in it.
    Object(&'v [(String, Input)], &'v Variables),
}

/// Identifies a value by its address. A list of inputs may have the same address as its first element, so the two are
/// different variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Place {
    Json(usize),
    Inputs(usize),
}

/// The value in a list for a variable that was not given.
const NULL: &Json = &Json::Null;

impl<'v> Given<'v> {
    /// Null, in place of a field that is not there.
    pub(super) const NULL: Given<'static> = Given::Json(NULL);

    /// Whether it is null.
    pub fn is_null(self) -> bool {
        matches!(self, Given::Json(Json::Null))
    }

    /// The text of a string.
    pub fn as_str(self) -> Option<&'v str> {
        match self {
            Given::Json(json) => json.as_str(),
            _ => None,
        }
    }

    /// The value of a boolean.
    pub fn as_bool(self) -> Option<bool> {
        match self {
            Given::Json(json) => json.as_bool(),
            _ => None,
        }
    }

    /// The value of a whole number.
    pub fn as_i64(self) -> Option<i64> {
        match self {
            Given::Json(json) => json.as_i64(),
            _ => None,
        }
    }

    /// The value of a number.
    pub fn as_f64(self) -> Option<f64> {
        match self {
            Given::Json(json) => json.as_f64(),
            _ => None,
        }
    }

    /// The elements of a list; `None` for anything else.
    pub(super) fn items(self) -> Option<impl ExactSizeIterator<Item = Given<'v>> + Clone> {
        let len = match self {
            Given::Json(Json::Array(items)) => items.len(),
            Given::List(items, _) => items.len(),
            _ => return None,
        };
        Some((0..len).map(move |at| match self {
            Given::Json(Json::Array(items)) => Given::Json(&items[at]),
            Given::List(items, variables) => items[at].value(variables).unwrap_or(Given::Json(NULL)),
            _ => Given::Json(NULL),
        }))
    }

    /// The fields of an object, those left out whose variable was not given; `None` for anything else.
    pub(super) fn fields(self) -> Option<impl Iterator<Item = (&'v str, Given<'v>)> + Clone> {
        let json = match self {
            Given::Json(Json::Object(fields)) => Some(fields),
            _ => None,
        };
        let inputs = match self {
            Given::Object(fields, variables) => Some((fields, variables)),
            _ => None,
        };
        if json.is_none() && inputs.is_none() {
            return None;
        }
        let json = json.into_iter().flatten();
        let json = json.map(|(name, value)| (name.as_str(), Given::Json(value)));
        let inputs = inputs.into_iter().flat_map(|(fields, variables)| {
            let given = move |(name, it): &'v (String, Input)| Some((name.as_str(), it.value(variables)?));
            fields.iter().filter_map(given)
        });
        Some(json.chain(inputs))
    }

    /// The first field of an object whose variable was not given, and the variable.
    pub(super) fn absent(self) -> Option<(&'v str, &'v str)> {
        let Given::Object(fields, variables) = self else {
            return None;
        };
        fields.iter().find_map(|(name, it)| match it {
            Input::Variable(variable) | Input::Required(variable) if !variables.contains_key(variable) => {
                Some((name.as_str(), variable.as_str()))
            }
            _ => None,
        })
    }

    /// A field of an object.
    pub(super) fn get(self, wanted: &str) -> Option<Given<'v>> {
        match self {
            Given::Json(Json::Object(fields)) => fields.get(wanted).map(Given::Json),
            Given::Object(fields, variables) => {
                let (_, input) = fields.iter().find(|(name, _)| name == wanted)?;
                input.value(variables)
            }
            _ => None,
        }
    }

    /// Its address: as long as the value is borrowed, equal addresses mean the same value.
    pub(super) fn place(self) -> Place {
        match self {
            Given::Json(json) => Place::Json(std::ptr::from_ref(json) as usize),
            Given::List(items, _) => Place::Inputs(items.as_ptr() as usize),
            Given::Object(fields, _) => Place::Inputs(fields.as_ptr() as usize),
        }
    }

    /// A copy of it.
    pub(super) fn to_json(self) -> Json {
        match self {
            Given::Json(json) => json.clone(),
            Given::List(..) => self.items().into_iter().flatten().map(Given::to_json).collect(),
            Given::Object(..) => {
                let fields = self.fields().into_iter().flatten();
                let fields = fields.map(|(name, value)| (name.to_owned(), value.to_json()));
                Json::Object(fields.collect())
            }
        }
    }

    /// Bytes that a copy of it would take.
    pub(super) fn bytes(self) -> usize {
        match self {
            Given::Json(json) => size_of::<Json>() + heap_bytes(json),
            Given::List(..) => self.items().into_iter().flatten().map(Given::bytes).sum(),
            Given::Object(..) => {
                let fields = self.fields().into_iter().flatten();
                fields
                    .map(|(name, value)| ENTRY_BYTES + name.len() + value.bytes())
                    .sum()
            }
        }
    }
}

impl Serialize for Given<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Given::Json(json) => json.serialize(serializer),
            Given::List(items, _) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in self.items().into_iter().flatten() {
                    list.serialize_element(&item)?;
                }
                list.end()
            }
            Given::Object(..) => {
                let mut object = serializer.serialize_map(None)?;
                for (name, value) in self.fields().into_iter().flatten() {
                    object.serialize_entry(name, &value)?;
                }
                object.end()
            }
        }
    }
}

/// As compact JSON.
impl std::fmt::Display for Given<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        struct Bytes<'a, 'f>(&'a mut std::fmt::Formatter<'f>);
        impl std::io::Write for Bytes<'_, '_> {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                let text = std::str::from_utf8(bytes).map_err(std::io::Error::other)?;
                self.0.write_str(text).map_err(std::io::Error::other)?;
                Ok(bytes.len())
            }

            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        serde_json::to_writer(Bytes(f), self).map_err(|_| std::fmt::Error)
    }
}

/// The arguments of a field: those that were given and are not null.
#[derive(Debug, Clone)]
pub(super) struct Arguments<'v>(Vec<(&'v str, Given<'v>)>);

impl<'v> Arguments<'v> {
    pub fn of(arguments: &'v [(String, Input)], variables: &'v Variables) -> Self {
        let given = arguments
            .iter()
            .filter_map(|(name, it)| Some((name.as_str(), it.value(variables)?)));
        Self(given.filter(|(_, it)| !it.is_null()).collect())
    }

    pub fn get(&self, wanted: &str) -> Option<Given<'v>> {
        let found = self.0.iter().find(|(name, _)| *name == wanted);
        found.map(|(_, value)| *value)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'v str, Given<'v>)> + '_ {
        self.0.iter().copied()
    }
}

/// The largest whole number that a JSON number holds exactly wherever it was read.
pub const MOST_EXACT: f64 = 9_007_199_254_740_991.0;

/// A number as exactly as JSON values here can hold it; beyond that its digits as a text, which the
/// scalars that take more read.
fn number(digits: &str) -> Json {
    match digits.parse::<i64>() {
        Ok(whole) => whole.into(),
        Err(_) => match digits.parse::<f64>().ok().and_then(serde_json::Number::from_f64) {
            Some(number) => Json::Number(number),
            None => digits.into(),
        },
    }
}
