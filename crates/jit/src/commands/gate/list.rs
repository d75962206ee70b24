//! The command `gate list`.
//!
//! Refuses results: those are part of issues.

use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::{Reply, Shape};

/// List the gates that are defined
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  jit gate list")]
pub(crate) struct Args {}

/// Lists the definitions.
pub(crate) fn run(context: &Context) -> Result<Reply, CliError> {
    let view = context.view_of_named()?;
    let gates = view.snapshot.gates().map(jit_wire::gate::gate).collect();
    let mut reply = answer::objects(context, Shape::Gate, gates);
    reply.warnings = answer::problems(context, &view);
    Ok(reply)
}
