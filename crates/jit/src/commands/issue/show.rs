//! The command `issue show`.
//!
//! Refuses to write anything, leases that ran out included.

use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::Reply;
use jit_core::Issue;

/// Show issues with all that is known about them
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  jit issue show k7m2\n  jit issue show k7m2,abcd --json")]
pub(crate) struct Args {
    /// The issues: ids or unique prefixes, separated by commas; - reads them from standard input
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
}

/// Shows the issues in the order in which they are named, each once.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    let prefixes = context.input.ids(&args.ids)?;
    let view = context.view_of_named()?;
    let mut issues: Vec<&Issue> = Vec::with_capacity(prefixes.len());
    for prefix in &prefixes {
        let id = view.snapshot.resolve(prefix)?;
        let found = view.snapshot.issue(&id);
        issues.extend(found.filter(|found| issues.iter().all(|issue| issue.id != found.id)));
    }
    Ok(answer::named(context, &view, &issues))
}
