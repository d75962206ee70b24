//! The file store on the real file system.

use jit_core::{Assignee, Changeset, EventDraft, EventKind, Issue, IssueId, Timestamp};
use jit_store::file::{Options, Search, init, locate, place_for_new};
use jit_store::{FileStore, Store as _};
use std::path::Path;

fn open(dir: &Path) -> FileStore {
    let search = Search {
        start: dir.to_owned(),
        ..Search::default()
    };
    init(&place_for_new(&search).unwrap()).unwrap();
    FileStore::open(locate(&search).unwrap(), Options::default()).unwrap()
}

fn issue(n: u64) -> Changeset {
    let now = Timestamp::from_micros(1_700_000_000_000_000);
    let by = Assignee::parse("human:ada").unwrap();
    let issue = Issue::new(
        IssueId::from_random(n),
        format!("Issue {n}"),
        by.clone(),
        now,
    );
    let event = EventDraft {
        ts: now,
        actor: by,
        kind: EventKind::IssueCreated,
        issue: Some(issue.id.clone()),
        gate: None,
        rev: Some(1),
        etag: None,
        prev: Vec::new(),
        epoch: None,
        key: None,
        note: None,
        changes: std::collections::BTreeMap::default(),
    };
    Changeset {
        issues: vec![issue],
        events: vec![event],
        ..Changeset::default()
    }
}

#[test]
fn what_is_committed_is_read_back() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let t = std::time::Instant::now();
    for n in 0..300 {
        let mut txn = store.begin().unwrap();
        txn.apply(&issue(n));
        let committed = txn.commit().unwrap();
        assert_eq!(committed.warnings, []);
        assert_eq!(committed.events[0].lc, n + 1);
    }
    eprintln!("{:?}", t.elapsed());
    let snapshot = store.read().unwrap();
    assert_eq!(snapshot.issues().count(), 300);
    assert_eq!(snapshot.problems(), []);
    assert_eq!(store.events(None).unwrap().events.len(), 300);
}
