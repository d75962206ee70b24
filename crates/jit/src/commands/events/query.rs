//! The command `events query`.
//!
//! Owns the filters. Refuses any order but the one that is the same on every clone.

use crate::args::nearest;
use crate::args::values::{self, Moment};
use crate::context::{Context, now};
use crate::error::CliError;
use crate::reply::{Body, Reply, Shape};
use jit_core::{Assignee, Event, EventKind};
use jit_tracker::EventFilter;

/// List events in an order that is the same on every clone
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  jit events query --issue k7m2\n  jit events query --type issue.done --since 1h --json"
)]
pub(crate) struct Args {
    /// Only events of these kinds
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',')]
    kinds: Vec<String>,

    /// Only events of this issue
    #[arg(long, value_name = "ID")]
    issue: Option<String>,

    /// Only what WHO did; also --actor
    #[arg(long, value_name = "WHO", value_parser = values::who)]
    by: Option<Assignee>,

    /// Only events since then: a time, or a duration before now
    #[arg(long, value_name = "TIME", value_parser = values::moment)]
    since: Option<Moment>,
}

/// Lists the events that pass every filter.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    let filter = filter(args, context)?;
    let mut log = context.tracker()?.events(None)?;
    log.sort_for_display();
    let found: Vec<&Event> = log
        .events
        .iter()
        .filter(|event| filter.accepts(event))
        .collect();
    let n_shown = found.len().min(context.globals.limit.unwrap_or(usize::MAX));
    let objects: Vec<_> = found[..n_shown]
        .iter()
        .map(|event| Ok(Some(jit_wire::event::event(event, None))))
        .collect();
    let mut reply = Reply::new(Shape::Event, Body::Stream(Box::new(objects.into_iter())));
    if context.globals.limit.is_some() {
        reply
            .notes
            .push(format!("Showing {n_shown} of {}.", found.len()));
    }
    reply.warnings = context.warnings();
    reply.warnings.extend(log.problems);
    reply
        .warnings
        .extend(args.kinds.iter().filter_map(|name| unknown(name)));
    Ok(reply)
}

fn filter(args: &Args, context: &Context) -> Result<EventFilter, CliError> {
    let now = now()?;
    let since = args.since.map(|moment| match moment {
        Moment::At(point) => point,
        Moment::After(duration) => now.minus(duration),
    });
    let issue = args
        .issue
        .as_deref()
        .map(|issue| {
            let prefix = context.input.id(issue)?;
            // The log remembers issues that are gone, so a whole id need not exist.
            prefix.as_id().map_or_else(
                || Ok(context.view_of_named()?.snapshot.resolve(&prefix)?),
                Ok,
            )
        })
        .transpose()
        .map_err(|error: CliError| error)?;
    let flagged = context.globals.actor.as_deref();
    let flagged = flagged
        .map(values::who)
        .transpose()
        .map_err(CliError::usage)?;
    Ok(EventFilter {
        kinds: args
            .kinds
            .iter()
            .map(|name| EventKind::parse(name))
            .collect(),
        issue,
        actor: args.by.clone().or(flagged),
        since,
    })
}

/// A log may hold kinds that are newer than this program, so an unknown name is no error.
fn unknown(name: &str) -> Option<String> {
    if EventKind::names().any(|known| known == name) {
        return None;
    }
    let tip = nearest(name, EventKind::names());
    let tip = tip
        .map(|tip| format!(" (did you mean {tip}?)"))
        .unwrap_or_default();
    Some(format!("no kind of event is called `{name}`{tip}"))
}
