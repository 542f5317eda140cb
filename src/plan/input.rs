//! Argument values: literals with variables in them, and what they come to for a request.

use apollo_compiler::Schema;
use apollo_compiler::ast::{Type, Value};
use apollo_compiler::schema::ExtendedType;
use serde_json::{Map, Value as Json};

/// The coerced variables of a request.
pub type Variables = Map<String, Json>;

/// An argument that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InputError {
    /// What was given and what would be right.
    pub message: String,
    /// Whether its type does not have the value, so that the request as a whole is wrong; otherwise only
    /// the field fails.
    pub request: bool,
    /// Line and column of the field.
    pub location: (u32, u32),
}

impl InputError {
    /// The value is of the right type, but means nothing here: the field fails.
    pub(super) fn field(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            request: false,
            location: (0, 0),
        }
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
        let constant = items.iter().map(|it| match it {
            Input::Constant(json) => Some(json.clone()),
            _ => None,
        });
        match constant.collect::<Option<Vec<Json>>>() {
            Some(items) => Input::Constant(Json::Array(items)),
            None => Input::List(items),
        }
    }

    fn object(fields: Vec<(String, Input)>) -> Self {
        let constant = fields.iter().map(|(name, it)| match it {
            Input::Constant(json) => Some((name.clone(), json.clone())),
            _ => None,
        });
        match constant.collect::<Option<Map<String, Json>>>() {
            Some(fields) => Input::Constant(Json::Object(fields)),
            None => Input::Object(fields),
        }
    }

    /// Whether it has no variable in it.
    pub fn is_constant(&self) -> bool {
        matches!(self, Input::Constant(_))
    }

    /// Its value; `None` for a variable that was not given, which is as if the argument were not there.
    pub fn value(&self, variables: &Variables) -> Option<Json> {
        match self {
            Input::Constant(json) => Some(json.clone()),
            Input::Variable(name) => variables.get(name).cloned(),
            Input::List(items) => {
                let items = items.iter().map(|it| it.value(variables).unwrap_or(Json::Null));
                Some(Json::Array(items.collect()))
            }
            Input::Object(fields) => {
                let fields = fields
                    .iter()
                    .filter_map(|(name, it)| Some((name.clone(), it.value(variables)?)));
                Some(Json::Object(fields.collect()))
            }
        }
    }
}

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
