//! The commands `export …`.
//!
//! Owns the list of verbs, and what every export refuses: a part of the whole would be taken for the whole later.

mod jsonl;

use crate::args::global::Format;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::{Reply, Shape};
use jit_core::{ErrorKind, Value};

/// A verb of `export`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Jsonl(jsonl::Args),
}

impl Command {
    /// Returns what the answer consists of.
    pub(crate) fn shape(&self) -> Shape {
        match self {
            Self::Jsonl(_) => Shape::Export,
        }
    }

    /// Does it.
    pub(crate) fn run(self, context: &Context) -> Result<Reply, CliError> {
        match self {
            Self::Jsonl(args) => jsonl::run(&args, context),
        }
    }
}

/// Refuses flags that ask for a part of an export, or for another form than lines of JSON.
pub(crate) fn check_whole(context: &Context) -> Result<(), CliError> {
    let globals = &context.globals;
    if globals.limit.is_some() || !globals.fields.is_empty() {
        return Err(CliError::usage(
            "an export is whole: --limit and --fields would leave something out",
        ));
    }
    match globals.format() {
        None | Some(Format::Json | Format::Jsonl) => Ok(()),
        Some(Format::Table | Format::Tsv | Format::Id) => Err(CliError::usage(
            "an export is lines of JSON: --output can't change that",
        )),
    }
}

/// Returns the failure that follows an export which lacks what could not be read: files, or lines of the log.
pub(crate) fn incomplete(n_unreadable: usize, noun: &str) -> Option<CliError> {
    (n_unreadable > 0).then(|| {
        let lack = counted(n_unreadable, noun);
        let message = format!("the export is not whole: {lack} can't be read");
        let details = Value::object([("unreadable", Value::from(n_unreadable as u64))]);
        CliError::new(ErrorKind::Damaged, message)
            .hint("jit validate")
            .details(details)
    })
}

/// Returns a number of things in words.
fn counted(n: usize, noun: &str) -> String {
    if n == 1 {
        format!("1 {noun}")
    } else {
        format!("{n} {noun}s")
    }
}
