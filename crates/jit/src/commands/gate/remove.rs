//! The command `gate remove`.
//!
//! Refuses to take a requirement from a single issue: that is `gate rm`.

use crate::args::values;
use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::{Audience, Body, Reply, Shape};
use jit_core::{ErrorKind, GateKey, Refusal, Value};
use jit_tracker::Error;

/// Remove the definition of a gate
///
/// Refused while unresolved issues require it. What resolved issues have passed stays on record. To take the gate from one issue: `jit gate rm`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  jit gate remove review")]
pub(crate) struct Args {
    /// The name of the gate
    #[arg(id = "gate", value_name = "KEY", value_parser = values::gate)]
    key: GateKey,

    /// Take the gate from every unresolved issue that requires it, too
    #[arg(long)]
    force: bool,
}

/// Removes the definition.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    // A repetition under a key answers for a gate that is gone.
    let mut object = match context.view_of_named()?.snapshot.gate(&args.key) {
        Some(gate) => jit_wire::gate::gate(gate),
        None => Value::object([("key", Value::from(args.key.as_str()))]),
    };
    let written = context
        .tracker()?
        .gate_remove(&context.call(args.force)?, &args.key)
        .map_err(failure)?;
    jit_wire::transition::add_outcome(&mut object, written.changed, &written.transitions);
    let mut reply = Reply::new(Shape::Gate, Body::One(object));
    reply.audience = Audience::Nobody;
    answer::conclude(context, &mut reply, &written);
    if !written.changed {
        reply.talk.push("Nothing to change.".to_owned());
    } else if !context.globals.dry_run {
        reply.talk.push(format!("Removed gate {}.", args.key));
        reply.talk.extend(answer::others_ready(&written));
    }
    Ok(reply)
}

/// Who wants to remove a gate needs no hint how to define it.
fn failure(error: Error) -> CliError {
    let Error::Refused(Refusal::UnknownGate { key, nearest }) = error else {
        return error.into();
    };
    let details = Value::object([("gate", Value::from(key.as_str()))]);
    let hint = match nearest {
        Some(nearest) => format!("jit gate show {nearest}"),
        None => "jit gate list".to_owned(),
    };
    CliError::new(ErrorKind::NotFound, format!("gate `{key}` is not defined"))
        .details(details)
        .hint(hint)
}
