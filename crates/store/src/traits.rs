//! What every store can do.
//!
//! Owns the two traits and their answers. Refuses policy: a store writes what it is given.

use crate::error::Result;
use crate::file::{Lost, Replacement, Restored, Warning};
use crate::history::History;
use jit_core::{Assignee, Changeset, Event, Receipt, Snapshot};
use std::fmt::Debug;
use std::time::Duration;

/// A place that keeps issues, gates, leases and events.
pub trait Store: Debug + Send + Sync {
    /// Returns a consistent view of everything, without blocking a writer and without writing.
    fn read(&self) -> Result<Snapshot>;

    /// Returns a view for a question about issues that are named: an edit in place of another one may be missed.
    fn read_named(&self) -> Result<Snapshot> {
        self.read()
    }

    /// Returns a view of what the records themselves say, whatever was remembered of them.
    fn read_files(&self) -> Result<Snapshot> {
        self.read()
    }

    /// Becomes the only writer and returns a transaction on fresh data.
    fn begin(&self) -> Result<Box<dyn Txn>>;

    /// Returns the answer that was kept for an idempotency key.
    fn receipt(&self, key: &str) -> Result<Option<Receipt>>;

    /// Returns the events that arrived after `since` (all when there is none), in order of arrival, each id once.
    fn events(&self, since: Option<&Cursor>) -> Result<Events>;

    /// Returns the `n` events that arrived last, in order of arrival.
    fn newest_events(&self, n: usize) -> Result<Events> {
        let mut events = self.events(None)?;
        events.keep_newest(n);
        Ok(events)
    }

    /// Returns a watcher that wakes when events arrive.
    fn watch(&self) -> Result<Box<dyn Watch>>;

    /// Returns what was acknowledged and is gone since, because something else removed it; never writes.
    fn lost(&self, history: &dyn History) -> Result<Lost>;

    /// Replaces files of records by what a merge has made of them, if they still hold what was merged.
    ///
    /// They go through the log like any change, but past the check for merges under way, since this ends one. The log of
    /// events is told by the next writer of each issue.
    fn put_merged(&self, files: &[Replacement]) -> Result<Vec<Warning>>;

    /// Brings back what is lost, in one transaction in the name of `by`; what has changed since it was found is left alone.
    fn restore(&self, lost: &Lost, by: &Assignee) -> Result<Restored>;
}

/// A transaction; dropping it leaves everything as it was.
pub trait Txn: Debug {
    /// Returns the view that decisions are made on, with everything applied so far.
    fn snapshot(&self) -> &Snapshot;

    /// Returns the answer that was kept for an idempotency key, as fresh as the snapshot.
    fn receipt(&self, key: &str) -> Result<Option<Receipt>>;

    /// Takes changes to be written by [`Txn::commit`]; may be called several times.
    fn apply(&mut self, changes: &Changeset);

    /// Writes everything applied, or nothing; an error but [`crate::StoreError::OutcomeUnknown`] means nothing.
    fn commit(self: Box<Self>) -> Result<Committed>;
}

/// What became of a transaction.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Committed {
    /// The events as they were written, with their ids and clocks.
    pub events: Vec<Event>,
    /// What was noticed on the way; the transaction is complete all the same.
    pub warnings: Vec<Warning>,
}

/// A place in the stream of events; opaque to everyone but the store that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(pub(crate) String);

impl Cursor {
    /// Takes the text that [`Cursor::as_str`] gave; a store refuses one that it can't read.
    pub fn from_text(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Returns the text to give back later.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A piece of the stream of events.
#[derive(Clone, Debug, PartialEq)]
pub struct Events {
    /// The events in order of arrival.
    pub events: Vec<Event>,
    /// Where the stream goes on.
    pub cursor: Cursor,
    /// Lines that could not be read, each named.
    pub problems: Vec<String>,
}

impl Events {
    /// Drops all but the last `n`.
    pub(crate) fn keep_newest(&mut self, n: usize) {
        self.events.drain(..self.events.len().saturating_sub(n));
    }

    /// Sorts the events into the order that is the same on every clone: clock, time, id.
    pub fn sort_for_display(&mut self) {
        self.events
            .sort_by_key(|event| (event.lc, event.draft.ts, event.id));
    }
}

/// Wakes whoever waits for events.
pub trait Watch: Debug + Send {
    /// Waits until something may have arrived, at most `timeout`; says whether it did not time out.
    fn wait(&mut self, timeout: Duration) -> bool;
}
