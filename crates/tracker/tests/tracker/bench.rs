//! A tracker in memory with a clock and ids that a test controls.
//!
//! Owns the set-up. Refuses to assert anything.

use jit_core::decide::NewIssue;
use jit_core::id::IdPrefix;
use jit_core::{Assignee, Fence, IssueId, Now, Policy, Timestamp};
use jit_store::MemoryStore;
use jit_tracker::{Call, Clock, IdSource, Tracker};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Seconds since the test began.
#[derive(Debug, Default)]
struct Seconds(AtomicU64);

#[derive(Debug)]
struct TestClock(Arc<Seconds>);

impl Clock for TestClock {
    fn now(&self) -> io::Result<Now> {
        let seconds = self.0.0.load(Ordering::SeqCst);
        Ok(Now {
            wall: Timestamp::parse("2030-01-01T00:00:00Z")
                .unwrap()
                .plus(Duration::from_secs(seconds)),
            host: "here".to_owned(),
            boot_id: "boot".to_owned(),
            boottime_ms: seconds * 1_000,
        })
    }
}

/// Counts up, so that a failing test can be read.
#[derive(Debug, Default)]
struct TestIds(AtomicU64);

impl IdSource for TestIds {
    fn issue_id(&self) -> io::Result<IssueId> {
        Ok(IssueId::from_random(
            self.0.fetch_add(1, Ordering::SeqCst) << 30,
        ))
    }
}

/// A tracker and the hands of its clock.
pub(crate) struct Bench {
    pub(crate) tracker: Tracker,
    seconds: Arc<Seconds>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let seconds = Arc::new(Seconds::default());
        let store = Box::new(MemoryStore::new().unwrap());
        let clock = Box::new(TestClock(Arc::clone(&seconds)));
        let tracker = Tracker::new(
            store,
            Policy::default(),
            clock,
            Box::new(TestIds::default()),
        );
        Self { tracker, seconds }
    }

    pub(crate) fn tick(&self, seconds: u64) {
        self.seconds.0.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Creates an issue and returns what names it.
    pub(crate) fn create(&self, title: &str) -> IdPrefix {
        let new = NewIssue {
            title: title.to_owned(),
            ..NewIssue::default()
        };
        prefix(&self.tracker.create(&call(), &new).unwrap().issues[0])
    }

    /// Returns the shown state and the assignee.
    pub(crate) fn state(&self, id: &IdPrefix) -> String {
        let view = self.tracker.view().unwrap();
        let readiness = view.readiness();
        let issue = view
            .snapshot
            .issue(&view.snapshot.resolve(id).unwrap())
            .unwrap();
        let who = readiness
            .assignee(issue)
            .map(|who| format!(" {who}"))
            .unwrap_or_default();
        format!("{}{who}", readiness.shown(issue))
    }

    /// Returns the types of all events, in order.
    pub(crate) fn events(&self) -> Vec<String> {
        let events = self.tracker.events(None).unwrap().events;
        events
            .iter()
            .map(|event| event.draft.kind.to_string())
            .collect()
    }
}

pub(crate) fn prefix(id: &IssueId) -> IdPrefix {
    IdPrefix::parse(id.as_str()).unwrap()
}

pub(crate) fn agent(name: &str) -> Assignee {
    Assignee::parse(name).unwrap()
}

/// A call by a person, without conditions.
pub(crate) fn call() -> Call {
    Call {
        actor: agent("human:ada"),
        fence: Fence::default(),
        if_etag: None,
        key: None,
        force: false,
        dry_run: false,
    }
}
