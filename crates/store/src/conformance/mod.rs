//! The suite that every store must pass.
//!
//! Owns what the traits promise, as checks that panic when a promise is broken. Refuses to know how a store keeps things.

pub mod lab;
mod samples;

use crate::error::StoreError;
use crate::traits::{Cursor, Store};
use jit_core::{Changeset, Issue, Receipt, Value};
use samples::{event, gate, id, issue, lease};
use std::collections::BTreeMap;
use std::sync::Barrier;
use std::time::Duration;

/// Runs every check, each on a store of its own that `new_store` makes.
pub fn check_all(new_store: impl Fn() -> Box<dyn Store>) {
    let checks: [fn(&dyn Store); 9] = [
        a_removed_issue_is_gone,
        a_new_store_is_empty,
        what_is_committed_is_read_back,
        what_is_dropped_never_was,
        a_transaction_sees_its_own_changes,
        events_are_numbered_and_streamed,
        receipts_answer_repetitions,
        writers_do_not_lose_each_others_work,
        readers_see_whole_transactions,
    ];
    for check in checks {
        check(&*new_store());
    }
}

fn commit(store: &dyn Store, changes: &Changeset) {
    let mut txn = store.begin().expect("nobody else writes");
    txn.apply(changes);
    let committed = txn.commit().expect("nothing stands in the way");
    assert_eq!(
        committed.warnings,
        [],
        "a commit without any trouble has no warnings"
    );
}

fn a_new_store_is_empty(store: &dyn Store) {
    let snapshot = store.read().expect("readable");
    assert_eq!(
        snapshot.records().count() + snapshot.gates().count() + snapshot.leases().count(),
        0
    );
    assert_eq!(snapshot.problems(), []);
    assert_eq!(store.events(None).expect("readable").events, []);
    assert_eq!(store.receipt("any").expect("readable"), None);
}

fn what_is_committed_is_read_back(store: &dyn Store) {
    let changes = Changeset {
        issues: vec![issue(1, "One"), issue(2, "Two\u{202e} \"quoted\"")],
        leases: vec![lease(1)],
        gates: vec![gate("review"), gate("tests")],
        ..Changeset::default()
    };
    commit(store, &changes);
    let removal = Changeset {
        removed_gates: vec![gate("tests").key],
        ..Changeset::default()
    };
    commit(store, &removal);
    let snapshot = store.read().expect("readable");
    let issues: Vec<_> = snapshot.records().cloned().collect();
    assert_eq!(issues, changes.issues);
    assert_eq!(
        snapshot.leases().cloned().collect::<Vec<_>>(),
        changes.leases
    );
    assert_eq!(
        snapshot.gates().cloned().collect::<Vec<_>>(),
        [gate("review")]
    );
}

fn a_removed_issue_is_gone(store: &dyn Store) {
    let waiting = Issue {
        dependencies: [id(2)].into(),
        ..issue(1, "Waiting")
    };
    commit(
        store,
        &Changeset {
            issues: vec![waiting.clone(), issue(2, "Old")],
            ..Changeset::default()
        },
    );
    let removal = Changeset {
        removed_issues: vec![id(2)],
        ..Changeset::default()
    };
    let mut txn = store.begin().expect("nobody else writes");
    txn.apply(&removal);
    assert_eq!(txn.snapshot().record(&id(2)), None);
    assert_eq!(txn.snapshot().records().count(), 1);
    assert_eq!(txn.snapshot().dependents(&id(2)).count(), 1);
    drop(txn);
    let before = store.read().expect("readable");
    assert!(
        before.record(&id(2)).is_some(),
        "what was dropped never was"
    );
    commit(store, &removal);
    let after = store.read().expect("readable");
    assert_eq!(after.records().collect::<Vec<_>>(), [&waiting]);
    assert_eq!(after.record(&id(2)), None);
    commit(store, &removal);
    commit(
        store,
        &Changeset {
            issues: vec![issue(2, "New")],
            ..Changeset::default()
        },
    );
    let again = store.read().expect("readable");
    assert_eq!(
        again.records().count(),
        2,
        "a name that is free can be taken"
    );
}

fn what_is_dropped_never_was(store: &dyn Store) {
    let mut txn = store.begin().expect("nobody else writes");
    let one = issue(1, "One");
    txn.apply(&Changeset {
        events: vec![event(&one, "never")],
        issues: vec![one],
        ..Changeset::default()
    });
    drop(txn);
    a_new_store_is_empty(store);
    commit(store, &Changeset::default());
    a_new_store_is_empty(store);
}

fn a_transaction_sees_its_own_changes(store: &dyn Store) {
    let mut txn = store.begin().expect("nobody else writes");
    for (title, n_issues) in [("One", 1), ("One again", 1)] {
        txn.apply(&Changeset {
            issues: vec![issue(1, title)],
            ..Changeset::default()
        });
        assert_eq!(txn.snapshot().issues().count(), n_issues);
        assert_eq!(
            txn.snapshot()
                .issue(&id(1))
                .map(|issue| issue.title.as_str()),
            Some(title)
        );
    }
    assert_eq!(
        store.read().expect("readers do not wait").issues().count(),
        0
    );
    txn.commit().expect("nothing stands in the way");
    let title = store
        .read()
        .expect("readable")
        .issue(&id(1))
        .map(|issue| issue.title.clone());
    assert_eq!(title.as_deref(), Some("One again"));
}

/// Checks the newest events against all of them.
fn newest_are_the_end(store: &dyn Store, all: &crate::traits::Events) {
    for n in 0..6 {
        let newest = store.newest_events(n).expect("readable");
        let first = all.events.len().saturating_sub(n);
        assert_eq!(newest.events, all.events[first..], "the {n} newest");
        assert_eq!(newest.cursor, all.cursor, "the stream goes on behind all");
    }
}

fn events_are_numbered_and_streamed(store: &dyn Store) {
    let mut watch = store.watch().expect("watchable");
    assert!(!watch.wait(Duration::ZERO), "nothing has happened yet");
    let one = issue(1, "One");
    let notes = |events: &[jit_core::Event]| -> Vec<String> {
        events
            .iter()
            .map(|event| event.draft.note.clone().unwrap_or_default())
            .collect()
    };
    let drafts = |notes: [&str; 2]| notes.map(|note| event(&one, note)).to_vec();
    commit(
        store,
        &Changeset {
            events: drafts(["a", "b"]),
            issues: vec![one.clone()],
            ..Changeset::default()
        },
    );
    assert!(
        watch.wait(Duration::from_secs(10)),
        "events wake the watcher"
    );
    let first = store.events(None).expect("readable");
    assert_eq!(notes(&first.events), ["a", "b"]);
    commit(
        store,
        &Changeset {
            events: drafts(["c", "d"]),
            issues: vec![one.clone()],
            ..Changeset::default()
        },
    );
    let cursor = Cursor::from_text(first.cursor.as_str());
    let second = store.events(Some(&cursor)).expect("the store's own cursor");
    assert_eq!(notes(&second.events), ["c", "d"]);
    assert_eq!(
        store
            .events(Some(&second.cursor))
            .expect("the store's own cursor")
            .events,
        []
    );
    let all = store.events(None).expect("readable");
    assert_eq!(
        all.events.iter().map(|event| event.lc).collect::<Vec<_>>(),
        [1, 2, 3, 4]
    );
    newest_are_the_end(store, &all);
    let txns: Vec<_> = all.events.iter().map(|event| event.txn).collect();
    assert!(
        txns[0] == txns[1] && txns[2] == txns[3] && txns[1] != txns[2],
        "events of one transaction say so"
    );
    let foreign = store.events(Some(&Cursor::from_text("nonsense")));
    assert!(
        matches!(foreign, Err(StoreError::BadCursor(_))),
        "{foreign:?}"
    );
}

fn receipts_answer_repetitions(store: &dyn Store) {
    let receipt = Receipt {
        key: "../../etc/passwd".to_owned(),
        verb: "issue claim".to_owned(),
        issues: vec![id(1)],
        epoch: Some(9),
        extra: BTreeMap::from([("changed".to_owned(), Value::Bool(true))]),
    };
    let mut txn = store.begin().expect("nobody else writes");
    txn.apply(&Changeset {
        issues: vec![issue(1, "One")],
        receipt: Some(receipt.clone()),
        ..Changeset::default()
    });
    assert_eq!(
        txn.receipt(&receipt.key).expect("readable"),
        Some(receipt.clone())
    );
    txn.commit().expect("nothing stands in the way");
    assert_eq!(
        store.receipt(&receipt.key).expect("readable"),
        Some(receipt.clone())
    );
    assert_eq!(
        store
            .begin()
            .and_then(|txn| txn.receipt(&receipt.key))
            .expect("readable"),
        Some(receipt)
    );
    assert_eq!(store.receipt("other").expect("readable"), None);
}

/// Several writers raise one counter; every acknowledged raise must be in the sum.
fn writers_do_not_lose_each_others_work(store: &dyn Store) {
    const N_WRITERS: u64 = 4;
    const N_RAISES: u64 = 10;
    commit(
        store,
        &Changeset {
            issues: vec![issue(1, "Counter")],
            ..Changeset::default()
        },
    );
    let barrier = Barrier::new(4);
    let raise = || {
        barrier.wait();
        for _ in 0..N_RAISES {
            let mut txn = store.begin().expect("the others finish soon");
            let mut counter = txn.snapshot().issue(&id(1)).expect("just made").clone();
            counter.rev += 1;
            let events = vec![event(&counter, "raised")];
            txn.apply(&Changeset {
                issues: vec![counter],
                events,
                ..Changeset::default()
            });
            txn.commit().expect("nothing stands in the way");
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..N_WRITERS {
            scope.spawn(raise);
        }
    });
    let counter = store
        .read()
        .expect("readable")
        .issue(&id(1))
        .map(|issue| issue.rev);
    assert_eq!(counter, Some(N_WRITERS * N_RAISES));
    let mut clocks: Vec<u64> = store
        .events(None)
        .expect("readable")
        .events
        .iter()
        .map(|event| event.lc)
        .collect();
    clocks.sort_unstable();
    assert_eq!(
        clocks,
        (1..=N_WRITERS * N_RAISES).collect::<Vec<_>>(),
        "every event has a clock of its own"
    );
}

/// A writer keeps two issues equal; no reader may ever see them differ.
fn readers_see_whole_transactions(store: &dyn Store) {
    const N_WRITES: u64 = 60;
    let pair = |n: u64| {
        let raised = |mut issue: Issue| {
            issue.rev = n;
            issue
        };
        vec![
            raised(issue(1, "Left")),
            raised(issue(31 << 45 | 2, "Right")),
        ]
    };
    commit(
        store,
        &Changeset {
            issues: pair(0),
            ..Changeset::default()
        },
    );
    let look = || {
        let snapshot = store.read().expect("readers are never refused");
        let revs: Vec<u64> = snapshot.issues().map(|issue| issue.rev).collect();
        assert_eq!(snapshot.problems(), []);
        assert!(
            revs.len() == 2 && revs[0] == revs[1],
            "a reader saw half a transaction: {revs:?}"
        );
        revs[0]
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 1..=N_WRITES {
                let issues = pair(n);
                commit(
                    store,
                    &Changeset {
                        issues,
                        ..Changeset::default()
                    },
                );
            }
        });
        let mut last = 0;
        while last < N_WRITES {
            let seen = look();
            assert!(seen >= last, "a reader saw the past again");
            last = seen;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::check_all;
    use crate::file::{FileStore, Options, Search, init, locate, place_for_new};
    use crate::memory::MemoryStore;
    use crate::traits::Store;

    #[test]
    fn the_memory_store_conforms() {
        check_all(|| Box::new(MemoryStore::new().unwrap()));
    }

    #[test]
    fn the_file_store_conforms() {
        let dir = tempfile::tempdir().unwrap();
        let n = std::cell::Cell::new(0);
        check_all(|| {
            n.set(n.get() + 1);
            let start = dir.path().join(n.get().to_string());
            std::fs::create_dir(&start).unwrap();
            let search = Search {
                start,
                ..Search::default()
            };
            init(&place_for_new(&search).unwrap()).unwrap();
            let store = FileStore::open(locate(&search).unwrap(), Options::default()).unwrap();
            Box::new(store) as Box<dyn Store>
        });
    }
}
