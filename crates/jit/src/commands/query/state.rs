//! The command `query state`.
//!
//! Refuses stored states: an open issue that nothing blocks is `ready`.

use crate::args::values;
use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::Reply;
use jit_core::{ShownState, query};

/// List the issues in a state
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  jit query state in_progress")]
pub(crate) struct Args {
    /// The state as it is shown
    #[arg(value_name = "STATE", value_parser = values::state())]
    state: ShownState,
}

/// Lists them.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    let view = context.view()?;
    let found = query::in_state(&view.readiness(), args.state);
    Ok(answer::issues(context, &view, &found))
}
