//! The command `gc`.
//!
//! Owns how garbage is told. Refuses to choose it: the rules say which tombstones are old enough, the store the rest.

use crate::commands::answer;
use crate::commands::validate::Target;
use crate::context::{self, Context};
use crate::error::CliError;
use crate::reply::{Reply, Shape};
use jit_core::{Value, decide};
use jit_store::Store as _;
use jit_store::file::Garbage;

/// Remove tombstones older than 30 days, and what nobody needs any more
///
/// Beside them go their leases, answers to idempotency keys and copies of replaced files that are older than 30 days, and
/// temporary files that commands left when they died. A tombstone stays while anything points to it. No issue ever goes
/// that was not deleted.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  jit gc --dry-run\n  jit gc")]
pub(crate) struct Args {}

/// Removes it, or says what would go.
pub(crate) fn run(context: &Context) -> Result<Reply, CliError> {
    let target = Target::open_sound(context)?;
    let now = context::now()?;
    let is_dry = context.globals.dry_run;
    let (garbage, warnings) = if is_dry {
        let tombstones = decide::removable(&target.store.read()?, now);
        (target.store.garbage(&tombstones)?, Vec::new())
    } else {
        target
            .store
            .collect(|snapshot| decide::removable(snapshot, now))?
    };
    let rows = garbage.iter().map(|thing| row(thing, !is_dry)).collect();
    let mut reply = answer::objects(context, Shape::Garbage, rows);
    reply.has_written = !is_dry && !garbage.is_empty();
    reply.warnings.clone_from(&target.warnings);
    reply
        .warnings
        .extend(warnings.iter().map(ToString::to_string));
    if is_dry {
        reply.notes.push(answer::DRY_RUN.to_owned());
    } else {
        reply.talk.push(match garbage.len() {
            0 => "Nothing is old enough to go.".to_owned(),
            1 => "Removed 1 file.".to_owned(),
            n => format!("Removed {n} files."),
        });
    }
    Ok(reply)
}

fn row(thing: &Garbage, is_removed: bool) -> Value {
    Value::object([
        ("kind", Value::from(thing.kind.as_str())),
        (
            "issue",
            thing.issue.as_ref().map(ToString::to_string).into(),
        ),
        ("path", thing.path().into()),
        ("removed", is_removed.into()),
    ])
}
