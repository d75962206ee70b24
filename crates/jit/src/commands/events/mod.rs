//! The commands `events …`.
//!
//! Owns the list of verbs. Refuses their arguments: each verb has a file.

mod export;
mod query;
mod tail;

use crate::context::Context;
use crate::error::CliError;
use crate::reply::{Reply, Shape};

/// A verb of `events`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Tail(tail::Args),
    Query(query::Args),
    Export(export::Args),
}

impl Command {
    /// Returns what the answer consists of.
    pub(crate) fn shape(&self) -> Shape {
        match self {
            Self::Tail(_) | Self::Query(_) | Self::Export(_) => Shape::Event,
        }
    }

    /// Does it.
    pub(crate) fn run(self, context: &Context) -> Result<Reply, CliError> {
        match self {
            Self::Tail(args) => tail::run(&args, context),
            Self::Query(args) => query::run(&args, context),
            Self::Export(args) => export::run(&args, context),
        }
    }
}
