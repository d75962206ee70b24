//! The command `migrate`.
//!
//! Owns its answer. Refuses to know any version: the store does.

use crate::commands::answer;
use crate::commands::validate::Target;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::{Audience, Body, Reply, Shape};
use jit_core::Value;

/// Bring the store to the version of the format that this program writes
///
/// No other command does that unasked. It is one transaction, and the files as they were before are kept. There is only one
/// version of the format so far, so there is nothing to migrate; a store of a newer version is refused.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  jit migrate --dry-run\n  jit migrate")]
pub(crate) struct Args {}

/// Migrates the store, or says what that takes.
pub(crate) fn run(context: &Context) -> Result<Reply, CliError> {
    let target = Target::open(context)?;
    let is_dry = context.globals.dry_run;
    let migration = target.store.migrate(is_dry)?;
    let changed = !is_dry && !migration.steps.is_empty();
    let steps: Vec<Value> = migration.steps.iter().map(|step| (*step).into()).collect();
    let object = Value::object([
        ("from", Value::from(migration.from)),
        ("to", migration.to.into()),
        ("migration", Value::Array(steps)),
        ("backup", migration.backup.into()),
        ("changed", changed.into()),
    ]);
    let mut reply = Reply::new(Shape::Migration, Body::One(object));
    reply.audience = if is_dry {
        Audience::Reader
    } else {
        Audience::Nobody
    };
    reply.has_written = changed;
    reply.warnings = target.warnings;
    if migration.steps.is_empty() {
        let told = format!(
            "Nothing to migrate: the store has version {}.",
            migration.to
        );
        reply.talk.push(told);
    } else if is_dry {
        reply.notes.push(answer::DRY_RUN.to_owned());
    } else {
        let told = format!("The store has version {} now.", migration.to);
        reply.talk.push(told);
    }
    Ok(reply)
}
