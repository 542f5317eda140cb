use std::io::{ErrorKind, IsTerminal, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use serde_json::value::RawValue;

use super::{Folders, Reporting, fail, load};
use crate::api::{Engine, Limits, Request};
use crate::forms::{EntityIris, Form};

/// `clew query`.
#[derive(Debug, Args)]
pub(super) struct Query {
    /// The file with the operation; - reads standard input
    #[arg(
        value_name = "FILE",
        required_unless_present = "expression",
        conflicts_with = "expression"
    )]
    file: Option<PathBuf>,
    /// The operation itself
    #[arg(short = 'e', long = "expression", value_name = "QUERY")]
    expression: Option<String>,
    /// The values of the operation's variables, as a JSON object
    #[arg(long, value_name = "JSON")]
    variables: Option<String>,
    /// The form of the answer, if not JSON: the part of the graph that it shows, or a table
    #[arg(long = "as", value_name = "FORM")]
    form: Option<Form>,
    /// The base IRI of a server for this graph, such as <https://graph.example.org/>: in the other forms, entities have
    /// the IRIs that `clew serve` gives them with this option
    #[arg(long, value_name = "IRI")]
    base_iri: Option<EntityIris>,
    /// The name of the operation to run, if the document has several
    #[arg(long, value_name = "NAME")]
    operation: Option<String>,
    #[command(flatten)]
    folders: Folders,
    #[command(flatten)]
    reporting: Reporting,
}

impl Query {
    pub fn run(self) -> ExitCode {
        let query = match self.text() {
            Ok(query) => query,
            Err(message) => return fail(message),
        };
        let variables = match self.variables.map(RawValue::from_string).transpose() {
            Ok(variables) => variables,
            Err(error) => return fail(format!("--variables is not JSON: {error}")),
        };
        let engine = match load::graph(&self.folders, &self.reporting) {
            Ok((snapshot, api)) => {
                let engine = Engine::of(Arc::new(snapshot), api, Limits::default());
                engine.with_iris(self.base_iri.unwrap_or_default())
            }
            Err(code) => return code,
        };
        let answer = engine.execute_as(
            self.form,
            Request {
                query: &query,
                operation_name: self.operation.as_deref(),
                variables: variables.as_deref(),
            },
        );
        let mut out = std::io::stdout();
        let has_errors = answer.has_errors();
        let is_json = self.form.is_none() || has_errors;
        let body = if out.is_terminal() && is_json {
            pretty(answer.body)
        } else {
            answer.body
        };
        let written = out
            .write_all(&body)
            .and_then(|()| out.write_all(if is_json { b"\n" } else { b"" }));
        match written {
            // The reader may have closed standard output, as `head` does.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
            Err(error) => return fail(format!("cannot write the answer: {error}")),
            Ok(()) => {}
        }
        if has_errors {
            ExitCode::from(1)
        } else {
            ExitCode::SUCCESS
        }
    }

    fn text(&self) -> Result<String, String> {
        match (&self.expression, &self.file) {
            (Some(text), _) => Ok(text.clone()),
            (None, Some(path)) if path.as_os_str() == "-" => {
                let mut text = String::new();
                let read = std::io::stdin().read_to_string(&mut text);
                read.map(|_| text)
                    .map_err(|error| format!("cannot read standard input: {error}"))
            }
            (None, Some(path)) => std::fs::read_to_string(path)
                .map_err(|error| format!("cannot read \"{}\": {error}", path.display())),
            (None, None) => Err("give a file, or an operation with -e".to_owned()),
        }
    }
}

/// An answer, indented for people.
fn pretty(body: Vec<u8>) -> Vec<u8> {
    let value = serde_json::from_slice::<serde_json::Value>(&body);
    value
        .and_then(|it| serde_json::to_vec_pretty(&it))
        .unwrap_or(body)
}
