//! The command `lease cancel`.
//!
//! Refuses to take the issue from its holder: `issue release --force` does.

use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::Reply;

/// Ask the holders of issues to stop
///
/// A holder learns of it when it renews or checks its lease: `cancel_requested`. A dispatcher then ends the agent and gives the issue back. With --epoch only that holder is meant. Where nobody holds the issue there is nothing to change.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  jit lease cancel k7m2\n  jit lease cancel k7m2 --epoch 3")]
pub(crate) struct Args {
    /// The issue, or several separated by commas; - reads them from standard input
    #[arg(value_name = "ID")]
    ids: String,
}

/// Marks the leases.
pub(crate) fn run(args: Args, context: &Context) -> Result<Reply, CliError> {
    let ids = context.input.ids(&[args.ids])?;
    let written = context
        .tracker()?
        .lease_cancel(&context.call(false)?, &ids)?;
    answer::written(context, &written, |issue| {
        let lease = written
            .view
            .snapshot
            .live_lease(&issue.id, &written.view.now);
        lease.map_or_else(
            || format!("Nobody holds {}.", issue.id),
            |lease| {
                format!(
                    "Asked {} to stop work on {} (epoch {}).",
                    lease.holder, issue.id, lease.epoch
                )
            },
        )
    })
}
