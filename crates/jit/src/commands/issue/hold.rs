//! The command `issue hold`.
//!
//! Refuses to take a lease away.

use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::Reply;

/// Say "not now": keep issues out of the ready ones until the hold is lifted
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  jit issue hold k7m2 \"waits for the customer\"")]
pub(crate) struct Args {
    /// The issue, or several separated by commas; - reads them from standard input
    #[arg(value_name = "ID")]
    ids: String,

    /// Why; - reads standard input, @FILE a file
    #[arg(value_name = "REASON", allow_hyphen_values = true)]
    reason: String,
}

/// Holds the issues.
pub(crate) fn run(args: Args, context: &Context) -> Result<Reply, CliError> {
    let ids = context.input.ids(&[args.ids])?;
    let reason = context.input.text(&args.reason)?;
    let written = context
        .tracker()?
        .hold(&context.call(false)?, &ids, &reason)?;
    answer::written(context, &written, |issue| {
        format!("Put {} on hold.", issue.id)
    })
}
