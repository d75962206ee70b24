//! The command `issue unhold`.
//!
//! Owns its words. Refuses to know when the rules allow it.

use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::Reply;

/// Lift the hold of issues
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  jit issue unhold k7m2")]
pub(crate) struct Args {
    /// The issues: ids or unique prefixes, separated by commas; - reads them from standard input
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
}

/// Does it for each issue.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    let ids = context.input.ids(&args.ids)?;
    let written = context.tracker()?.unhold(&context.call(false)?, &ids)?;
    answer::written(context, &written, |issue| {
        format!(
            "Lifted the hold of {} ({}).",
            issue.id,
            answer::shown(&written, issue)
        )
    })
}
