//! The command `graph roots`.
//!
//! Refuses to walk the graph.

use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::Reply;
use jit_core::{Issue, graph};

/// List the unresolved issues that wait for no unresolved issue
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  jit graph roots")]
pub(crate) struct Args {}

/// Lists them.
pub(crate) fn run(context: &Context) -> Result<Reply, CliError> {
    let view = context.view()?;
    let ids = graph::roots(&view.snapshot);
    let mut issues: Vec<&Issue> = ids
        .iter()
        .filter_map(|id| view.snapshot.issue(id))
        .collect();
    // Ids are random: people know the order in which they were made.
    issues.sort_by_key(|issue| issue.created_at);
    Ok(answer::issues(context, &view, &issues))
}
