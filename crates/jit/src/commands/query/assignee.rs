//! The command `query assignee`.
//!
//! Refuses to claim.

use crate::args::values;
use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::Reply;
use jit_core::{Assignee, query};

/// List the work of somebody, what is held first
///
/// In progress by the time of the claim, then gated, ready, open.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  jit query assignee copilot-1 --json\n  jit query assignee human:ada --all"
)]
pub(crate) struct Args {
    /// Whose work; the actor's when left out
    #[arg(value_name = "WHO", value_parser = values::who)]
    who: Option<Assignee>,

    /// Show resolved issues too
    #[arg(long)]
    all: bool,
}

/// Lists it.
pub(crate) fn run(args: Args, context: &Context) -> Result<Reply, CliError> {
    let who = args.who.map_or_else(|| context.actor(), Ok)?;
    let view = context.view()?;
    let found = query::assigned(&view.readiness(), &who, args.all);
    Ok(answer::issues(context, &view, &found))
}
