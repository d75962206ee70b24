//! What a power cut may leave: a frame that was written in part, a lost mark, files whose contents never arrived.
//!
//! Owns the laws of recovery that no kill can show, since a kill keeps what was written. The damage is done by hand.

use std::path::{Path, PathBuf};

use super::ground::{self, Ground};
use super::oracle::{Oracle, Outcome};
use crate::support::program::{Answer, jit};
use crate::support::strace;
use crate::support::tree::Tree;

const LOG: &str = ".git/jit/wal";
const MARK: &str = ".git/jit/applied";

/// In how many places the frame is cut.
const N_CUTS: usize = 24;

/// Makes the damaged contents of a file out of the new ones and the old ones, which were on disk.
type Damage = fn(&[u8], &[u8]) -> Vec<u8>;

/// What may become of a file that a rename replaced.
const REPLACED: [(&str, Damage); 4] = [
    ("emptied", |_, _| Vec::new()),
    ("cut", |new, _| new[..new.len() / 2].to_vec()),
    ("of zeros", |new, _| vec![0; new.len()]),
    ("as it was before", |_, old| old.to_vec()),
];

/// What may become of a file that grew.
const EXTENDED: [(&str, Damage); 3] = [
    ("cut", |new, old| {
        new[..usize::midpoint(old.len(), new.len())].to_vec()
    }),
    ("with zeros at its end", |new, old| {
        [old, &vec![0; new.len() - old.len()]].concat()
    }),
    ("as it was before", |_, old| old.to_vec()),
];

/// A store after `done` as it is in the log and in the files, and before it.
struct Remains {
    ground: Ground,
    oracle: Oracle,
}

impl Remains {
    fn new() -> Self {
        let ground = ground::done();
        let root = ground.repo.root();
        let oracle = Oracle::learn(&ground.repo, || {
            Answer::of(&mut jit(root, &ground.command)).succeeded("done");
        });
        Self { ground, oracle }
    }

    fn log_length(tree: &Tree) -> usize {
        tree.file(Path::new(LOG)).map_or(0, <[u8]>::len)
    }

    /// Returns the store after a kill right behind the commit: the frame is in the log and nowhere else.
    fn committed(&self) -> Tree {
        let root = self.ground.repo.root();
        self.ground.start.restore(root);
        for point in strace::trace(root, &self.ground.command).points_from_store(root) {
            self.ground.start.restore(root);
            strace::kill_at(&point, root, &self.ground.command);
            let tree = Tree::of(root);
            if Self::log_length(&tree) > Self::log_length(&self.ground.start) {
                return tree;
            }
        }
        panic!("no kill came after the commit");
    }

    /// Returns the store after the undisturbed command.
    fn complete(&self) -> Tree {
        let root = self.ground.repo.root();
        self.ground.start.restore(root);
        Answer::of(&mut jit(root, &self.ground.command)).succeeded("done");
        Tree::of(root)
    }

    /// Judges a tree as what is left after the machine died without an answer.
    fn verdict(&self, tree: &Tree) -> Result<Outcome, String> {
        tree.restore(self.ground.repo.root());
        let silent = Answer {
            code: None,
            signal: Some(9),
            stdout: String::new(),
            stderr: String::new(),
        };
        self.oracle.judge(&self.ground.repo, &silent)
    }
}

#[test]
fn a_torn_frame_was_never_there() {
    if !strace::is_available("torn frames") {
        return;
    }
    let remains = Remains::new();
    let committed = remains.committed();
    assert_eq!(
        remains.verdict(&committed),
        Ok(Outcome::New),
        "the whole frame counts"
    );
    let log = committed.file(Path::new(LOG)).expect("the log is there");
    let start = Remains::log_length(&remains.ground.start);
    for step in 0..N_CUTS {
        let length = start + (log.len() - start) * step / N_CUTS;
        let cut = committed
            .clone()
            .with(Path::new(LOG), log[..length].to_vec());
        assert_eq!(
            remains.verdict(&cut),
            Ok(Outcome::Old),
            "cut at {length} of {start}..{}",
            log.len()
        );
        let mut zeroed = log.to_vec();
        zeroed[length..].fill(0);
        let zeroed = committed.clone().with(Path::new(LOG), zeroed);
        assert_eq!(
            remains.verdict(&zeroed),
            Ok(Outcome::Old),
            "zeros from {length} of {start}..{}",
            log.len()
        );
    }
}

#[test]
fn the_log_mends_files_that_never_arrived() {
    let remains = Remains::new();
    let complete = remains.complete();
    let start = &remains.ground.start;
    let changed = |folder: &'static str| -> Vec<PathBuf> {
        let files = complete.files_below(Path::new(folder));
        let changed: Vec<PathBuf> = files
            .filter(|(path, bytes)| start.file(path) != Some(bytes))
            .map(|(path, _)| path.to_owned())
            .collect();
        assert!(!changed.is_empty(), "the command changes {folder}");
        changed
    };
    for (folder, damages) in [
        (".jit/issues", &REPLACED[..]),
        (".git/jit/leases", &REPLACED),
        (".jit/events", &EXTENDED),
    ] {
        for (what, damage) in damages {
            let unmarked = complete.clone().without(Path::new(MARK));
            let tree = changed(folder).iter().fold(unmarked, |tree, path| {
                let new = complete.file(path).expect("a changed file is there");
                tree.with(path, damage(new, start.file(path).unwrap_or_default()))
            });
            assert_eq!(remains.verdict(&tree), Ok(Outcome::New), "{folder} {what}");
        }
    }
}
