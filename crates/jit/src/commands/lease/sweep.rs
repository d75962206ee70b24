//! The command `lease sweep`.
//!
//! Refuses to end a lease that is alive.

use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::{Body, Reply};

/// Record the leases that have run out
///
/// Every writing command does so too.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  jit lease sweep")]
pub(crate) struct Args {}

/// Sweeps, and lists the issues that are free again.
pub(crate) fn run(context: &Context) -> Result<Reply, CliError> {
    let written = context.tracker()?.lease_sweep(&context.call(false)?)?;
    let mut reply = answer::written(context, &written, |issue| {
        format!("The lease of {} ran out.", issue.id)
    })?;
    // How many there are is chance, so a list it is.
    reply.body = match reply.body {
        Body::One(object) => Body::List(vec![object]),
        other => other,
    };
    Ok(reply)
}
