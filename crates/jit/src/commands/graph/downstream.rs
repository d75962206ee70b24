//! The command `graph downstream`.
//!
//! Refuses to walk the graph.

use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::Reply;
use jit_core::{Issue, graph};

/// List what waits for an issue, directly and through others
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  jit graph downstream k7m2")]
pub(crate) struct Args {
    /// The issue: an id or a unique prefix
    #[arg(value_name = "ID")]
    id: String,
}

/// Lists it.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    let prefix = context.input.id(&args.id)?;
    let view = context.view_of_named()?;
    let id = view.snapshot.resolve(&prefix)?;
    let ids = graph::downstream(&view.snapshot, &id);
    let mut issues: Vec<&Issue> = ids
        .iter()
        .filter_map(|id| view.snapshot.issue(id))
        .collect();
    // Ids are random: people know the order in which they were made.
    issues.sort_by_key(|issue| issue.created_at);
    Ok(answer::issues(context, &view, &issues))
}
