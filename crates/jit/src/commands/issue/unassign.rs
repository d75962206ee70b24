//! The command `issue unassign`.
//!
//! Owns its words. Refuses to know when the rules allow it.

use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::Reply;

/// Take the assignee off issues
///
/// --force revokes a live lease of somebody else.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  jit issue unassign k7m2")]
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
    let written = context
        .tracker()?
        .unassign(&context.call(args.force)?, &ids)?;
    answer::written(context, &written, |issue| {
        format!(
            "Unassigned {} ({}).",
            issue.id,
            answer::shown(&written, issue)
        )
    })
}
