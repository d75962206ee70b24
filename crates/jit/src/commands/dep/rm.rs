//! The command `dep rm`.
//!
//! Refuses to remove issues.

use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::Reply;

/// Let an issue wait for others no longer
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  jit dep rm k7m2 abcd")]
pub(crate) struct Args {
    /// The issue that waits
    #[arg(value_name = "ID")]
    id: String,

    /// What it waits for; several separated by spaces or commas
    #[arg(value_name = "DEP", required = true)]
    dependencies: Vec<String>,
}

/// Changes the edges.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    let id = context.input.id(&args.id)?;
    let dependencies = context.input.ids(&args.dependencies)?;
    let written = context
        .tracker()?
        .dep_rm(&context.call(false)?, &id, &dependencies)?;
    answer::written(context, &written, |issue| {
        let n_left = issue.dependencies.len();
        let noun = if n_left == 1 { "issue" } else { "issues" };
        format!(
            "{} waits for {n_left} {noun} now ({}).",
            issue.id,
            answer::shown(&written, issue)
        )
    })
}
