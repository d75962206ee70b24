//! Every command that writes, under an epoch that is over and under a key that was used.
//!
//! Owns the table of all commands: one that is not in it fails the test, so that none is added without a fence.

use crate::harness::{Repo, Surroundings};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What a command does to issues.
enum Effect {
    /// Nothing: it reads.
    None,
    /// It writes something that no lease guards, for this reason, and refuses `--epoch`.
    Unfenced(&'static str),
    /// It writes an issue by way of an editor at a terminal: its own tests hold it to the same.
    AtTerminal,
    /// It writes issues or leases, whose epoch it must check.
    Fenced(Case),
}

/// How a command is tried.
#[derive(Clone, Copy)]
struct Case {
    /// Words after the command; `A` is the issue that is fenced, `B` another one.
    arguments: &'static [&'static str],
    /// What must come first so that the command has something to do.
    before: &'static [&'static [&'static str]],
    /// Whether the second lease of the issue lives, under epoch 2; else it is released.
    is_held: bool,
    /// Whether it answers again to a key.
    is_keyed: bool,
}

/// A command that writes an issue while somebody holds it.
const fn held(arguments: &'static [&'static str]) -> Effect {
    held_after(&[], arguments)
}

const fn held_after(
    before: &'static [&'static [&'static str]],
    arguments: &'static [&'static str],
) -> Effect {
    Effect::Fenced(Case {
        arguments,
        before,
        is_held: true,
        is_keyed: true,
    })
}

/// A command that writes an issue that nobody holds.
const fn free(
    before: &'static [&'static [&'static str]],
    arguments: &'static [&'static str],
) -> Effect {
    Effect::Fenced(Case {
        arguments,
        before,
        is_held: false,
        is_keyed: true,
    })
}

const GATE: &[&[&str]] = &[
    &[
        "gate", "define", "review", "--title", "R", "--stage", "exit",
    ],
    &["gate", "add", "A", "review"],
];
const STORE: &str = "it names no issue";
const REQUIRING: &str = "the environment fences each issue that it takes the gate from";
const MENDS: &str = "it mends what no command has written";

/// Every command there is.
fn table() -> BTreeMap<&'static str, Effect> {
    let reads = [
        "where",
        "doctor",
        // Git names the file that it writes.
        "merge-driver",
        "status",
        "why",
        "ready",
        "show",
        "issue list",
        "issue show",
        "gate list",
        "gate show",
        "query ready",
        "query blocked",
        "query assignee",
        "query state",
        "query priority",
        "query label",
        "dep tree",
        "registry list",
        "registry show",
        "export jsonl",
        "graph show",
        "graph downstream",
        "graph roots",
        "graph export",
        "lease check",
        "lease list",
        "events tail",
        "events query",
        "events export",
    ];
    let reads = reads.map(|name| (name, Effect::None));
    let others = [
        ("init", STORE),
        ("issue create", STORE),
        ("gate define", STORE),
        ("gate remove", REQUIRING),
        ("registry define", STORE),
        ("registry remove", REQUIRING),
        ("commit", "it writes to git"),
        ("migrate", "it changes only the form of files"),
        ("gc", "what it removes is over"),
        ("resolve", MENDS),
        ("import beads", STORE),
        ("lease sweep", "what it records is that time is over"),
        ("recover", MENDS),
        ("validate", MENDS),
    ];
    let others = others.map(|(name, reason)| (name, Effect::Unfenced(reason)));
    let mut table = BTreeMap::new();
    for (name, effect) in reads.into_iter().chain(others).chain(writes()) {
        assert!(
            table.insert(name, effect).is_none(),
            "{name} is there twice"
        );
    }
    table
}

/// Every command that writes issues or leases.
fn writes() -> Vec<(&'static str, Effect)> {
    vec![
        ("claim", free(&[], &["A", "copilot-3"])),
        ("done", held(&["A"])),
        ("issue update", held(&["A", "--label", "x"])),
        ("issue claim", free(&[], &["A", "copilot-3"])),
        (
            "issue claim-next",
            free(&[&["issue", "hold", "B", "later"]], &["copilot-3"]),
        ),
        ("issue assign", free(&[], &["A", "copilot-3"])),
        (
            "issue unassign",
            free(&[&["issue", "assign", "A", "copilot-3"]], &["A"]),
        ),
        ("issue release", held(&["A", "--force"])),
        ("issue done", held(&["A"])),
        ("issue reject", held(&["A", "no"])),
        ("issue reopen", free(&[&["issue", "done", "A"]], &["A"])),
        ("issue hold", held(&["A", "later"])),
        (
            "issue unhold",
            held_after(&[&["issue", "hold", "A", "later"]], &["A"]),
        ),
        ("issue comment", held(&["A", "said"])),
        ("issue label", held(&["A", "x"])),
        ("issue link", held(&["A", "related", "B"])),
        ("issue archive", free(&[&["issue", "done", "A"]], &["A"])),
        ("issue delete", free(&[], &["A"])),
        ("issue edit", Effect::AtTerminal),
        ("dep add", held(&["A", "B"])),
        (
            "dep rm",
            held_after(&[&["dep", "add", "A", "B"]], &["A", "B"]),
        ),
        ("gate add", held_after(GATE.split_at(1).0, &["A", "review"])),
        ("gate rm", held_after(GATE, &["A", "review"])),
        ("gate pass", held_after(GATE, &["A", "review"])),
        ("gate fail", held_after(GATE, &["A", "review"])),
        ("lease cancel", held(&["A"])),
        (
            "lease renew",
            Effect::Fenced(Case {
                arguments: &["A"],
                before: &[],
                is_held: true,
                is_keyed: false,
            }),
        ),
    ]
}

/// Returns every command that the program's own help lists.
fn commands(repo: &Repo) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![Vec::new()];
    while let Some(path) = waiting.pop() {
        let words: Vec<&str> = path.iter().map(String::as_str).collect();
        let help = repo.ok(&[&words[..], &["--help"]].concat());
        let below: Vec<&str> = help
            .lines()
            .skip_while(|line| *line != "Commands:")
            .skip(1)
            .take_while(|line| !line.is_empty())
            .filter_map(|line| line.split_whitespace().next())
            .filter(|word| *word != "help")
            .collect();
        if below.is_empty() {
            found.insert(path.join(" "));
        }
        for word in below {
            waiting.push(path.iter().cloned().chain([word.to_owned()]).collect());
        }
    }
    found
}

/// Every file of the store, but for what is only a cache.
fn files(repo: &Repo) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for folder in [".jit", ".git/jit"] {
        collect(&repo.root().join(folder), &mut found);
    }
    found
}

fn collect(folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).expect("the store can be listed") {
        let entry = entry.expect("its entries too");
        let name = entry.file_name();
        if entry.path().is_dir() {
            collect(&entry.path(), found);
        } else if !name.to_string_lossy().starts_with("index") {
            found.insert(
                entry.path(),
                std::fs::read(entry.path()).expect("its files can be read"),
            );
        }
    }
}

/// A repository in which a command has something to do to an issue whose first lease is over.
struct Ground {
    repo: Repo,
    fenced: String,
    other: String,
    case: Case,
}

impl Ground {
    fn new(case: Case) -> Self {
        let repo = Repo::new();
        let (fenced, other) = (repo.create("A"), repo.create("B"));
        let ground = Self {
            repo,
            fenced,
            other,
            case,
        };
        let forced = ["issue", "release", &ground.fenced, "--force"];
        ground
            .repo
            .ok(&["issue", "claim", &ground.fenced, "copilot-1"]);
        ground.repo.ok(&forced);
        ground
            .repo
            .ok(&["issue", "claim", &ground.fenced, "copilot-2"]);
        if !case.is_held {
            ground.repo.ok(&forced);
        }
        for words in case.before {
            ground.repo.ok(&ground.words(words, &ground.fenced));
        }
        ground
    }

    /// Puts ids in the place of letters, that of the fenced issue in this form.
    fn words<'a>(&'a self, words: &[&'a str], fenced: &'a str) -> Vec<&'a str> {
        let word = |word: &&'a str| match *word {
            "A" => fenced,
            "B" => self.other.as_str(),
            word => word,
        };
        words.iter().map(word).collect()
    }

    fn command<'a>(&'a self, name: &'a str, fenced: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        let words = name.split(' ').chain(self.case.arguments.iter().copied());
        let words: Vec<&str> = words.collect();
        [&self.words(&words, fenced)[..], more].concat()
    }
}

fn stale_epochs_write_nothing(name: &str, case: Case) {
    let ground = Ground::new(case);
    let before = files(&ground.repo);
    let upper = ground.fenced.to_uppercase();
    let refused = |arguments: &[&str], variables: &[(&str, &str)]| {
        let surroundings = Surroundings {
            variables,
            ..Surroundings::default()
        };
        let answer = ground.repo.jit_in(arguments, surroundings);
        assert_eq!(answer.code, 7, "{arguments:?} {variables:?}: {answer:?}");
        assert_eq!(answer.stdout, "", "{arguments:?}");
        assert!(
            files(&ground.repo) == before,
            "{arguments:?} wrote something"
        );
    };
    let environment = [("JIT_ISSUE", ground.fenced.as_str()), ("JIT_EPOCH", "1")];
    for form in [ground.fenced.as_str(), &upper, &upper[..5]] {
        refused(
            &ground.command(name, form, &["--epoch", "1", "--json"]),
            &[],
        );
        refused(&ground.command(name, form, &["--json"]), &environment);
        // A current epoch beside a stale one proves nothing.
        refused(
            &ground.command(name, form, &["--epoch", "2", "--json"]),
            &environment,
        );
    }
}

fn the_live_epoch_writes_and_a_key_repeats(name: &str, case: Case) {
    let ground = Ground::new(case);
    let before = files(&ground.repo);
    let mut more = vec!["--json"];
    if case.is_held {
        more.extend(["--epoch", "2"]);
    }
    if case.is_keyed {
        more.extend(["--key", "attempt-1"]);
    }
    ground.repo.ok(&ground.command(name, &ground.fenced, &more));
    let after = files(&ground.repo);
    assert!(after != before, "{name} has something to do");
    if !case.is_keyed {
        return;
    }
    let upper = ground.fenced.to_uppercase();
    for form in [ground.fenced.as_str(), &upper, &upper[..5]] {
        let answer = ground.repo.ok(&ground.command(name, form, &more));
        let answer: serde_json::Value = serde_json::from_str(&answer).expect("the answer is JSON");
        assert_eq!(answer["changed"], false, "{name} {form}: {answer}");
        assert!(files(&ground.repo) == after, "{name} {form} wrote again");
    }
}

#[test]
fn every_command_is_in_the_table() {
    let repo = Repo::new();
    let (listed, known) = (commands(&repo), table());
    let unknown: Vec<&String> = listed
        .iter()
        .filter(|name| !known.contains_key(name.as_str()))
        .collect();
    assert_eq!(
        unknown, [""; 0],
        "say here what these do to issues, and fence them"
    );
    let gone: Vec<&&str> = known
        .keys()
        .filter(|name| !listed.contains(**name))
        .collect();
    assert_eq!(gone, [&""; 0], "these are no commands");
}

#[test]
fn a_stale_epoch_writes_nothing_by_flag_or_environment() {
    for (name, effect) in table() {
        if let Effect::Fenced(case) = effect {
            stale_epochs_write_nothing(name, case);
        }
    }
}

#[test]
fn the_live_epoch_writes_once_for_each_key() {
    for (name, effect) in table() {
        if let Effect::Fenced(case) = effect {
            the_live_epoch_writes_and_a_key_repeats(name, case);
        }
    }
}

#[test]
fn what_cannot_be_fenced_refuses_an_epoch() {
    let repo = Repo::new();
    let id = repo.create("A");
    let before = files(&repo);
    for (name, effect) in table() {
        let Effect::Unfenced(reason) = effect else {
            continue;
        };
        let mut words: Vec<&str> = name.split(' ').collect();
        words.extend(match name {
            "issue create" => &["-t", "B"][..],
            "gate define" | "registry define" => &["review", "--title", "R"],
            "gate remove" | "registry remove" => &["review", "--force"],
            "import beads" => &["-"],
            _ => &[],
        });
        words.extend(["--epoch", "1"]);
        let answer = repo.jit(&words);
        assert_eq!(answer.code, 2, "{words:?} ({reason}): {answer:?}");
        assert!(
            answer.stderr.contains("can't honour --epoch"),
            "{words:?}: {answer:?}"
        );
    }
    assert!(files(&repo) == before, "nothing was written");
    assert_eq!(repo.state(&id), "ready");
}

/// Commands that write the fenced issue though they name another one, or none.
const INDIRECT: [(&[&[&str]], &[&str]); 3] = [
    (
        &[&["dep", "add", "A", "B"]],
        &["issue", "delete", "B", "--force"],
    ),
    (
        &[&["issue", "update", "A", "--parent", "B"]],
        &["issue", "delete", "B", "--force"],
    ),
    (GATE, &["gate", "remove", "review", "--force"]),
];

#[test]
fn a_stale_epoch_in_the_environment_fences_what_nobody_named() {
    for (before, words) in INDIRECT {
        let ground = Ground::new(Case {
            arguments: &[],
            before,
            is_held: true,
            is_keyed: false,
        });
        let command = ground.words(words, &ground.fenced);
        let ask = |epoch: &str| {
            let variables = [("JIT_ISSUE", ground.fenced.as_str()), ("JIT_EPOCH", epoch)];
            let surroundings = Surroundings {
                variables: &variables,
                ..Surroundings::default()
            };
            ground.repo.jit_in(&command, surroundings)
        };
        let kept = files(&ground.repo);
        let stale = ask("1");
        assert_eq!(stale.code, 7, "{words:?}: {stale:?}");
        assert!(files(&ground.repo) == kept, "{words:?} wrote something");
        let live = ask("2");
        assert_eq!(live.code, 0, "{words:?}: {live:?}");
    }
}
