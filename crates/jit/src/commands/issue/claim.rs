//! The command `issue claim`.
//!
//! Refuses to wait: an issue that is held is a conflict.

use crate::args::values;
use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::Reply;
use jit_core::Assignee;
use std::time::Duration;

/// Claim issues for somebody
///
/// Grants a lease and raises the epoch, the fencing token of later writes. Without --ttl the claim never expires. Several issues are claimed together or not at all.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  jit issue claim k7m2 copilot-1\n  jit issue claim k7m2 agent:copilot-1 --ttl 1m --key run-42 --json"
)]
pub(crate) struct Args {
    /// The issue, or several separated by commas; - reads them from standard input
    #[arg(value_name = "ID")]
    ids: String,

    /// Who takes it; the actor when left out
    #[arg(value_name = "WHO", value_parser = values::who)]
    who: Option<Assignee>,

    /// Let the lease run out after this time unless it is renewed
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    ttl: Option<Duration>,
}

/// Claims the issues.
pub(crate) fn run(args: Args, context: &Context) -> Result<Reply, CliError> {
    let ids = context.input.ids(&[args.ids])?;
    let who = args.who.map_or_else(|| context.actor(), Ok)?;
    let written = context
        .tracker()?
        .claim(&context.call(false)?, &ids, &who, args.ttl)?;
    answer::written(context, &written, |issue| {
        format!("Claimed {} for {who} (epoch {}).", issue.id, issue.epoch)
    })
}
