//! Where a command is killed: a prepared repository, and the command.
//!
//! Owns the scenarios. Refuses to run them.

use std::path::{Path, PathBuf};

use super::verbs::{Deed, Effect, ROWS, Write};
use crate::support::repo::{Repo, words};
use crate::support::state::PROBE;
use crate::support::tree::Tree;

/// More writes than any store keeps in its log before it writes a checkpoint.
const MOST_WRITES: usize = 200;

/// More issues than a store reads without an index.
const N_INDEXED: usize = 220;

/// A beads log of two issues, one of which waits for the other.
const IMPORT: &str = concat!(
    r#"{"id":"b-1","title":"One","status":"open","priority":0,"issue_type":"task","created_at":"2025-01-01T00:00:00Z"}"#,
    "\n",
    r#"{"id":"b-2","title":"Two","status":"open","priority":2,"issue_type":"bug","created_at":"2025-01-01T00:00:00Z","dependencies":[{"issue_id":"b-2","depends_on_id":"b-1","type":"blocks"}]}"#,
    "\n",
);

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
#[derive(Clone, Copy)]
pub(crate) struct Scenario {
    /// What the report calls it.
    pub name: &'static str,
    /// Makes the ground.
    pub(super) prepare: Prepare,
    /// How far its effect is its own.
    pub(super) effect: Effect,
    /// From which remains the recovering command is killed as well.
    pub(super) recoveries: Recoveries,
}

/// How a ground is made.
#[derive(Clone, Copy)]
pub(super) enum Prepare {
    /// By this function.
    By(fn() -> Ground),
    /// As the table of commands says.
    Verb(Write),
}

/// From which remains of a killed command the next command has to recover.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Recoveries {
    /// Half applied.
    Half,
    /// All applied, and then the machine restarted and had lost what was not synced.
    Restart,
    /// Half applied, nothing applied, all applied but not marked so, a lost mark, a restart.
    All,
}

impl Scenario {
    /// Makes the ground.
    pub(crate) fn ground(&self) -> Ground {
        match self.prepare {
            Prepare::By(make) => make(),
            Prepare::Verb(write) => verb(self.name, write),
        }
    }
}

/// Returns everything that is killed; thoroughly, from all remains.
pub(super) fn scenarios(is_thorough: bool) -> Vec<Scenario> {
    let special = |name, make| (name, Prepare::By(make), Effect::Own);
    let special = [
        special("the first create", first_create as fn() -> Ground),
        special("done with a checkpoint", done_at_checkpoint),
        special("create in an indexed store", create_indexed),
    ];
    let verbs = ROWS.iter().filter_map(|row| match row.deed {
        Deed::Writes(write) => Some((row.name, Prepare::Verb(write), write.effect)),
        Deed::Reads | Deed::Is(_) | Deed::Elsewhere => None,
    });
    let scenarios = special.into_iter().chain(verbs).enumerate();
    scenarios
        .map(|(place, (name, prepare, effect))| Scenario {
            name,
            prepare,
            effect,
            recoveries: match place % 2 {
                _ if is_thorough => Recoveries::All,
                // What the next writer does anyway is never left for a restart.
                _ if effect == Effect::Shared => Recoveries::Half,
                0 => Recoveries::Half,
                _ => Recoveries::Restart,
            },
        })
        .collect()
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

fn verb(name: &str, write: Write) -> Ground {
    let (repo, ids) = furnished();
    let own = |word: &str| {
        let named = word.replace("WORK", &ids.work).replace("IDLE", &ids.idle);
        named.replace("FIRST", &ids.first)
    };
    if write.arguments.contains(&"IMPORT") {
        std::fs::write(repo.root().join("IMPORT"), IMPORT).expect("a file can be written");
    }
    let prepare = || {
        for command in write.before {
            let command: Vec<String> = command.iter().map(|word| own(word)).collect();
            repo.ok(&command.iter().map(String::as_str).collect::<Vec<_>>());
        }
    };
    // What every writer does would be done by the writes that empty the log.
    if write.effect == Effect::Shared {
        empty_log(&repo);
        prepare();
    } else {
        prepare();
        empty_log(&repo);
    }
    let arguments = write.arguments.iter().map(|word| own(word));
    let command: Vec<String> = name
        .split(' ')
        .map(str::to_owned)
        .chain(arguments)
        .chain(["--json".to_owned()])
        .collect();
    Ground {
        start: Tree::of(repo.root()),
        repo,
        command,
    }
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

/// So many issues are kept in an index too, which must not matter to anybody who is killed.
fn create_indexed() -> Ground {
    let repo = Repo::in_memory();
    let log: String = (0..N_INDEXED)
        .map(|number| {
            format!(
                r#"{{"id":"b-{number}","title":"{PROBE} {number}","status":"open","priority":2,"issue_type":"task","created_at":"2025-01-01T00:00:00Z"}}"#
            ) + "\n"
        })
        .collect();
    std::fs::write(repo.root().join("IMPORT"), log).expect("a file can be written");
    repo.ok(&["import", "beads", "IMPORT"]);
    repo.create(BYSTANDER);
    let work = repo.create("work");
    assert!(
        Tree::of(repo.root()).has(Path::new(".git/jit/index.db")),
        "so many issues are kept in an index"
    );
    ground(
        repo,
        &["issue", "create", "-t", "fresh", "--dep", &work, "--json"],
    )
}

struct Ids {
    work: String,
    first: String,
    idle: String,
}

fn furnished() -> (Repo, Ids) {
    let repo = Repo::in_memory();
    let work = repo.create("work");
    repo.create(BYSTANDER);
    let idle = repo.create("idle");
    let waiting = |title: &str| {
        let id = repo.ok(&["issue", "create", "-t", title, "--dep", &work]);
        id.trim().to_owned()
    };
    let first = waiting("first dependent");
    waiting("second dependent");
    repo.ok(&["issue", "claim", &work, "agent:a", "--ttl", "1h"]);
    (repo, Ids { work, first, idle })
}

/// The age of what is in the log decides whether a command writes a checkpoint; an empty log has no age.
fn empty_log(repo: &Repo) {
    until_checkpoint(repo);
}

/// Writes until the log shrinks, and returns the files before the write that did it.
fn until_checkpoint(repo: &Repo) -> Tree {
    let log = repo.root().join(PathBuf::from(".git/jit/wal"));
    let filler = repo.create(&format!("{PROBE} filler"));
    let size = || std::fs::metadata(&log).map_or(0, |metadata| metadata.len());
    let (mut before, mut length) = (Tree::of(repo.root()), size());
    for number in 0..MOST_WRITES {
        let label = if number % 2 == 0 { "full" } else { "-full" };
        repo.ok(&["issue", "update", &filler, "--label", label]);
        if size() < length {
            return before;
        }
        (before, length) = (Tree::of(repo.root()), size());
    }
    panic!("the log never shrinks");
}
