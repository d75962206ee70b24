//! The command `gate rm`.
//!
//! Refuses to define gates.

use crate::args::values;
use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::Reply;
use jit_core::GateKey;

/// Require gates of an issue no longer
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  jit gate rm k7m2 review,tests")]
pub(crate) struct Args {
    /// The issue: an id or a unique prefix
    #[arg(value_name = "ID")]
    id: String,

    /// The gates, separated by commas
    #[arg(value_name = "KEY", required = true, value_delimiter = ',', value_parser = values::gate)]
    keys: Vec<GateKey>,
}

/// Changes what the issue requires.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    let id = context.input.id(&args.id)?;
    let written = context
        .tracker()?
        .gate_rm(&context.call(false)?, &id, &args.keys)?;
    let keys = super::joined(&args.keys);
    answer::written(context, &written, |issue| {
        format!(
            "{} no longer requires {keys} ({}).",
            issue.id,
            answer::shown(&written, issue)
        )
    })
}
