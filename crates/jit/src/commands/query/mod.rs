//! The commands `query …`.
//!
//! Owns the list of verbs. Refuses their arguments: each verb has a file.

mod assignee;
mod blocked;
mod label;
mod priority;
pub(crate) mod ready;
mod state;

use crate::context::Context;
use crate::error::CliError;
use crate::reply::{Reply, Shape};

/// A verb of `query`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Ready(ready::Args),
    Blocked(blocked::Args),
    Assignee(assignee::Args),
    State(state::Args),
    Priority(priority::Args),
    Label(label::Args),
}

impl Command {
    /// Returns what the answer consists of.
    pub(crate) fn shape(&self) -> Shape {
        match self {
            Self::Ready(_)
            | Self::Assignee(_)
            | Self::State(_)
            | Self::Priority(_)
            | Self::Label(_) => Shape::Issue,
            Self::Blocked(_) => Shape::Blocked,
        }
    }

    /// Does it.
    pub(crate) fn run(self, context: &Context) -> Result<Reply, CliError> {
        match self {
            Self::Ready(_) => ready::run(context),
            Self::Blocked(_) => blocked::run(context),
            Self::Assignee(args) => assignee::run(args, context),
            Self::State(args) => state::run(&args, context),
            Self::Priority(args) => priority::run(&args, context),
            Self::Label(args) => label::run(&args, context),
        }
    }
}
