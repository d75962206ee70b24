//! The commands `graph …`.
//!
//! Owns the list of verbs. Refuses their arguments: each verb has a file.

mod downstream;
mod export;
mod roots;
mod show;

use crate::context::Context;
use crate::error::CliError;
use crate::reply::{Reply, Shape};

/// A verb of `graph`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Show(show::Args),
    Downstream(downstream::Args),
    Roots(roots::Args),
    Export(export::Args),
}

impl Command {
    /// Returns what the answer consists of.
    pub(crate) fn shape(&self) -> Shape {
        match self {
            Self::Show(_) => Shape::Node,
            Self::Downstream(_) | Self::Roots(_) => Shape::Issue,
            Self::Export(_) => Shape::Drawing,
        }
    }

    /// Does it.
    pub(crate) fn run(self, context: &Context) -> Result<Reply, CliError> {
        match self {
            Self::Show(args) => show::run(&args, context),
            Self::Downstream(args) => downstream::run(&args, context),
            Self::Roots(_) => roots::run(context),
            Self::Export(args) => export::run(&args, context),
        }
    }
}
