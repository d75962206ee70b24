//! People and programs that touch the files while a transaction is on its way, and readers that must touch none.

use super::{changes, events, fresh, id, open, records, states, step};
use crate::file::layout;
use crate::file::options::Warning;
use crate::fs::sim::{Fault, FaultKind, SimFs};
use crate::fs::{self, Access, At, Fs as _};
use crate::traits::Store as _;

/// Calls that change something.
const WRITING: [&str; 8] = [
    "pwrite",
    "rename",
    "unlink",
    "mkdir",
    "ftruncate",
    "fsync",
    "fdatasync",
    "syncfs",
];

/// Returns files whose log holds step `n` while the files do not.
fn committed_only(fs: &SimFs, n: usize) -> SimFs {
    let clean = fs.after_death();
    clean.inject(None);
    step(&clean, "boot", n).unwrap();
    let call = clean
        .calls()
        .iter()
        .position(|call| *call == "fdatasync")
        .unwrap() as u64
        + 1;
    let victim = fs.after_death();
    victim.inject(Some(Fault {
        call,
        kind: FaultKind::Death,
    }));
    // The dead can't tell, but it would be the truth.
    let committed = step(&victim, "boot", n).unwrap();
    assert!(
        matches!(committed.warnings[..], [Warning::ApplyPending { .. }]),
        "{committed:?}"
    );
    victim.after_death()
}

fn put(fs: &SimFs, at: &At, text: &str) {
    let mut file = fs.open(at, Access::Create).unwrap();
    file.set_len(0).unwrap();
    fs::write_all_at(&mut *file, 0, text.as_bytes()).unwrap();
}

fn text_of(fs: &SimFs, at: &At) -> String {
    String::from_utf8(fs::read(fs, at, 1 << 20).unwrap()).unwrap()
}

#[test]
fn readers_make_no_call_that_writes() {
    let fs = fresh();
    step(&fs, "boot", 0).unwrap();
    let pending = committed_only(&fs, 1);
    for (fs, boot) in [
        (&fs, "boot"),
        (&fs, "other boot"),
        (&pending, "boot"),
        (&pending, "other boot"),
    ] {
        fs.inject(None);
        let store = open(fs, boot).unwrap();
        records(&store).unwrap();
        events(&store).unwrap();
        let calls = fs.calls();
        assert!(
            calls.iter().all(|call| !WRITING.contains(call)),
            "{calls:?}"
        );
        assert!(
            !calls.contains(&"flock"),
            "nobody writes, so nobody has to wait"
        );
    }
}

#[test]
fn a_reader_sees_the_log_before_the_files_do() {
    let states = states();
    let fs = fresh();
    for n in 0..super::N_STEPS {
        let pending = committed_only(&fs, n);
        for boot in ["boot", "other boot"] {
            let store = open(&pending, boot).unwrap();
            assert_eq!(
                records(&store).unwrap(),
                states[n + 1].0,
                "step {n} on {boot}"
            );
            assert_eq!(
                events(&store).unwrap(),
                states[n + 1].1,
                "step {n} on {boot}"
            );
        }
        step(&fs, "boot", n).unwrap();
    }
}

#[test]
pub(super) fn an_edit_in_the_window_stays_and_the_other_version_is_kept() {
    for boot in ["boot", "other boot"] {
        let fs = fresh();
        step(&fs, "boot", 0).unwrap();
        let pending = committed_only(&fs, 1);
        let at = layout::issue(&id(1));
        let edited = text_of(&pending, &at).replace("first", "by hand");
        put(&pending, &at, &edited);
        let txn = open(&pending, boot).unwrap().begin().unwrap();
        assert_eq!(txn.snapshot().issue(&id(1)).unwrap().description, "by hand");
        assert_eq!(txn.snapshot().issue(&id(2)).unwrap().description, "second");
        let committed = txn.commit().unwrap();
        let [Warning::ExternalEdit { path, saved }] = &committed.warnings[..] else {
            panic!("{committed:?}")
        };
        assert_eq!(path, &at.to_string());
        assert_eq!(text_of(&pending, &at), edited);
        let saved = At::private(saved.strip_prefix("<private>/").unwrap());
        assert!(
            text_of(&pending, &saved).contains("xxxxx"),
            "the version of the log is kept aside"
        );
        // The next command has nothing to complain about any more.
        assert_eq!(step(&pending, boot, 3).unwrap().warnings, []);
    }
}

#[test]
fn what_a_restart_left_broken_is_kept_aside_and_written_anew() {
    let fs = fresh();
    step(&fs, "boot", 0).unwrap();
    let at = layout::issue(&id(1));
    let good = text_of(&fs, &at);
    put(&fs, &at, &good[..good.len() / 2]);
    let committed = open(&fs, "other boot")
        .unwrap()
        .begin()
        .unwrap()
        .commit()
        .unwrap();
    let [Warning::Restored { saved, .. }] = &committed.warnings[..] else {
        panic!("{committed:?}")
    };
    assert_eq!(text_of(&fs, &at), good);
    let saved = At::private(saved.strip_prefix("<private>/").unwrap());
    assert_eq!(text_of(&fs, &saved), good[..good.len() / 2]);
}

#[test]
fn what_was_removed_long_after_the_commit_stays_removed() {
    let fs = fresh();
    step(&fs, "boot", 0).unwrap();
    super::let_log_age(&fs);
    fs.unlink(&layout::issue(&id(1))).unwrap();
    let store = open(&fs, "other boot").unwrap();
    assert_eq!(store.read().unwrap().issues().count(), 0);
    let committed = store.begin().unwrap().commit().unwrap();
    assert!(
        matches!(committed.warnings[..], [Warning::ExternalEdit { .. }]),
        "{committed:?}"
    );
    assert_eq!(store.read().unwrap().issues().count(), 0);
}

#[test]
fn a_file_that_changes_under_a_decision_is_not_overwritten() {
    let fs = fresh();
    step(&fs, "boot", 0).unwrap();
    let at = layout::issue(&id(1));
    let edited = text_of(&fs, &at).replace("first", "by hand");
    let mut txn = open(&fs, "boot").unwrap().begin().unwrap();
    let changes = changes(5, txn.snapshot());
    txn.apply(&changes);
    put(&fs, &at, &edited);
    let error = txn.commit().unwrap_err();
    assert!(
        error.to_string().contains("changed by another program"),
        "{error}"
    );
    assert_eq!(text_of(&fs, &at), edited);
}

#[test]
fn a_disk_that_does_not_say_what_it_did_stops_all_writers() {
    let fs = fresh();
    let clean = fs.after_death();
    clean.inject(None);
    step(&clean, "boot", 0).unwrap();
    let call = clean
        .calls()
        .iter()
        .position(|call| *call == "fdatasync")
        .unwrap() as u64;
    fs.inject(Some(Fault {
        call,
        kind: FaultKind::Forever(rustix::io::Errno::IO.raw_os_error()),
    }));
    let error = step(&fs, "boot", 0).unwrap_err();
    assert_eq!(error.kind(), jit_core::ErrorKind::OutcomeUnknown);
    let syncs = fs
        .calls()
        .iter()
        .filter(|call| **call == "fdatasync")
        .count();
    assert_eq!(
        syncs, 1,
        "a failed sync is not tried again on the same bytes"
    );
}

#[test]
fn the_note_of_a_disk_error_keeps_writers_away_and_readers_not() {
    let fs = fresh();
    step(&fs, "boot", 0).unwrap();
    put(&fs, &layout::stop_marker(), "input/output error");
    let error = step(&fs, "boot", 1).unwrap_err();
    assert!(error.to_string().contains("input/output error"), "{error}");
    assert_eq!(records(&open(&fs, "boot").unwrap()).unwrap(), states()[1].0);
    fs.unlink(&layout::stop_marker()).unwrap();
    step(&fs, "boot", 1).unwrap();
}

#[test]
fn a_log_that_is_broken_in_its_middle_stops_writers_and_not_readers() {
    let states = states();
    for boot in ["boot", "other boot"] {
        let fs = fresh();
        for n in 0..3 {
            step(&fs, "boot", n).unwrap();
        }
        let mut log = fs.open(&layout::wal(), Access::Write).unwrap();
        fs::write_all_at(&mut *log, 50, b"damage").unwrap();
        let store = open(&fs, boot).unwrap();
        let seen = records(&store).unwrap();
        let without_problems: String = seen
            .split_inclusive('\n')
            .filter(|line| !line.starts_with("PROBLEM"))
            .collect();
        assert_eq!(without_problems, states[3].0, "on {boot}");
        // In the same boot nobody needs that part of the log any more.
        assert_eq!(seen.contains("broken_log"), boot == "other boot", "{seen}");
        assert_eq!(store.begin().is_err(), boot == "other boot");
    }
}

#[test]
fn renewals_need_neither_log_nor_sync() {
    let fs = fresh();
    for n in 0..2 {
        step(&fs, "boot", n).unwrap();
    }
    fs.inject(None);
    let mut txn = open(&fs, "boot").unwrap().begin().unwrap();
    let mut lease = txn.snapshot().lease(&id(1)).unwrap().clone();
    lease.renew_seq += 1;
    lease.renewed_boottime_ms = 77;
    txn.apply(&jit_core::Changeset {
        leases: vec![lease.clone()],
        ..jit_core::Changeset::default()
    });
    txn.commit().unwrap();
    let calls = fs.calls();
    assert!(!calls.iter().any(|call| call.contains("sync")), "{calls:?}");
    assert_eq!(
        open(&fs, "boot").unwrap().read().unwrap().lease(&id(1)),
        Some(&lease)
    );
}

#[test]
fn a_commit_costs_one_sync_whatever_it_writes() {
    let fs = fresh();
    for n in [0, 1, 2, 3, 4, 5, 5] {
        fs.inject(None);
        step(&fs, "boot", n).unwrap();
        let calls = fs.calls();
        let syncs: Vec<_> = calls.iter().filter(|call| call.contains("sync")).collect();
        // The first commit of a clone makes the log, and the name of the log has to last too.
        let expected: &[&str] = if n == 0 {
            &["fsync", "fdatasync"]
        } else {
            &["fdatasync"]
        };
        assert_eq!(syncs, expected.iter().collect::<Vec<_>>(), "step {n}");
    }
    // One issue and one event in a store of seven issues and a lease: the seven are read in four calls each.
    let n_calls = fs.calls().len();
    assert!(n_calls <= 90, "{n_calls} calls: {:?}", fs.calls());
}
