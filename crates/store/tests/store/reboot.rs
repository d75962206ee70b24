//! What the user did with git between a crash and the next start stays as it is.
//!
//! Owns the rules of `docs/design/storage.md` S4 about the user, with real git and another boot. Refuses power cuts: those
//! are simulated inside the store.

use crate::lab::{changes, id, search};
use crate::places::git;
use jit_core::Issue;
use jit_store::file::{Location, Options, Warning, init, locate, place_for_new};
use jit_store::fs::RealFs;
use jit_store::{FileStore, Host, Store as _, SystemHost};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A machine in one of its boots, whose clock may lag behind that of its files.
#[derive(Debug)]
struct Boot {
    host: SystemHost,
    name: &'static str,
    lag_us: i64,
}

/// How long ago everything seems to have been written: longer than clocks may differ.
const LONG_AGO_US: i64 = 60_000_000;

impl Host for Boot {
    fn now_us(&self) -> i64 {
        self.host.now_us() - self.lag_us
    }

    fn boot_id(&self) -> &str {
        self.name
    }

    fn random(&self) -> std::io::Result<u128> {
        self.host.random()
    }
}

/// A repository whose issue 1 has a version on each of two branches, and a newer one that the log still holds.
struct Machine {
    dir: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        let it = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        it.git(&["init", "-q", "-b", "main"]);
        init(&place_for_new(&search(&it.root())).unwrap()).unwrap();
        it.write("Base");
        it.commit("base");
        it.git(&["switch", "-q", "-c", "side"]);
        it.write("Side");
        it.commit("side");
        it.git(&["switch", "-q", "main"]);
        it.write("Main");
        it.commit("main");
        // The log begins anew: what was committed so far is not in it.
        it.forget_log();
        it.write("Newest");
        it
    }

    fn root(&self) -> PathBuf {
        self.dir.path().canonicalize().unwrap()
    }

    fn git(&self, arguments: &[&str]) {
        let output = git(&self.root(), arguments);
        assert!(output.status.success(), "git {arguments:?}: {output:?}");
    }

    fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
    }

    fn open(&self, name: &'static str, lag_us: i64) -> FileStore {
        let location: Location = locate(&search(&self.root())).unwrap();
        let host = Boot {
            host: SystemHost::new().unwrap(),
            name,
            lag_us,
        };
        let fs = Arc::new(RealFs::new(&location.store, &location.private));
        FileStore::with(location, Options::default(), fs, Arc::new(host)).unwrap()
    }

    fn write(&self, title: &str) {
        let store = self.open("first boot", LONG_AGO_US);
        let mut txn = store.begin().unwrap();
        let known = txn.snapshot().issue(&id(1)).cloned();
        let mut new = changes(1, title);
        let issue: &mut Issue = &mut new.issues[0];
        issue.rev = known.map_or(0, |known| known.rev) + 1;
        issue.etag = issue.compute_etag();
        txn.apply(&new);
        txn.commit().unwrap();
    }

    fn forget_log(&self) {
        for name in ["wal", "applied"] {
            fs::remove_file(self.root().join(".git/jit").join(name)).unwrap();
        }
    }

    fn file(&self) -> PathBuf {
        let id = id(1);
        self.root()
            .join(format!(".jit/issues/{}/{id}.json", id.shard()))
    }
}

fn read(path: &Path) -> Option<Vec<u8>> {
    fs::read(path).ok()
}

/// Lets the user do something, starts the machine again, and insists that readers and writers see what he did, that the
/// file keeps it, and that the newest version is kept aside, named and told as lost to nobody.
fn check(commands: &[&[&str]], title: Option<&str>) {
    let it = Machine::new();
    let newest = read(&it.file());
    for arguments in commands {
        it.git(arguments);
    }
    let meant = read(&it.file());
    assert_ne!(meant, newest, "{commands:?} changed nothing");
    let store = it.open("second boot", 0);
    let seen = |snapshot: &jit_core::Snapshot| {
        let issue = snapshot.issue(&id(1));
        issue.map(|issue| issue.title.clone())
    };
    let title = title.map(str::to_owned);
    assert_eq!(
        seen(&store.read().unwrap()),
        title,
        "a reader, {commands:?}"
    );
    let txn = store.begin().unwrap();
    assert_eq!(seen(txn.snapshot()), title, "a writer, {commands:?}");
    let committed = txn.commit().unwrap();
    assert_eq!(read(&it.file()), meant, "the file, {commands:?}");
    let [Warning::ExternalEdit { saved, .. }] = &committed.warnings[..] else {
        panic!("{commands:?}: {:?}", committed.warnings)
    };
    let saved = it.root().join(saved.replace("<private>", ".git/jit"));
    assert_eq!(read(&saved), newest, "the other version, {commands:?}");
    // Nor does anybody come back to it later.
    let again = it.open("third boot", 0);
    again.begin().unwrap().commit().unwrap();
    assert_eq!(read(&it.file()), meant, "the file later, {commands:?}");
}

#[test]
fn what_the_user_did_with_git_wins_after_a_restart() {
    check(&[&["checkout", "-q", "-f", "side"]], Some("Side"));
    check(&[&["reset", "-q", "--hard"]], Some("Main"));
    check(&[&["checkout", "-q", "--", "."]], Some("Main"));
    check(&[&["reset", "-q", "--hard", "HEAD~1"]], Some("Base"));
    check(&[&["stash", "push", "-q"]], Some("Main"));
    let remove: [&[&str]; 2] = [
        &["rm", "-q", "-r", "-f", ".jit/issues"],
        &["commit", "-q", "-m", "without"],
    ];
    check(&remove, None);
}

#[test]
fn without_the_user_the_log_wins_after_a_restart() {
    let it = Machine::new();
    let newest = read(&it.file());
    // As after a power cut: the file has lost its content.
    fs::write(it.file(), "").unwrap();
    let store = it.open("second boot", 0);
    store.begin().unwrap().commit().unwrap();
    assert_eq!(read(&it.file()), newest);
}

#[test]
fn in_the_same_boot_an_unfinished_change_is_finished() {
    let it = Machine::new();
    let newest = read(&it.file());
    let mark = it.root().join(".git/jit/applied");
    fs::remove_file(&mark).unwrap();
    it.git(&["checkout", "-q", "--", "."]);
    // Without a mark nobody knows when the store came to rest, and what was acknowledged counts.
    let store = it.open("first boot", 0);
    store.begin().unwrap().commit().unwrap();
    assert_eq!(read(&it.file()), newest);
}
