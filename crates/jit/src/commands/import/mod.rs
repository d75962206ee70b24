//! The commands `import …`.
//!
//! Owns the list of verbs. Refuses their arguments: each verb has a file.

mod beads;

use crate::context::Context;
use crate::error::CliError;
use crate::reply::{Reply, Shape};

/// A verb of `import`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Beads(beads::Args),
}

impl Command {
    /// Returns what the answer consists of.
    pub(crate) fn shape(&self) -> Shape {
        match self {
            Self::Beads(_) => Shape::Import,
        }
    }

    /// Does it.
    pub(crate) fn run(self, context: &Context) -> Result<Reply, CliError> {
        match self {
            Self::Beads(args) => beads::run(&args, context),
        }
    }
}
