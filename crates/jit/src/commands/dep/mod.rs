//! The commands `dep …`.
//!
//! Owns the list of verbs. Refuses their arguments: each verb has a file.

mod add;
mod rm;

use crate::context::Context;
use crate::error::CliError;
use crate::reply::{Reply, Shape};

/// A verb of `dep`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Add(add::Args),
    Rm(rm::Args),
}

impl Command {
    /// Returns what the answer consists of.
    pub(crate) fn shape(&self) -> Shape {
        match self {
            Self::Add(_) | Self::Rm(_) => Shape::Issue,
        }
    }

    /// Does it.
    pub(crate) fn run(self, context: &Context) -> Result<Reply, CliError> {
        match self {
            Self::Add(args) => add::run(&args, context),
            Self::Rm(args) => rm::run(&args, context),
        }
    }
}
