//! The command `dep tree`.
//!
//! Refuses to draw: the lines come in the order of the walk, each with its depth.

use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::{Reply, Shape};
use jit_core::graph;

/// Show what an issue waits for as a tree
///
/// What several issues wait for is shown below the first of them; the others point to it. Dependencies that are missing, and those that close a cycle, are named.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  jit dep tree k7m2\n  jit dep tree k7m2 --depth 2 --json")]
pub(crate) struct Args {
    /// The issue: an id or a unique prefix
    #[arg(value_name = "ID")]
    id: String,

    /// Show at most so many levels below it
    #[arg(long = "depth", value_name = "N")]
    max_depth: Option<usize>,
}

/// Shows the tree.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    let prefix = context.input.id(&args.id)?;
    let view = context.view_of_named()?;
    let id = view.snapshot.resolve(&prefix)?;
    let readiness = view.readiness();
    let tree = graph::dependency_tree(&view.snapshot, &id, args.max_depth);
    let objects = tree
        .iter()
        .map(|branch| jit_wire::branch::branch(&readiness, branch))
        .collect();
    let mut reply = answer::objects(context, Shape::Branch, objects);
    reply.warnings = answer::problems(context, &view);
    Ok(reply)
}
