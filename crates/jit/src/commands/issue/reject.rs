//! The command `issue reject`.
//!
//! Refuses to know what else the rejection settles.

use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::Reply;

/// Decide that issues will not be done
///
/// A lease is revoked. What waited for them waits no longer, unless the repository says that a rejected dependency keeps blocking.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  jit issue reject k7m2 \"superseded by abcd\"")]
pub(crate) struct Args {
    /// The issue, or several separated by commas; - reads them from standard input
    #[arg(value_name = "ID")]
    ids: String,

    /// Why; - reads standard input, @FILE a file
    #[arg(value_name = "REASON", allow_hyphen_values = true)]
    reason: Option<String>,
}

/// Rejects the issues.
pub(crate) fn run(args: Args, context: &Context) -> Result<Reply, CliError> {
    let ids = context.input.ids(&[args.ids])?;
    let reason = context.input.remark("the reason", args.reason.as_deref())?;
    let written = context
        .tracker()?
        .reject(&context.call(false)?, &ids, reason.as_deref())?;
    answer::written(context, &written, |issue| format!("Rejected {}.", issue.id))
}
