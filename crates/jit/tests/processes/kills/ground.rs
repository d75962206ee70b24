//! Where a command is killed: a prepared repository, and the command.
//!
//! Owns the scenarios. Refuses to run them.

use std::path::PathBuf;

use crate::support::repo::{Repo, words};
use crate::support::state::PROBE;
use crate::support::tree::Tree;

/// More writes than any store keeps in its log before it writes a checkpoint.
const MOST_WRITES: usize = 200;

/// A repository, its state before the command, and the command.
pub(crate) struct Ground {
    /// Where it happens; a restored tree replaces what a command left.
    pub repo: Repo,
    /// All files before the command.
    pub start: Tree,
    /// The arguments of `jit`.
    pub command: Vec<String>,
}

/// A named way to make a ground.
pub(super) struct Scenario {
    /// What the report calls it.
    pub name: &'static str,
    /// Makes the ground.
    pub prepare: fn() -> Ground,
    /// From which remains the recovering command is killed as well.
    pub recoveries: Recoveries,
}

/// From which remains of a killed command the next command has to recover.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Recoveries {
    /// Half applied, and with everything to be redone.
    Two,
    /// Also with nothing applied, and with all applied but not marked so.
    Four,
}

/// Returns everything that is killed.
pub(super) fn scenarios() -> Vec<Scenario> {
    let scenario = |name, prepare, recoveries| Scenario {
        name,
        prepare,
        recoveries,
    };
    vec![
        scenario("the first create", first_create, Recoveries::Two),
        scenario("create", create, Recoveries::Two),
        scenario("dep add", dep_add, Recoveries::Two),
        scenario("claim", claim, Recoveries::Two),
        scenario(
            "done with a checkpoint",
            done_at_checkpoint,
            Recoveries::Two,
        ),
        scenario("done", done, Recoveries::Four),
    ]
}

/// The issue that recovering commands write to.
pub(crate) const BYSTANDER: &str = "bystander";

fn ground(repo: Repo, command: &[&str]) -> Ground {
    let command = words(command);
    Ground {
        start: Tree::of(repo.root()),
        repo,
        command,
    }
}

/// A new store has no log and no directory for its first issue yet.
fn first_create() -> Ground {
    ground(
        Repo::in_memory(),
        &["issue", "create", "-t", "fresh", "-p", "high", "--json"],
    )
}

fn create() -> Ground {
    let (repo, ids) = furnished();
    empty_log(&repo);
    ground(
        repo,
        &[
            "issue", "create", "-t", "fresh", "--dep", &ids.work, "--json",
        ],
    )
}

fn dep_add() -> Ground {
    let (repo, ids) = furnished();
    empty_log(&repo);
    ground(repo, &["dep", "add", &ids.bystander, &ids.work, "--json"])
}

fn claim() -> Ground {
    let (repo, ids) = furnished();
    empty_log(&repo);
    ground(
        repo,
        &[
            "issue",
            "claim",
            &ids.bystander,
            "agent:b",
            "--ttl",
            "1h",
            "--json",
        ],
    )
}

/// Finishing a claimed issue makes two others ready.
pub(crate) fn done() -> Ground {
    let (repo, ids) = furnished();
    empty_log(&repo);
    ground(repo, &["issue", "done", &ids.work, "--json"])
}

/// The same as the write that also empties a full log.
fn done_at_checkpoint() -> Ground {
    let (repo, ids) = furnished();
    empty_log(&repo);
    until_checkpoint(&repo).restore(repo.root());
    ground(repo, &["issue", "done", &ids.work, "--json"])
}

struct Ids {
    work: String,
    bystander: String,
}

fn furnished() -> (Repo, Ids) {
    let repo = Repo::in_memory();
    let ids = Ids {
        work: repo.create("work"),
        bystander: repo.create(BYSTANDER),
    };
    for title in ["first dependent", "second dependent"] {
        repo.ok(&["issue", "create", "-t", title, "--dep", &ids.work]);
    }
    repo.ok(&["issue", "claim", &ids.work, "agent:a", "--ttl", "1h"]);
    (repo, ids)
}

/// The age of what is in the log decides whether a command writes a checkpoint; an empty log has no age.
fn empty_log(repo: &Repo) {
    until_checkpoint(repo);
}

/// Writes until the log shrinks, and returns the files before the write that did it.
fn until_checkpoint(repo: &Repo) -> Tree {
    let log = PathBuf::from(".git/jit/wal");
    let filler = repo.create(&format!("{PROBE} filler"));
    let size = |tree: &Tree| tree.file(&log).map_or(0, <[u8]>::len);
    let mut before = Tree::of(repo.root());
    for number in 0..MOST_WRITES {
        let label = if number % 2 == 0 { "full" } else { "-full" };
        repo.ok(&["issue", "update", &filler, "--label", label]);
        let after = Tree::of(repo.root());
        if size(&after) < size(&before) {
            return before;
        }
        before = after;
    }
    panic!("the log never shrinks");
}
