//! The commands `dep …`.
//!
//! Owns the list of verbs. Refuses their arguments: each verb has a file.

mod add;
mod rm;
mod tree;

use crate::args::global::Condition;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::{Reply, Shape};

/// A verb of `dep`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Add(add::Args),
    Rm(rm::Args),
    Tree(tree::Args),
}

impl Command {
    /// Returns what the answer consists of.
    pub(crate) fn shape(&self) -> Shape {
        match self {
            Self::Add(_) | Self::Rm(_) => Shape::Issue,
            Self::Tree(_) => Shape::Branch,
        }
    }

    /// Returns the conditions that the verb honours.
    pub(crate) fn conditions(&self) -> &'static [Condition] {
        match self {
            Self::Add(_) | Self::Rm(_) => Condition::ALL,
            Self::Tree(_) => Condition::NONE,
        }
    }

    /// Does it.
    pub(crate) fn run(self, context: &Context) -> Result<Reply, CliError> {
        match self {
            Self::Add(args) => add::run(&args, context),
            Self::Rm(args) => rm::run(&args, context),
            Self::Tree(args) => tree::run(&args, context),
        }
    }
}
