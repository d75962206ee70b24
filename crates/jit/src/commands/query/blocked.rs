//! The command `query blocked`.
//!
//! Owns how the reasons are shown beside the issues. Refuses to judge them.

use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::Reply;
use jit_core::query;

/// List open issues that something blocks, with every reason
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  jit query blocked\n  jit query blocked --json --fields id,blocked_by"
)]
pub(crate) struct Args {}

/// Lists them.
pub(crate) fn run(context: &Context) -> Result<Reply, CliError> {
    let view = context.view()?;
    let mut reply = answer::issues(context, &view, &query::blocked(&view.readiness()));
    reply.shape = crate::reply::Shape::Blocked;
    Ok(reply)
}
