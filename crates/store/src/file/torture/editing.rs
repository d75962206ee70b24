//! An edit by hand in the window between the log and the file, of a version that the log still has: both changes count.

use super::{fresh, id, open};
use crate::error::Result;
use crate::file::layout;
use crate::file::options::Warning;
use crate::fs::sim::{Fault, FaultKind, SimFs};
use crate::fs::{self, Access, Fs as _};
use crate::traits::{Committed, Store as _};
use jit_core::{Assignee, Changeset, Issue, Timestamp};

fn version(rev: u64, title: &str) -> Issue {
    let by = Assignee::parse("agent:a1").unwrap();
    let at = Timestamp::from_micros(1_700_000_000_000_000);
    let mut issue = Issue::new(id(1), title.to_owned(), by, at);
    issue.description = "first\n".to_owned();
    issue.rev = rev;
    issue.etag = issue.compute_etag();
    issue
}

fn write(fs: &SimFs, issue: Issue) -> Result<Committed> {
    let mut txn = open(fs, "boot")?.begin()?;
    txn.apply(&Changeset {
        issues: vec![issue],
        ..Changeset::default()
    });
    txn.commit()
}

/// Returns files that hold the first version, while the log has the second one as well.
fn pending() -> SimFs {
    let fs = fresh();
    write(&fs, version(1, "Early")).unwrap();
    let clean = fs.after_death();
    clean.inject(None);
    write(&clean, version(2, "Late")).unwrap();
    let call = clean.calls().iter().position(|call| *call == "fdatasync");
    let victim = fs.after_death();
    victim.inject(Some(Fault {
        call: call.unwrap() as u64 + 1,
        kind: FaultKind::Death,
    }));
    write(&victim, version(2, "Late")).unwrap();
    victim.after_death()
}

fn text(fs: &SimFs) -> String {
    let at = layout::issue(&id(1));
    String::from_utf8(fs::read(fs, &at, 1 << 20).unwrap()).unwrap()
}

fn edit(fs: &SimFs, old: &str, new: &str) {
    let text = text(fs);
    assert!(text.contains(old), "{text}");
    let mut file = fs.open(&layout::issue(&id(1)), Access::Create).unwrap();
    file.set_len(0).unwrap();
    fs::write_all_at(&mut *file, 0, text.replace(old, new).as_bytes()).unwrap();
}

/// Recovers, and returns the warnings.
fn recover(fs: &SimFs, boot: &str) -> Vec<Warning> {
    let txn = open(fs, boot).unwrap().begin().unwrap();
    txn.commit().unwrap().warnings
}

#[test]
fn both_changes_count_where_the_log_has_the_version_that_was_edited() {
    let fs = pending();
    edit(&fs, "first", "by hand");
    let warnings = recover(&fs, "boot");
    assert!(
        matches!(warnings[..], [Warning::Merged { .. }]),
        "{warnings:?}"
    );
    let text = text(&fs);
    assert!(
        text.contains("\"Late\"") && text.contains("by hand"),
        "{text}"
    );
    assert!(
        text.contains("_merged") && !text.contains("_conflicts"),
        "{text}"
    );
    assert_eq!(recover(&fs, "boot"), []);
}

#[test]
fn what_both_changed_is_kept_as_a_conflict() {
    let fs = pending();
    edit(&fs, "Early", "By hand");
    recover(&fs, "boot");
    let text = text(&fs);
    assert!(
        text.contains("_conflicts") && text.contains("By hand"),
        "{text}"
    );
    assert!(text.contains("Late"), "{text}");
}

#[test]
fn other_edits_stay_as_they_are() {
    let check = |boot: &str, old: &str, new: &str| {
        let fs = pending();
        edit(&fs, old, new);
        let edited = text(&fs);
        let warnings = recover(&fs, boot);
        assert!(
            matches!(warnings[..], [Warning::ExternalEdit { .. }]),
            "{warnings:?}"
        );
        assert_eq!(text(&fs), edited);
    };
    // After a restart what somebody did counts, and nobody knows when he did it.
    check("other boot", "first", "by hand");
    // Another etag is another version: git has put it there.
    let etag = version(1, "Early").etag;
    check("boot", &etag, "0123456789abcdef0123");
    check("boot", "{", "<<<<<<< ours\n{");
}

#[test]
fn dying_in_it_loses_neither_change() {
    let fs = pending();
    edit(&fs, "first", "by hand");
    let clean = fs.after_death();
    clean.inject(None);
    recover(&clean, "boot");
    let n_calls = clean.calls().len() as u64;
    let mut n_merged = 0;
    for call in 0..n_calls {
        for kind in [FaultKind::Death, FaultKind::DeathHalfway] {
            let victim = fs.after_death();
            victim.inject(Some(Fault { call, kind }));
            // The dead may have said anything.
            drop(open(&victim, "boot").and_then(|store| store.begin()));
            let left = victim.after_death();
            let warnings = recover(&left, "boot");
            let text = text(&left);
            let has_both = text.contains("\"Late\"") && text.contains("by hand");
            n_merged += u32::from(has_both);
            // A mark that is torn counts as a restart: then the edit stays, and the other version is kept aside.
            let is_kept = matches!(warnings[..], [Warning::ExternalEdit { .. }]);
            let has_edit = text.contains("by hand");
            assert!(
                has_edit && (has_both || is_kept),
                "{kind:?} at call {call}: {text}"
            );
        }
    }
    assert!(n_merged > 10, "only {n_merged} were merged");
}
