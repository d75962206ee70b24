//! Several processes at one store.

use crate::lab::{Lab, impatient, write};
use jit_store::file::Durability;
use jit_store::{FileStore, Store as _, StoreError};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

#[test]
fn waiting_for_a_writer_ends_and_names_it() {
    let lab = Lab::new();
    let holder = lab.open().unwrap();
    let txn = holder.begin().unwrap();
    let other = lab.open().unwrap().with_options(impatient());
    let error = write(&other, 1, "One").unwrap_err();
    let StoreError::Busy { holder: who, .. } = &error else {
        panic!("{error:?}")
    };
    if cfg!(target_os = "linux") {
        let who = who.as_deref().unwrap();
        assert!(
            who.starts_with(&format!("process {} ", std::process::id())),
            "{who}"
        );
    }
    // Readers do not wait.
    assert_eq!(lab.read(), "");
    drop(txn);
    write(&other, 1, "One").unwrap();
}

#[test]
fn a_store_that_was_replaced_is_noticed() {
    let lab = Lab::new();
    let store = lab.open().unwrap();
    write(&store, 1, "One").unwrap();
    // As a stash or a restored backup does it.
    fs::rename(lab.path(".jit"), lab.outside("old")).unwrap();
    assert!(matches!(
        write(&store, 2, "Two"),
        Err(StoreError::NoStore { .. })
    ));
    copy_tracked(&lab.outside("old"), &lab.path(".jit"));
    write(&store, 3, "Three").unwrap();
    assert_eq!(lab.read(), "One, Three");
}

fn copy_tracked(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_name() == "local" {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            copy_tracked(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}

/// Returns every file and directory with what would change if anybody wrote.
fn tree(dir: &Path) -> BTreeMap<PathBuf, (u64, i64, i64)> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![dir.to_owned()];
    while let Some(path) = waiting.pop() {
        let metadata = fs::symlink_metadata(&path).unwrap();
        if metadata.is_dir() {
            waiting.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        }
        found.insert(
            path,
            (metadata.len(), metadata.ctime(), metadata.ctime_nsec()),
        );
    }
    found
}

#[test]
fn reading_writes_nothing() {
    let lab = Lab::new();
    lab.write(1, "One").unwrap();
    // The state after a restart: whoever writes would recover first.
    fs::remove_file(lab.path(".jit/local/applied")).unwrap();
    let before = tree(&lab.path(""));
    let store = lab.open().unwrap();
    assert_eq!(store.read().unwrap().issues().count(), 1);
    assert_eq!(store.events(None).unwrap().events.len(), 1);
    assert_eq!(store.receipt("k").unwrap(), None);
    store.config().unwrap();
    assert_eq!(tree(&lab.path("")), before);
}

#[test]
fn what_is_private_is_for_this_user_only() {
    let lab = Lab::new();
    lab.write(1, "One").unwrap();
    let mode = |path: &str| fs::metadata(lab.path(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(".jit/local/leases"), 0o700);
    assert_eq!(mode(".jit/local/wal"), 0o600);
    assert_eq!(mode(".jit/local/applied"), 0o600);
}

#[test]
fn every_durability_writes_the_same() {
    for durability in [Durability::Fast, Durability::Commit, Durability::Paranoid] {
        let lab = Lab::new();
        let options = jit_store::file::Options {
            durability,
            ..impatient()
        };
        let store: FileStore = lab.open().unwrap().with_options(options);
        // More than the log takes before it is emptied.
        for n in 1..=70 {
            assert_eq!(
                write(&store, n, &format!("Issue {n}")).unwrap().warnings,
                []
            );
        }
        assert_eq!(store.read().unwrap().issues().count(), 70);
        assert_eq!(lab.events().len(), 70);
        let wal = fs::metadata(lab.path(".jit/local/wal")).unwrap().len();
        assert!(
            (1..64 * 1024).contains(&wal),
            "the log was emptied once and used again: {wal}"
        );
    }
}

#[test]
fn many_issues_in_one_transaction_are_read_back_whole() {
    const N_ISSUES: u64 = 900;
    let lab = Lab::new();
    let store = lab.open().unwrap();
    let mut txn = store.begin().unwrap();
    for n in 0..N_ISSUES {
        txn.apply(&crate::lab::changes(n, &format!("Issue {n}")));
    }
    assert_eq!(txn.commit().unwrap().warnings, []);
    let snapshot = store.read().unwrap();
    assert_eq!(snapshot.problems(), []);
    for n in 0..N_ISSUES {
        let title = snapshot
            .issue(&crate::lab::id(n))
            .map(|issue| issue.title.clone());
        assert_eq!(title, Some(format!("Issue {n}")));
    }
    // A transaction that size is too much for the log to keep.
    assert_eq!(fs::metadata(lab.path(".jit/local/wal")).unwrap().len(), 0);
    // One damaged file among many is still named.
    fs::write(
        lab.path(&format!(
            ".jit/issues/{}/{}.json",
            crate::lab::id(7).shard(),
            crate::lab::id(7)
        )),
        "{",
    )
    .unwrap();
    let snapshot = store.read().unwrap();
    assert_eq!(
        (snapshot.issues().count(), snapshot.problems().len()),
        (899, 1)
    );
}
