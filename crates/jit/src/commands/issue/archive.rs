//! The command `issue archive`.
//!
//! Refuses to resolve anything.

use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::Reply;

/// Take resolved issues out of the daily lists
///
/// Only what is done or rejected; `jit issue reopen` brings it back. An archived issue blocks nobody, even where the settings let a rejected one go on blocking.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  jit issue archive k7m2\n  jit query state done -o id | jit issue archive -"
)]
pub(crate) struct Args {
    /// The issues: ids or unique prefixes, separated by commas; - reads them from standard input
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
}

/// Archives the issues.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    let ids = context.input.ids(&args.ids)?;
    let written = context.tracker()?.archive(&context.call(false)?, &ids)?;
    answer::written(context, &written, |issue| format!("Archived {}.", issue.id))
}
