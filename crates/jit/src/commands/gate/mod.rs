//! The commands `gate …`, and under the name `registry` those of them that are about definitions.
//!
//! Owns the list of verbs. Refuses their arguments: each verb has a file.

mod add;
mod define;
mod list;
mod remove;
mod rm;
mod show;
mod verdict;

use crate::args::global::Condition;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::{Reply, Shape};
use jit_core::GateKey;

/// A verb of `gate`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    #[command(flatten)]
    Definition(Definition),
    Add(add::Args),
    Rm(rm::Args),
    /// Pass gates of issues
    ///
    /// An issue that waits for its exit gates is done with the last pass.
    #[command(after_help = "Examples:\n  jit gate pass k7m2 review --note \"read twice\"")]
    Pass(verdict::Args),
    /// Fail gates of issues
    ///
    /// An issue that waits for its exit gates is open again, unassigned.
    #[command(after_help = "Examples:\n  jit gate fail k7m2 review --note \"read twice\"")]
    Fail(verdict::Args),
}

/// A verb about the definitions of gates, whichever issues require them.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Definition {
    Define(define::Args),
    List(list::Args),
    Show(show::Args),
    Remove(remove::Args),
}

impl Command {
    /// Returns what the answer consists of.
    pub(crate) fn shape(&self) -> Shape {
        match self {
            Self::Definition(_) => Definition::SHAPE,
            Self::Add(_) | Self::Rm(_) | Self::Pass(_) | Self::Fail(_) => Shape::Issue,
        }
    }

    /// Returns the conditions that the verb honours.
    pub(crate) fn conditions(&self) -> &'static [Condition] {
        match self {
            Self::Definition(verb) => verb.conditions(),
            Self::Add(_) | Self::Rm(_) | Self::Pass(_) | Self::Fail(_) => Condition::ALL,
        }
    }

    /// Does it.
    pub(crate) fn run(self, context: &Context) -> Result<Reply, CliError> {
        match self {
            Self::Definition(verb) => verb.run(context),
            Self::Add(args) => add::run(&args, context),
            Self::Rm(args) => rm::run(&args, context),
            Self::Pass(args) => verdict::pass(args, context),
            Self::Fail(args) => verdict::fail(args, context),
        }
    }
}

impl Definition {
    /// What the answers consist of.
    pub(crate) const SHAPE: Shape = Shape::Gate;

    /// Returns the conditions that the verb honours.
    pub(crate) fn conditions(&self) -> &'static [Condition] {
        match self {
            Self::List(_) | Self::Show(_) => Condition::NONE,
            Self::Define(_) | Self::Remove(_) => &[Condition::Key],
        }
    }

    /// Does it.
    pub(crate) fn run(self, context: &Context) -> Result<Reply, CliError> {
        match self {
            Self::Define(args) => define::run(args, context),
            Self::List(_) => list::run(context),
            Self::Show(args) => show::run(&args, context),
            Self::Remove(args) => remove::run(&args, context),
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
