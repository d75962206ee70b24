//! The commands `lease …`.
//!
//! Owns the list of verbs. Refuses their arguments: each verb has a file.

mod cancel;
mod check;
mod list;
mod renew;
mod sweep;

use crate::args::global::Condition;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::{Reply, Shape};

/// A verb of `lease`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Renew(renew::Args),
    Check(check::Args),
    Cancel(cancel::Args),
    List(list::Args),
    Sweep(sweep::Args),
}

impl Command {
    /// Returns what the answer consists of.
    pub(crate) fn shape(&self) -> Shape {
        match self {
            Self::Renew(_) => Shape::Renewal,
            Self::Check(_) | Self::List(_) => Shape::Lease,
            Self::Cancel(_) | Self::Sweep(_) => Shape::Issue,
        }
    }

    /// Returns the conditions that the verb honours.
    pub(crate) fn conditions(&self) -> &'static [Condition] {
        match self {
            Self::Renew(_) | Self::Check(_) => &[Condition::Epoch],
            Self::Cancel(_) => Condition::ALL,
            Self::List(_) | Self::Sweep(_) => Condition::NONE,
        }
    }

    /// Does it.
    pub(crate) fn run(self, context: &Context) -> Result<Reply, CliError> {
        match self {
            Self::Renew(args) => renew::run(&args, context),
            Self::Check(args) => check::run(&args, context),
            Self::Cancel(args) => cancel::run(args, context),
            Self::List(args) => list::run(&args, context),
            Self::Sweep(_) => sweep::run(context),
        }
    }
}
