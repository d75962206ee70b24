//! Links, pipes and directories where the store expects its own files: nothing outside is read or written, nothing hangs.

use crate::lab::{Lab, id};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

/// What stands outside and must neither be shown nor changed.
const SECRET: &str = "{\"secret\": \"of another user\"}\n";

/// Places where somebody may put something, with `{id}` for the issue that is written.
const PLACES: [&str; 12] = [
    ".jit/issues",
    ".jit/issues/{xx}",
    ".jit/issues/{xx}/{id}.json",
    ".jit/events",
    ".jit/events/{month}",
    ".jit/gates",
    ".jit/gates/review.json",
    ".jit/local/tmp",
    ".jit/local/wal",
    ".jit/local/applied",
    ".jit/local/leases",
    ".jit/format.json",
];

#[derive(Clone, Copy, Debug)]
enum Trap {
    LinkToFile,
    LinkToDirectory,
    Pipe,
    Directory,
    SecondName,
}

/// Puts the trap in a place and then reads and writes; returns whether the write was acknowledged.
fn spring(place: &str, trap: Trap) -> bool {
    let lab = Lab::new();
    lab.write(1, "Before").unwrap();
    let outside_file = lab.outside("secret.json");
    let outside_dir = lab.outside("secrets");
    fs::write(&outside_file, SECRET).unwrap();
    fs::create_dir(&outside_dir).unwrap();
    let month = lab.segments()[0]
        .parent()
        .unwrap()
        .file_name()
        .unwrap()
        .to_owned();
    let place = place
        .replace("{xx}", id(2).shard())
        .replace("{id}", id(2).as_str())
        .replace("{month}", month.to_str().unwrap());
    let path = lab.path(&place);
    remove(&path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    put(trap, &path, &outside_file, &outside_dir);
    let (sender, receiver) = mpsc::channel();
    let repo = lab.path("");
    std::thread::spawn(move || {
        let store = crate::lab::open(&repo);
        let read = store
            .as_ref()
            .map(|store| format!("{:?}", jit_store::Store::read(store)));
        let shown = read.unwrap_or_else(ToString::to_string);
        let is_acked = store
            .and_then(|store| crate::lab::write(&store, 2, "After"))
            .is_ok();
        sender.send((shown, is_acked)).unwrap();
    });
    let (shown, is_acked) = receiver
        .recv_timeout(Duration::from_secs(30))
        .expect("nothing may hang");
    assert!(
        !shown.contains("of another user"),
        "{trap:?} at {place}: {shown}"
    );
    assert_eq!(
        fs::read_to_string(&outside_file).unwrap(),
        SECRET,
        "{trap:?} at {place}"
    );
    assert_eq!(
        fs::read_dir(&outside_dir).unwrap().count(),
        0,
        "{trap:?} at {place}"
    );
    if is_acked {
        assert!(
            lab.read().contains("After"),
            "{trap:?} at {place}: acknowledged and not there"
        );
    }
    is_acked
}

fn put(trap: Trap, path: &Path, outside_file: &Path, outside_dir: &Path) {
    match trap {
        Trap::LinkToFile => symlink(outside_file, path).unwrap(),
        Trap::LinkToDirectory => symlink(outside_dir, path).unwrap(),
        Trap::Pipe => mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap(),
        Trap::Directory => fs::create_dir(path).unwrap(),
        Trap::SecondName => fs::hard_link(outside_file, path).unwrap(),
    }
}

fn remove(path: &Path) {
    if path.is_dir() {
        fs::remove_dir_all(path).unwrap();
    } else if path.exists() {
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn no_trap_leads_outside_or_hangs() {
    for place in PLACES {
        for trap in [
            Trap::LinkToFile,
            Trap::LinkToDirectory,
            Trap::Pipe,
            Trap::Directory,
            Trap::SecondName,
        ] {
            spring(place, trap);
        }
    }
}

#[test]
fn what_would_go_through_a_link_is_refused_before_it_is_promised() {
    for place in [
        ".jit/issues",
        ".jit/issues/{xx}",
        ".jit/events",
        ".jit/local/wal",
    ] {
        assert!(!spring(place, Trap::LinkToDirectory), "{place}");
    }
}

#[test]
fn a_store_that_is_a_link_is_refused() {
    let lab = Lab::new();
    fs::rename(lab.path(".jit"), lab.outside("elsewhere")).unwrap();
    symlink(lab.outside("elsewhere"), lab.path(".jit")).unwrap();
    assert!(
        lab.read().contains("is not a plain directory"),
        "{}",
        lab.read()
    );
}
