//! The command `events export`.
//!
//! Refuses any order but the one that is the same on every clone, and any part of the log but its end.

use crate::args::values::{self, Moment};
use crate::commands::export;
use crate::context::{Context, now};
use crate::error::CliError;
use crate::reply::{Body, Reply, Shape};

/// Write the whole log as lines of JSON
///
/// Each event once, in the order that is the same on every clone: by logical clock, time and id. Where a line of the log can't be read, the rest is written and the exit code is 9.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  jit events export > events.jsonl\n  jit events export --since 2026-01-31T12:00:00Z"
)]
pub(crate) struct Args {
    /// Only events since then: a time, or a duration before now
    #[arg(long, value_name = "TIME", value_parser = values::moment)]
    since: Option<Moment>,
}

/// Writes the events.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    export::check_whole(context)?;
    let now = now()?;
    let since = args.since.map(|moment| match moment {
        Moment::At(point) => point,
        Moment::After(duration) => now.minus(duration),
    });
    let mut log = context.tracker()?.events(None)?;
    log.sort_for_display();
    let wanted = log
        .events
        .into_iter()
        .filter(move |event| since.is_none_or(|since| event.draft.ts >= since));
    let objects = wanted.map(|event| Ok(Some(jit_wire::event::event(&event, None))));
    let mut reply = Reply::new(Shape::Event, Body::Lines(Box::new(objects)));
    reply.verdict = export::incomplete(log.problems.len(), "line");
    reply.warnings = context.warnings();
    reply.warnings.extend(log.problems);
    Ok(reply)
}
