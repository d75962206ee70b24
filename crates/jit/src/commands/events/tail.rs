//! The command `events tail`.
//!
//! Owns following. Refuses to miss events that come in late: it goes by the order of arrival.

use crate::context::Context;
use crate::error::CliError;
use crate::reply::{Body, Reply, Shape};
use jit_core::{Event, EventId, Value};
use jit_store::{Cursor, Watch};
use jit_tracker::Tracker;
use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;
use std::time::Duration;

/// How many events to begin with unless somebody says otherwise.
const N_NEWEST: usize = 10;
/// How long to wait at most before looking again whether anybody still reads.
const PATIENCE: Duration = Duration::from_secs(1);

/// Show the newest events, and follow the log
///
/// Events come in order of arrival. The last object of each batch carries a cursor; --since continues there.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  jit events tail -n 20\n  jit events tail --follow --json\n  jit events tail --since \"$cursor\" --json"
)]
pub(crate) struct Args {
    /// How many of the newest events to begin with; --limit, or 10, when left out
    #[arg(short, value_name = "N", conflicts_with = "since")]
    n: Option<usize>,

    /// Wait for more
    #[arg(short, long)]
    follow: bool,

    /// Begin after this place instead
    #[arg(long, value_name = "CURSOR")]
    since: Option<String>,
}

/// Shows the newest events and, where asked to, those that follow.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    let limit = context.globals.limit;
    if limit.is_some() && args.since.is_some() {
        return Err(CliError::usage(
            "--limit and --since contradict each other: the cursor of a part would leave out the rest",
        ));
    }
    let tracker = context.shared_tracker()?;
    // The watch begins before the log is read, so that nothing falls between the two.
    let watch = if args.follow {
        Some(tracker.watch()?)
    } else {
        None
    };
    let since = args.since.as_deref().map(Cursor::from_text);
    let n_wanted = args.n.or(limit).unwrap_or(N_NEWEST);
    // Only a limit has the total told, which takes all segments.
    let mut log = match (&since, limit) {
        (None, None) => tracker.newest_events(n_wanted)?,
        (since, _) => tracker.events(since.as_ref())?,
    };
    let n_all = log.events.len();
    let n_skipped = match since {
        Some(_) => 0,
        None => n_all.saturating_sub(n_wanted.min(limit.unwrap_or(usize::MAX))),
    };
    log.events.drain(..n_skipped);
    let mut reply = Reply::new(Shape::Event, Body::List(Vec::new()));
    reply.warnings = context.warnings();
    reply.warnings.append(&mut log.problems);
    if limit.is_some() {
        let n_shown = log.events.len();
        reply.notes.push(format!("Showing {n_shown} of {n_all}."));
    }
    let waiting = batch(&log.events, &log.cursor);
    let shown = log.events.iter().map(|event| event.id).collect();
    reply.body = Body::Stream(match watch {
        Some(watch) => Box::new(Follow {
            tracker,
            watch,
            cursor: log.cursor,
            waiting,
            shown,
        }),
        None => Box::new(waiting.into_iter().map(|object| Ok(Some(object)))),
    });
    Ok(reply)
}

fn batch(events: &[Event], cursor: &Cursor) -> VecDeque<Value> {
    let last = events.len().saturating_sub(1);
    let place = |number: usize| (number == last).then(|| cursor.as_str().to_owned());
    let numbered = events.iter().enumerate();
    numbered
        .map(|(number, event)| jit_wire::event::event(event, place(number)))
        .collect()
}

/// The events that are there and those that will come; an idle moment is `None`.
struct Follow {
    tracker: Rc<Tracker>,
    watch: Box<dyn Watch>,
    cursor: Cursor,
    waiting: VecDeque<Value>,
    /// The first events: what a writer was about to record then comes again when it is recorded.
    shown: BTreeSet<EventId>,
}

impl Iterator for Follow {
    type Item = Result<Option<Value>, CliError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(object) = self.waiting.pop_front() {
            return Some(Ok(Some(object)));
        }
        // What the watch says is a hint: the log itself is asked every time.
        self.watch.wait(PATIENCE);
        match self.tracker.events(Some(&self.cursor)) {
            Err(error) => Some(Err(error.into())),
            Ok(mut log) => {
                log.events.retain(|event| !self.shown.contains(&event.id));
                self.waiting = batch(&log.events, &log.cursor);
                self.cursor = log.cursor;
                Some(Ok(self.waiting.pop_front()))
            }
        }
    }
}
