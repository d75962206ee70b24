//! The command `lease check`.
//!
//! Refuses to write: it answers at one moment, and only the tracker's own writes are fenced for good.

use crate::context::Context;
use crate::error::CliError;
use crate::reply::{Audience, Body, Reply, Shape};
use jit_core::Refusal;

/// Ask whether an epoch still holds its issue
///
/// Exit 0 while it does, exit 7 when the lease is lost. Ask before a step that the tracker cannot fence, such as a push. Without ID and --epoch, `JIT_ISSUE` and `JIT_EPOCH` say which lease is meant.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  jit lease check k7m2 --epoch 3\n  jit lease check && git push\n  jit lease check --json --fields cancel_requested"
)]
pub(crate) struct Args {
    /// The issue; that of `JIT_ISSUE` when left out
    #[arg(value_name = "ID")]
    id: Option<String>,
}

/// Answers with the lease, and says whether somebody asks its holder to stop.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    let id = args
        .id
        .as_ref()
        .map(|id| context.input.id(id))
        .transpose()?;
    let fence = context.fence();
    if fence.flag.is_none() && fence.environment.is_none() {
        return Err(epoch_is_needed());
    }
    if id.is_none() && fence.environment.is_none() {
        return Err(CliError::usage("name an issue, or set JIT_ISSUE"));
    }
    let checked = context.tracker()?.lease_check(fence, id.as_ref());
    let (lease, view) = checked.map_err(|error| match error {
        // The environment fences another issue: to this one it says nothing.
        jit_tracker::Error::Refused(Refusal::Invalid { field, .. }) if field == "epoch" => {
            epoch_is_needed()
        }
        other => other.into(),
    })?;
    let object = jit_wire::lease::lease(&lease, &view.now);
    let mut reply = Reply::new(Shape::Lease, Body::One(object));
    reply.audience = Audience::Nobody;
    reply.warnings = context.warnings();
    reply.talk.push(format!(
        "{} holds {} (epoch {}).",
        lease.holder, lease.issue, lease.epoch
    ));
    if lease.cancel_requested {
        reply
            .talk
            .push("Somebody asks the holder to stop.".to_owned());
    }
    Ok(reply)
}

fn epoch_is_needed() -> CliError {
    CliError::usage("--epoch is needed: it says which lease is meant")
}
