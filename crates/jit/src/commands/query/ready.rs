//! The command `query ready`.
//!
//! Refuses to take anything: a claim decides again.

use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::Reply;
use jit_core::query;

/// List the work to take
///
/// Ready issues that nobody is assigned to and no live lease holds: priority first, then how long they have been ready.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  jit query ready --json\n  jit query ready --limit 3")]
pub(crate) struct Args {}

/// Lists them.
pub(crate) fn run(context: &Context) -> Result<Reply, CliError> {
    let view = context.view()?;
    let limit = context.globals.limit.unwrap_or(usize::MAX);
    let found = query::ready(&view.readiness(), limit);
    Ok(answer::page(context, &view, &found.issues, found.n_all))
}
