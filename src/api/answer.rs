//! Answers and their errors, in the form of the specification.

use serde::Serialize;

use super::encoding::Encoding;
use crate::budget::Reservation;
use crate::exec::{FieldError, Segment};
use crate::json;
use crate::plan::InputError;

/// The answer to a request.
#[derive(Debug)]
pub struct Answer {
    /// The JSON of the response.
    pub body: Vec<u8>,
    /// The stage that the request reached.
    pub reached: Reached,
    /// The code of the first error, if there is any.
    pub code: Option<&'static str>,
    /// The memory that is reserved for the body; to be kept until it is sent.
    pub memory: Option<Reservation>,
    /// How the body is compressed.
    pub encoding: Option<Encoding>,
}

/// The stage that a request reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// It is not a GraphQL request.
    Malformed,
    /// It is refused before execution began: there is no `data`.
    Refused,
    /// Execution began.
    Executed,
}

/// Line and column in the document, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Location {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// One error of a response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GraphqlError {
    /// The given value and the expected one.
    pub message: String,
    /// Positions in the document.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<Location>,
    /// Position in the answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<Segment>,
    /// The code.
    pub extensions: Extensions,
}

/// Extensions of an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Extensions {
    /// The stable code; `docs/api.md` lists them.
    pub code: &'static str,
}

impl GraphqlError {
    /// An error of the request as a whole.
    pub fn request(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            message: shortened(message.into()),
            locations: Vec::new(),
            path: Vec::new(),
            extensions: Extensions { code },
        }
    }

    /// The error for a panic: a bug, whose details are not sent to clients.
    pub fn internal() -> Self {
        Self::request("INTERNAL", "something went wrong in the server")
    }

    pub(super) fn located(mut self, location: (u32, u32)) -> Self {
        if location != (0, 0) {
            let (line, column) = location;
            self.locations.push(Location { line, column });
        }
        self
    }
}

/// Characters of a given value that a message repeats.
const LONGEST_ECHO: usize = 100;
/// Characters of a message.
const LONGEST_MESSAGE: usize = 1000;

/// Shortens a message and its quoted parts, so that long input is not echoed to the client.
fn shortened(message: String) -> String {
    // Nothing in a message as short as this can be too long.
    if message.len() <= LONGEST_ECHO {
        return message;
    }
    let mut out = String::with_capacity(message.len().min(4 * LONGEST_MESSAGE));
    for (no, part) in message.split('"').enumerate() {
        if no > 0 {
            out.push('"');
        }
        let most = if no % 2 == 1 {
            LONGEST_ECHO
        } else {
            LONGEST_MESSAGE
        };
        push_at_most(&mut out, part, most);
        if out.len() > 4 * LONGEST_MESSAGE {
            break;
        }
    }
    let whole = std::mem::take(&mut out);
    push_at_most(&mut out, &whole, LONGEST_MESSAGE);
    out
}

fn push_at_most(out: &mut String, text: &str, most: usize) {
    match text.char_indices().nth(most) {
        None => out.push_str(text),
        Some((end, _)) => {
            out.push_str(&text[..end]);
            out.push('…');
        }
    }
}

impl From<FieldError> for GraphqlError {
    fn from(error: FieldError) -> Self {
        let mut graphql = Self::request(error.code, error.message).located(error.location);
        graphql.path = error.path;
        graphql
    }
}

impl From<InputError> for GraphqlError {
    fn from(error: InputError) -> Self {
        Self::request("BAD_USER_INPUT", error.message).located(error.location)
    }
}

impl Answer {
    fn new(body: Vec<u8>, reached: Reached, errors: &[GraphqlError]) -> Self {
        Self {
            body,
            reached,
            code: errors.first().map(|it| it.extensions.code),
            memory: None,
            encoding: None,
        }
    }

    /// Whether execution began.
    pub fn is_executed(&self) -> bool {
        self.reached == Reached::Executed
    }

    /// Whether there is any error in it.
    pub fn has_errors(&self) -> bool {
        self.code.is_some()
    }

    /// An answer of errors alone: nothing was executed.
    pub fn refused(errors: &[GraphqlError]) -> Self {
        let mut body = Vec::new();
        let mut object = json::Object::default();
        object.field("errors", errors, &mut body);
        body.extend_from_slice(object.end());
        Self::new(body, Reached::Refused, errors)
    }

    /// The answer to what is not a GraphQL request.
    pub fn malformed(error: &GraphqlError) -> Self {
        Self {
            reached: Reached::Malformed,
            ..Self::refused(std::slice::from_ref(error))
        }
    }

    /// The answer to a request whose document was not found.
    pub(super) fn unnamed(error: &GraphqlError) -> Self {
        if error.extensions.code == "BAD_REQUEST" {
            Self::malformed(error)
        } else {
            Self::refused(std::slice::from_ref(error))
        }
    }

    /// An answer in another form than JSON.
    pub fn rendered(body: Vec<u8>) -> Self {
        Self::new(body, Reached::Executed, &[])
    }

    /// An answer that was compressed before.
    pub(super) fn packed(body: Vec<u8>, encoding: Encoding) -> Self {
        Self {
            encoding: Some(encoding),
            ..Self::new(body, Reached::Executed, &[])
        }
    }

    /// An answer whose run was given up.
    pub(super) fn given_up(error: &GraphqlError) -> Self {
        let errors = std::slice::from_ref(error);
        let mut body = Vec::new();
        let mut object = json::Object::default();
        object.field("errors", errors, &mut body);
        object.field("data", &(), &mut body);
        body.extend_from_slice(object.end());
        Self::new(body, Reached::Executed, errors)
    }

    /// An answer with data and extensions but without its closing brace, and the errors of fields that failed, which
    /// are written first.
    pub(super) fn with_data(begun: Vec<u8>, errors: &[GraphqlError]) -> Self {
        let mut body = begun;
        if !errors.is_empty() {
            let mut first = Vec::new();
            json::Object::default().field("errors", errors, &mut first);
            first.push(b',');
            // In place of the brace that the answer began with.
            body.splice(..1, first);
        }
        body.push(b'}');
        Self::new(body, Reached::Executed, errors)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_value_is_repeated_in_part() {
        let message = format!(
            "there is no field \"{}\": did you mean \"name\"?",
            "x".repeat(900_000)
        );
        let expected = format!(
            "there is no field \"{}…\": did you mean \"name\"?",
            "x".repeat(100)
        );
        assert_eq!(shortened(message), expected);
        let short = "there is no field \"nmae\" in the type, and this message is just a little longer than a hundred characters";
        assert_eq!(shortened(short.to_owned()), short);
    }

    proptest! {
        #[test]
        fn a_message_is_never_long(message in "(\\PC|\"){0,3000}") {
            let shown = shortened(message.clone());
            prop_assert!(shown.chars().count() <= LONGEST_MESSAGE + 1);
            if message.chars().count() <= LONGEST_ECHO {
                prop_assert_eq!(shown, message);
            }
        }
    }
}
