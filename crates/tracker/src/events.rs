//! Use cases about the log.
//!
//! Owns the filter. Refuses to know how the log is kept.

use crate::error::Error;
use crate::tracker::Tracker;
use jit_core::{Assignee, Event, EventKind, IssueId, Timestamp};
use jit_store::{Cursor, Events, Watch};

/// Which events to show; every condition must hold.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Kinds, any of which it must have; empty: any.
    pub kinds: Vec<EventKind>,
    /// The issue that it must concern.
    pub issue: Option<IssueId>,
    /// Who must have done it.
    pub actor: Option<Assignee>,
    /// The earliest time.
    pub since: Option<Timestamp>,
}

impl EventFilter {
    /// Returns whether the event is asked for.
    pub fn accepts(&self, event: &Event) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&event.draft.kind))
            && self
                .issue
                .as_ref()
                .is_none_or(|issue| event.draft.issue.as_ref() == Some(issue))
            && self
                .actor
                .as_ref()
                .is_none_or(|actor| event.draft.actor == *actor)
            && self.since.is_none_or(|since| event.draft.ts >= since)
    }
}

impl Tracker {
    /// Returns the events that arrived after `since`, in order of arrival.
    pub fn events(&self, since: Option<&Cursor>) -> Result<Events, Error> {
        Ok(self.store.events(since)?)
    }

    /// Returns the `n` events that arrived last, in order of arrival.
    pub fn newest_events(&self, n: usize) -> Result<Events, Error> {
        Ok(self.store.newest_events(n)?)
    }

    /// Returns a watcher that wakes when events arrive.
    pub fn watch(&self) -> Result<Box<dyn Watch>, Error> {
        Ok(self.store.watch()?)
    }
}
