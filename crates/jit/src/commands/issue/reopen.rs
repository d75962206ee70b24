//! The command `issue reopen`.
//!
//! Owns its words. Refuses to know when the rules allow it.

use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::Reply;

/// Open finished, rejected or archived issues again
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  jit issue reopen k7m2")]
pub(crate) struct Args {
    /// The issues: ids or unique prefixes, separated by commas; - reads them from standard input
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
}

/// Does it for each issue.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    let ids = context.input.ids(&args.ids)?;
    let written = context.tracker()?.reopen(&context.call(false)?, &ids)?;
    answer::written(context, &written, |issue| {
        format!(
            "Reopened {} ({}).",
            issue.id,
            answer::shown(&written, issue)
        )
    })
}
