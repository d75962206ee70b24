//! The reference implementation: a store that forgets everything when it is dropped.
//!
//! Owns the plainest possible meaning of the traits. Refuses files, and so recovery.

use crate::error::{Result, StoreError};
use crate::file::{Lost, Replacement, Restored, Warning};
use crate::history::History;
use crate::host::{Host, SystemHost};
use crate::traits::{Committed, Cursor, Events, Store, Txn, Watch};
use jit_core::{Assignee, Changeset, Event, EventDraft, EventId, Receipt, Snapshot, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a writer waits for the one before it.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// A store in memory; clones share it.
#[derive(Clone, Debug)]
pub struct MemoryStore {
    shared: Arc<Shared>,
    host: Arc<dyn Host>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    snapshot: Snapshot,
    receipts: BTreeMap<String, Receipt>,
    events: Vec<Event>,
    is_locked: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `is_met` holds or the time is up, and says which.
    fn wait_until(
        &self,
        timeout: Duration,
        is_met: impl Fn(&State) -> bool,
    ) -> (MutexGuard<'_, State>, bool) {
        let deadline = Instant::now() + timeout;
        let mut state = self.state();
        while !is_met(&state) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return (state, false);
            }
            state = self
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        (state, true)
    }
}

impl MemoryStore {
    /// Returns an empty store.
    pub fn new() -> Result<Self> {
        let host = SystemHost::new()
            .map_err(|error| StoreError::at_path("read", "the boot id".to_owned(), error))?;
        Ok(Self {
            shared: Arc::default(),
            host: Arc::new(host),
        })
    }
}

impl Store for MemoryStore {
    fn read(&self) -> Result<Snapshot> {
        Ok(self.shared.state().snapshot.clone())
    }

    fn begin(&self) -> Result<Box<dyn Txn>> {
        let (mut state, is_free) = self
            .shared
            .wait_until(LOCK_TIMEOUT, |state| !state.is_locked);
        if !is_free {
            return Err(StoreError::Busy {
                waited: LOCK_TIMEOUT,
                holder: None,
            });
        }
        state.is_locked = true;
        let snapshot = state.snapshot.clone();
        drop(state);
        Ok(Box::new(MemoryTxn {
            store: self.clone(),
            snapshot,
            events: Vec::new(),
            receipts: Vec::new(),
        }))
    }

    fn receipt(&self, key: &str) -> Result<Option<Receipt>> {
        Ok(self.shared.state().receipts.get(key).cloned())
    }

    fn events(&self, since: Option<&Cursor>) -> Result<Events> {
        let bad =
            |cursor: &Cursor| StoreError::BadCursor(cursor.as_str().escape_default().to_string());
        let start = match since {
            None => 0,
            Some(cursor) => cursor
                .as_str()
                .strip_prefix('m')
                .and_then(|it| it.parse().ok())
                .ok_or_else(|| bad(cursor))?,
        };
        let state = self.shared.state();
        let events = state.events.get(start..).unwrap_or_default().to_vec();
        Ok(Events {
            events,
            cursor: Cursor(format!("m{}", state.events.len())),
            problems: Vec::new(),
        })
    }

    fn watch(&self) -> Result<Box<dyn Watch>> {
        let n_seen = self.shared.state().events.len();
        Ok(Box::new(MemoryWatch {
            shared: Arc::clone(&self.shared),
            n_seen,
        }))
    }

    fn put_merged(&self, files: &[Replacement]) -> Result<Vec<Warning>> {
        match files.first() {
            None => Ok(Vec::new()),
            Some(file) => Err(StoreError::Damaged {
                path: file.record.path(),
                reason: "a store in memory has no files".to_owned(),
            }),
        }
    }

    fn lost(&self, _: &dyn History) -> Result<Lost> {
        // Nothing else reaches this memory.
        Ok(Lost::default())
    }

    fn restore(&self, _: &Lost, _: &Assignee) -> Result<Restored> {
        Ok(Restored::default())
    }
}

/// A transaction in memory; it is the only writer until it is dropped.
#[derive(Debug)]
struct MemoryTxn {
    store: MemoryStore,
    snapshot: Snapshot,
    events: Vec<EventDraft>,
    receipts: Vec<Receipt>,
}

impl Txn for MemoryTxn {
    fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    fn receipt(&self, key: &str) -> Result<Option<Receipt>> {
        let own = self
            .receipts
            .iter()
            .rev()
            .find(|receipt| receipt.key == key)
            .cloned();
        own.map_or_else(|| self.store.receipt(key), |receipt| Ok(Some(receipt)))
    }

    fn apply(&mut self, changes: &Changeset) {
        self.snapshot.apply(changes);
        self.events.extend(changes.events.iter().cloned());
        self.receipts.extend(changes.receipt.clone());
    }

    fn commit(mut self: Box<Self>) -> Result<Committed> {
        let ts = Timestamp::from_micros(self.store.host.now_us());
        let random = self.store.host.random();
        let random =
            random.map_err(|error| StoreError::at_path("draw", "random bits".to_owned(), error))?;
        let first = EventId::new(ts, random);
        let mut state = self.store.shared.state();
        let mut clock = state.events.last().map_or(0, |event| event.lc);
        let finish = |(place, draft): (usize, EventDraft)| {
            clock += 1;
            Event {
                id: first.offset(place),
                lc: clock,
                txn: first,
                draft,
                extra: BTreeMap::new(),
            }
        };
        let events: Vec<Event> = std::mem::take(&mut self.events)
            .into_iter()
            .enumerate()
            .map(finish)
            .collect();
        state.snapshot = self.snapshot.clone();
        state.events.extend(events.iter().cloned());
        state.receipts.extend(
            std::mem::take(&mut self.receipts)
                .into_iter()
                .map(|it| (it.key.clone(), it)),
        );
        drop(state);
        Ok(Committed {
            events,
            warnings: Vec::<Warning>::new(),
        })
    }
}

impl Drop for MemoryTxn {
    fn drop(&mut self) {
        self.store.shared.state().is_locked = false;
        self.store.shared.changed.notify_all();
    }
}

/// Wakes when the list of events has grown.
#[derive(Debug)]
struct MemoryWatch {
    shared: Arc<Shared>,
    n_seen: usize,
}

impl Watch for MemoryWatch {
    fn wait(&mut self, timeout: Duration) -> bool {
        let n_seen = self.n_seen;
        let (state, has_more) = self
            .shared
            .wait_until(timeout, |state| state.events.len() > n_seen);
        self.n_seen = state.events.len();
        has_more
    }
}
