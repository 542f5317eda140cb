//! The command line: one file per command.

mod bench;
mod check;
mod compile;
mod connections;
mod huge_pages;
mod indexing;
mod limits;
mod load;
mod progress;
mod query;
mod reload;
mod schema;
mod serve;
mod watch;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::ontology::Int64Form;
use crate::report::visible;

const EXIT_CODES: &str = "Exit codes:
  0  all is well
  1  the schema, the data or the answer has errors, or the server could not start
  2  the command line is wrong
  74  the graph file was truncated or could not be read any more while it was in use";

/// A GraphQL server for knowledge graphs, defined by a GraphQL schema and files of facts
#[derive(Debug, Parser)]
#[command(name = "clew", version, after_help = EXIT_CODES, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: serve::Serve,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the graph: pages at /, GraphQL at /graphql, GraphiQL at /graphiql. This is the default command
    Serve(Box<serve::ServeGraph>),
    /// Check schema and data, and report all errors and warnings
    Check(check::Check),
    /// Compile schema and data into one file, which is served without loading time
    Compile(compile::Compile),
    /// Print the API's schema as SDL
    Schema(schema::Schema),
    /// Measure loading, memory and answers of a graph, or of a generated one
    Bench(bench::Bench),
    /// Answer one operation on standard output, without a server
    Query(query::Query),
}

/// Location of the graph.
#[derive(Debug, Clone, Args)]
struct Folders {
    /// The folder with the schema: all .graphql files below it
    #[arg(long, value_name = "DIR", default_value = "schema")]
    schema: PathBuf,
    /// The folder with the facts, or one file: .yaml, .jsonl, .jsonl.gz, .jsonl.zst
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// A graph that `clew compile` wrote, instead of the two folders
    #[arg(long, value_name = "FILE", conflicts_with_all = ["schema", "data"])]
    graph: Option<PathBuf>,
    /// Maximum memory of the process while it loads a graph, in bytes; by default the limit of the cgroup, else 90 % of
    /// the machine's memory
    #[arg(long, value_name = "N")]
    max_memory_total: Option<u64>,
    /// How answers show values of Int64: as strings, which every client reads exactly, or as numbers
    #[arg(long, value_name = "FORM", value_enum, default_value_t)]
    int64: Int64,
}

/// How answers show values of `Int64`.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Int64 {
    #[default]
    String,
    Number,
}

impl From<Int64> for Int64Form {
    fn from(form: Int64) -> Self {
        match form {
            Int64::String => Int64Form::String,
            Int64::Number => Int64Form::Number,
        }
    }
}

/// How many reports are shown.
#[derive(Debug, Clone, Args)]
struct Reporting {
    /// Maximum number of reports that are shown; the others are only counted
    #[arg(long, value_name = "N", default_value_t = 50)]
    most: usize,
}

/// Runs the command line.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        None => cli.serve.run(),
        Some(Command::Serve(it)) => it.run(),
        Some(Command::Bench(it)) => it.run(),
        Some(Command::Check(it)) => it.run(),
        Some(Command::Compile(it)) => it.run(),
        Some(Command::Schema(it)) => it.run(),
        Some(Command::Query(it)) => it.run(),
    }
}

/// Writes a line on standard output. If its reader has closed it, as `head` does, the command ends.
fn say(line: impl std::fmt::Display) {
    if writeln!(std::io::stdout(), "{line}").is_err() {
        std::process::exit(0);
    }
}

/// Writes a line to standard error. Errors are ignored: the server continues if nobody reads the line.
fn note(line: impl std::fmt::Display) {
    let line = line.to_string();
    let _ = writeln!(std::io::stderr(), "{}", visible(&line));
}

/// Reports why a command ends.
fn fail(message: impl std::fmt::Display) -> ExitCode {
    note(format_args!("clew: {message}"));
    ExitCode::from(1)
}
