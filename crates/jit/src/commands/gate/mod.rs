//! The commands `gate …`.
//!
//! Owns the list of verbs. Refuses their arguments: each verb has a file.

mod add;
mod define;
mod fail;
mod list;
mod pass;
mod rm;
mod show;

use crate::args::global::Condition;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::{Reply, Shape};
use jit_core::GateKey;

/// A verb of `gate`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Define(define::Args),
    List(list::Args),
    Show(show::Args),
    Add(add::Args),
    Rm(rm::Args),
    Pass(pass::Args),
    Fail(fail::Args),
}

impl Command {
    /// Returns what the answer consists of.
    pub(crate) fn shape(&self) -> Shape {
        match self {
            Self::Define(_) | Self::List(_) | Self::Show(_) => Shape::Gate,
            Self::Add(_) | Self::Rm(_) | Self::Pass(_) | Self::Fail(_) => Shape::Issue,
        }
    }

    /// Returns the conditions that the verb honours.
    pub(crate) fn conditions(&self) -> &'static [Condition] {
        match self {
            Self::List(_) | Self::Show(_) => Condition::NONE,
            Self::Define(_) => &[Condition::Key],
            Self::Add(_) | Self::Rm(_) | Self::Pass(_) | Self::Fail(_) => Condition::ALL,
        }
    }

    /// Does it.
    pub(crate) fn run(self, context: &Context) -> Result<Reply, CliError> {
        match self {
            Self::Define(args) => define::run(args, context),
            Self::List(_) => list::run(context),
            Self::Show(args) => show::run(&args, context),
            Self::Add(args) => add::run(&args, context),
            Self::Rm(args) => rm::run(&args, context),
            Self::Pass(args) => pass::run(args, context),
            Self::Fail(args) => fail::run(args, context),
        }
    }
}

/// Returns the keys as a sentence lists them.
fn joined(keys: &[GateKey]) -> String {
    keys.iter()
        .map(GateKey::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}
