//! The command `gate show`.
//!
//! Refuses results: those are part of issues.

use crate::args::{nearest, values};
use crate::context::Context;
use crate::error::CliError;
use crate::reply::{Body, Reply, Shape};
use jit_core::{ErrorKind, GateKey, Value};

/// Show the definition of a gate
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  jit gate show review")]
pub(crate) struct Args {
    /// The name of the gate
    #[arg(id = "gate", value_name = "KEY", value_parser = values::gate)]
    key: GateKey,
}

/// Shows the definition.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    let view = context.view_of_named()?;
    let Some(gate) = view.snapshot.gate(&args.key) else {
        let known = view.snapshot.gates().map(|gate| gate.key.as_str());
        let error = CliError::new(
            ErrorKind::NotFound,
            format!("gate `{}` is not defined", args.key),
        )
        .details(Value::object([("gate", Value::from(args.key.as_str()))]));
        return Err(match nearest(args.key.as_str(), known) {
            Some(tip) => error.hint(format!("jit gate show {tip}")),
            None => error.hint("jit gate list"),
        });
    };
    let mut reply = Reply::new(Shape::Gate, Body::One(jit_wire::gate::gate(gate)));
    reply.warnings = context.warnings();
    Ok(reply)
}
