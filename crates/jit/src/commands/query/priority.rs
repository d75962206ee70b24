//! The command `query priority`.
//!
//! Refuses resolved issues: their priority matters to nobody.

use crate::args::values;
use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::Reply;
use jit_core::{Priority, query};

/// List the unresolved issues of a priority
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  jit query priority critical")]
pub(crate) struct Args {
    /// The priority
    #[arg(value_name = "PRIORITY", value_parser = values::priority())]
    priority: Priority,
}

/// Lists them.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    let view = context.view()?;
    let found = query::of_priority(&view.readiness(), args.priority);
    Ok(answer::issues(context, &view, &found))
}
