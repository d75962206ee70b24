//! What git takes away is named, and comes back.
//!
//! Owns the rules of what counts as lost, with a history made up for each case. Refuses to run git: that is for the tests
//! of the program.

use crate::lab::{changes, id, impatient, open, search};
use expect_test::{Expect, expect};
use jit_core::{Assignee, Changeset, Issue};
use jit_store::file::{Location, Lost, Restored, init, place_for_new};
use jit_store::fs::RelPath;
use jit_store::{FileStore, History, Kept, NoHistory, Store as _, StoreError};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// How many commits empty the log at least once.
const ENOUGH_TO_EMPTY_THE_LOG: u64 = 70;

/// The version of the format, as a new store has it.
const FORMAT: &str = r#"{"format":1,"min_reader":1,"min_writer":1,"features":[]}"#;

/// A store inside what looks like a git repository.
struct Place {
    dir: tempfile::TempDir,
}

/// A history that keeps these contents.
#[derive(Default)]
struct Keeps(Vec<(String, Vec<u8>)>);

impl History for Keeps {
    fn visit(&self, paths: &[RelPath], visit: &mut dyn FnMut(Kept<'_>)) -> io::Result<()> {
        let is_asked = |name: &str| {
            let below = |path: &RelPath| {
                let rest = name.strip_prefix(path.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            paths.iter().any(below)
        };
        for (path, content) in self.0.iter().filter(|(path, _)| is_asked(path)) {
            visit(Kept { path, content });
        }
        Ok(())
    }
}

impl Place {
    fn new() -> Self {
        let place = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        let git = place.dir.path().join(".git");
        for name in ["objects", "refs"] {
            fs::create_dir_all(git.join(name)).unwrap();
        }
        fs::write(git.join("HEAD"), "ref: refs/heads/main\n").unwrap();
        init(&place_for_new(&search(place.dir.path())).unwrap()).unwrap();
        place
    }

    fn store(&self) -> FileStore {
        open(self.dir.path()).unwrap()
    }

    fn jit(&self, below: &str) -> PathBuf {
        self.dir.path().join(".jit").join(below)
    }

    /// Gives the `n`th issue one more revision.
    fn write(&self, n: u64) {
        let store = self.store();
        let mut txn = store.begin().unwrap();
        let known = txn.snapshot().issue(&id(n)).cloned();
        let mut new = changes(n, &format!("Issue {n}"));
        let issue = &mut new.issues[0];
        let known = known.unwrap_or_else(|| Issue {
            rev: 0,
            ..issue.clone()
        });
        issue.rev = known.rev + 1;
        issue.description = format!("revision {}", issue.rev);
        issue.etag = issue.compute_etag();
        new.events[0].note = Some(format!("{n} rev {}", issue.rev));
        txn.apply(&new);
        txn.commit().unwrap();
    }

    fn file(&self, n: u64) -> PathBuf {
        let id = id(n);
        self.jit(&format!("issues/{}/{id}.json", id.shard()))
    }

    fn read(&self, n: u64) -> Vec<u8> {
        fs::read(self.file(n)).unwrap()
    }

    fn lost(&self, history: &dyn History) -> Lost {
        self.store().lost(history).unwrap()
    }

    fn restore(&self, lost: &Lost) -> Restored {
        let by = Assignee::parse("human:ada").unwrap();
        self.store().restore(lost, &by).unwrap()
    }

    /// Returns the revisions of all issues and the notes of all events.
    fn seen(&self) -> (Vec<u64>, Vec<String>) {
        let snapshot = self.store().read().unwrap();
        let mut events = self.store().events(None).unwrap();
        events.sort_for_display();
        let notes = events.events.into_iter();
        (
            snapshot.issues().map(|issue| issue.rev).collect(),
            notes.map(|it| it.draft.note.unwrap_or_default()).collect(),
        )
    }

    fn remove_segments(&self) {
        fs::remove_dir_all(self.jit("events")).unwrap();
    }

    /// Returns everything that lies in the shared directory, as git might keep it.
    fn all_files(&self) -> Keeps {
        let mut keeps = Keeps::default();
        collect(&self.jit(""), "", &mut keeps);
        keeps
    }
}

fn collect(top: &Path, below: &str, keeps: &mut Keeps) {
    for entry in fs::read_dir(top.join(below)).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let path = if below.is_empty() {
            name
        } else {
            format!("{below}/{name}")
        };
        if top.join(&path).is_dir() {
            collect(top, &path, keeps);
        } else {
            let content = fs::read(top.join(&path)).unwrap();
            keeps.0.push((path, content));
        }
    }
}

fn shown(lost: &Lost) -> String {
    let files = lost.files.iter().map(|it| it.found.as_str());
    let files: Vec<_> = files.collect();
    format!("files {files:?}, {} events", lost.events.len())
}

/// Writes issue 1 three times, does something to the files, and compares what is lost then.
fn check(meddle: impl FnOnce(&Place, &[Vec<u8>]) -> Keeps, expected: &Expect) {
    let place = Place::new();
    let mut versions = Vec::new();
    for _ in 0..3 {
        place.write(1);
        versions.push(place.read(1));
    }
    let keeps = meddle(&place, &versions);
    expected.assert_eq(&shown(&place.lost(&keeps)));
}

/// A history that keeps one version of issue 1.
fn keeps(content: &[u8]) -> Keeps {
    let path = format!("issues/{}/{}.json", id(1).shard(), id(1));
    Keeps(vec![(path, content.to_vec())])
}

fn edited(content: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(content.to_vec()).unwrap();
    assert!(text.contains(from), "{text}");
    text.replace(from, to).into_bytes()
}

#[test]
fn lost_is_what_neither_the_files_nor_git_have() {
    let none = |_: &Place, _: &[Vec<u8>]| Keeps::default();
    check(none, &expect!["files [], 0 events"]);
    let remove = |place: &Place, _: &[Vec<u8>]| {
        fs::remove_file(place.file(1)).unwrap();
        Keeps::default()
    };
    check(remove, &expect![[r#"files ["nothing"], 0 events"#]]);
    let revert = |place: &Place, versions: &[Vec<u8>]| {
        fs::write(place.file(1), &versions[1]).unwrap();
        keeps(&versions[1])
    };
    check(revert, &expect![[r#"files ["older"], 0 events"#]]);
    let replace = |place: &Place, versions: &[Vec<u8>]| {
        let other = edited(&versions[1], "Issue 1", "Of another branch");
        fs::write(place.file(1), other).unwrap();
        Keeps::default()
    };
    check(replace, &expect![[r#"files ["foreign"], 0 events"#]]);
    let edit = |place: &Place, versions: &[Vec<u8>]| {
        let by_hand = edited(&versions[2], "Issue 1", "By hand");
        fs::write(place.file(1), by_hand).unwrap();
        Keeps::default()
    };
    check(edit, &expect!["files [], 0 events"]);
    let merge = |place: &Place, versions: &[Vec<u8>]| {
        let merged = edited(&versions[1], "\"rev\": 2", "\"rev\": 4");
        fs::write(place.file(1), merged).unwrap();
        Keeps::default()
    };
    check(merge, &expect!["files [], 0 events"]);
}

#[test]
fn what_git_keeps_is_not_lost() {
    let switch = |place: &Place, versions: &[Vec<u8>]| {
        fs::remove_file(place.file(1)).unwrap();
        keeps(&versions[2])
    };
    check(switch, &expect!["files [], 0 events"]);
    let switch_from_edited = |place: &Place, versions: &[Vec<u8>]| {
        fs::remove_file(place.file(1)).unwrap();
        keeps(&edited(&versions[2], "Issue 1", "By hand"))
    };
    check(switch_from_edited, &expect!["files [], 0 events"]);
    let force = |place: &Place, versions: &[Vec<u8>]| {
        fs::remove_file(place.file(1)).unwrap();
        keeps(&versions[1])
    };
    check(force, &expect![[r#"files ["nothing"], 0 events"#]]);
    let go_back_and_on = |place: &Place, versions: &[Vec<u8>]| {
        fs::write(place.file(1), &versions[0]).unwrap();
        place.write(1);
        fs::remove_file(place.file(1)).unwrap();
        // It has a greater revision than what was written last, and is older all the same.
        keeps(&versions[2])
    };
    check(go_back_and_on, &expect![[r#"files ["nothing"], 0 events"#]]);
    let clean = |place: &Place, _: &[Vec<u8>]| {
        fs::remove_dir_all(place.jit("issues")).unwrap();
        place.remove_segments();
        Keeps::default()
    };
    check(clean, &expect![[r#"files ["nothing"], 3 events"#]]);
    let switch_all = |place: &Place, _: &[Vec<u8>]| {
        let keeps = place.all_files();
        fs::remove_dir_all(place.jit("issues")).unwrap();
        place.remove_segments();
        keeps
    };
    check(switch_all, &expect!["files [], 0 events"]);
}

#[test]
fn what_the_log_has_forgotten_is_in_the_spool() {
    let place = Place::new();
    place.write(1);
    for _ in 0..ENOUGH_TO_EMPTY_THE_LOG {
        place.write(2);
    }
    let spool = place.dir.path().join(".git/jit/spool");
    assert_eq!(fs::read_dir(&spool).unwrap().count(), 1);
    let before = (place.read(1), place.read(2), place.seen());
    fs::remove_dir_all(place.jit("issues")).unwrap();
    place.remove_segments();
    // Without it nobody would know the one that was written first.
    let away = spool.with_file_name("away");
    fs::rename(&spool, &away).unwrap();
    let known = place.lost(&NoHistory).files;
    assert!(known.iter().all(|it| it.issue == Some(id(2))), "{known:?}");
    fs::rename(&away, &spool).unwrap();
    let lost = place.lost(&NoHistory);
    assert_eq!((lost.files.len(), lost.events.len()), (2, 71));
    let restored = place.restore(&lost);
    assert_eq!((restored.files.len(), restored.events.len()), (2, 71));
    let (mut revs, mut notes) = before.2;
    notes.extend(["recovered".to_owned(), "recovered".to_owned()]);
    revs.sort_unstable();
    assert_eq!((place.read(1), place.read(2)), (before.0, before.1));
    assert_eq!(place.seen(), (revs, notes));
    assert!(place.lost(&NoHistory).is_empty());
}

#[test]
fn what_changed_since_it_was_found_is_left_alone() {
    let place = Place::new();
    place.write(1);
    let first = place.read(1);
    place.write(1);
    let second = place.read(1);
    fs::write(place.file(1), &first).unwrap();
    let lost = place.lost(&NoHistory);
    assert_eq!(shown(&lost), r#"files ["older"], 0 events"#);
    fs::write(place.file(1), "{\"mine\":1}").unwrap();
    assert_eq!(place.restore(&lost), Restored::default());
    assert_eq!(place.read(1), b"{\"mine\":1}");
    // Nor is anything overwritten that was not written here: ours is put aside.
    let lost = place.lost(&NoHistory);
    for _ in 0..2 {
        let restored = place.restore(&lost);
        assert!(restored.files.is_empty());
        let [(_, saved)] = &restored.kept_aside[..] else {
            panic!("{restored:?}")
        };
        let saved = saved.replace("<private>", ".git/jit");
        assert_eq!(fs::read(place.dir.path().join(saved)).unwrap(), second);
    }
    assert_eq!(place.read(1), b"{\"mine\":1}");
}

#[test]
fn restoring_twice_changes_nothing() {
    let place = Place::new();
    place.write(1);
    fs::remove_file(place.file(1)).unwrap();
    place.remove_segments();
    let lost = place.lost(&NoHistory);
    place.restore(&lost);
    let seen = place.seen();
    assert_eq!(seen.1, ["1 rev 1", "recovered"]);
    let again = place.restore(&lost);
    assert_eq!(again, Restored::default());
    assert_eq!(place.seen(), seen);
    // The next writer goes on from there.
    place.write(1);
    assert_eq!(place.seen().0, [2]);
    assert!(place.lost(&NoHistory).is_empty());
}

#[test]
fn a_file_that_the_log_has_still_to_change_is_not_lost() {
    let place = Place::new();
    place.write(1);
    let before = (
        fs::read(place.dir.path().join(".git/jit/applied")).unwrap(),
        place.read(1),
    );
    place.write(1);
    // As after a death between the commit and its application.
    fs::write(place.dir.path().join(".git/jit/applied"), before.0).unwrap();
    fs::write(place.file(1), before.1).unwrap();
    assert!(place.lost(&NoHistory).is_empty());
    assert_eq!(place.seen().0, [2]);
}

#[test]
fn a_removed_file_is_not_lost() {
    let place = Place::new();
    let key = jit_core::GateKey::parse("review").unwrap();
    let define = |removed: bool| {
        let gate = jit_core::GateDefinition {
            key: key.clone(),
            title: "Review".to_owned(),
            description: String::new(),
            stage: jit_core::GateStage::Exit,
            mode: jit_core::GateMode::Manual,
            extra: std::collections::BTreeMap::new(),
        };
        let mut changes = Changeset::default();
        if removed {
            changes.removed_gates.push(key.clone());
        } else {
            changes.gates.push(gate);
        }
        let store = place.store();
        let mut txn = store.begin().unwrap();
        txn.apply(&changes);
        txn.commit().unwrap();
    };
    define(false);
    fs::remove_file(place.jit("gates/review.json")).unwrap();
    let lost = place.lost(&NoHistory);
    assert_eq!(shown(&lost), r#"files ["nothing"], 0 events"#);
    place.restore(&lost);
    define(true);
    assert!(place.lost(&NoHistory).is_empty());
}

#[test]
fn a_store_made_anew_under_a_writer_has_no_second_one() {
    let place = Place::new();
    place.write(1);
    let store = place.store();
    let mut txn = store.begin().unwrap();
    txn.apply(&changes(2, "Under way"));
    // As git does when it leaves a branch that has the store and comes back.
    fs::rename(place.jit(""), place.dir.path().join("left")).unwrap();
    let again = place_for_new(&search(place.dir.path()));
    assert!(
        init_within(again.unwrap()).is_none(),
        "the log has a writer"
    );
    drop(txn);
    let again = place_for_new(&search(place.dir.path()));
    assert!(init_within(again.unwrap()).is_some());
    place.write(1);
}

/// Makes the store anew and begins to write, unless somebody else writes for long.
fn init_within(location: Location) -> Option<()> {
    fs::create_dir_all(&location.store).unwrap();
    fs::write(location.store.join("format.json"), FORMAT).unwrap();
    let store = FileStore::open(location, impatient()).unwrap();
    match store.begin() {
        Ok(txn) => {
            drop(txn);
            Some(())
        }
        Err(StoreError::Busy { .. }) => None,
        Err(error) => panic!("{error:?}"),
    }
}
