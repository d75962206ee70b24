//! The command `issue done`.
//!
//! Owns its words. Refuses to know when the rules allow it.

use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::Reply;

/// Finish issues
///
/// An issue whose exit gates are not all passed becomes gated, and done with the last pass. --force overrides what is unresolved, and is logged.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  jit issue done k7m2\n  jit issue done k7m2 --epoch 3\n  jit query assignee copilot-1 -o id | jit issue done -"
)]
pub(crate) struct Args {
    /// The issues: ids or unique prefixes, separated by commas; - reads them from standard input
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,

    /// Override what refuses
    #[arg(long)]
    force: bool,
}

/// Does it for each issue.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    let ids = context.input.ids(&args.ids)?;
    let written = context.tracker()?.done(&context.call(args.force)?, &ids)?;
    answer::written(context, &written, |issue| {
        format!(
            "Finished {} ({}).",
            issue.id,
            answer::shown(&written, issue)
        )
    })
}
