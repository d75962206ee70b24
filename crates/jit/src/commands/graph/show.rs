//! The command `graph show`.
//!
//! Owns the distance of each issue from the one that was asked for. Refuses to walk the graph.

use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::{Body, Reply, Shape};
use jit_core::{Issue, Value, graph};

/// Show what an issue waits for, directly and through others
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  jit graph show k7m2")]
pub(crate) struct Args {
    /// The issue: an id or a unique prefix
    #[arg(value_name = "ID")]
    id: String,
}

/// Shows the issue first, then what is nearer before what is farther.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    let prefix = context.input.id(&args.id)?;
    let view = context.view_of_named()?;
    let id = view.snapshot.resolve(&prefix)?;
    let levels = graph::levels(&view.snapshot, &id);
    let mut nodes: Vec<(usize, &Issue)> = levels
        .iter()
        .filter_map(|(id, level)| Some((*level, view.snapshot.issue(id)?)))
        .collect();
    nodes.sort_by_key(|(level, issue)| (*level, issue.created_at));
    let issues: Vec<&Issue> = nodes.iter().map(|(_, issue)| *issue).collect();
    let mut reply = answer::issues(context, &view, &issues);
    reply.shape = Shape::Node;
    if let Body::List(objects) = &mut reply.body {
        for (object, (level, _)) in objects.iter_mut().zip(&nodes) {
            if let Value::Object(members) = object {
                members.insert("depth".to_owned(), (*level as u64).into());
            }
        }
    }
    Ok(reply)
}
