//! Every command that the program has, and how each that writes is killed.
//!
//! Owns the table. Refuses to prepare and to run anything: `ground` does the one, `sweep` the other. A command without a
//! row fails a test, so that no new one goes unkilled.

use std::collections::BTreeSet;

use crate::support::program::{Answer, JIT, program};

/// A command and what the sweep does about it.
pub(super) struct Row {
    /// Its words, without arguments.
    pub name: &'static str,
    /// What it does.
    pub deed: Deed,
}

/// What a command does to the store.
pub(super) enum Deed {
    /// It only reads.
    Reads,
    /// It is another name of this command, or asks an editor first and then does the same.
    Is(&'static str),
    /// It writes otherwise than by a transaction; a test of its own kills it.
    Elsewhere,
    /// It writes, and is killed.
    Writes(Write),
}

/// How a writing command is prepared and given.
///
/// In the words, `WORK` is an issue that `agent:a` has claimed with epoch 1 and two others wait for, `FIRST` is one of
/// those, and `IDLE` is one that nobody has claimed.
#[derive(Clone, Copy)]
pub(super) struct Write {
    /// Commands that come before it.
    pub before: &'static [&'static [&'static str]],
    /// Its words after the name.
    pub arguments: &'static [&'static str],
    /// How far its effect is its own.
    pub effect: Effect,
}

/// How far an effect can be told from what others do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Effect {
    /// It happens by this command or not at all.
    Own,
    /// Every next writer does it too.
    Shared,
    /// It is one renamed file that no log speaks of.
    Unlogged,
}

const fn reads(name: &'static str) -> Row {
    Row {
        name,
        deed: Deed::Reads,
    }
}

const fn is(name: &'static str, other: &'static str) -> Row {
    Row {
        name,
        deed: Deed::Is(other),
    }
}

const fn writes(name: &'static str, arguments: &'static [&'static str]) -> Row {
    after(name, &[], arguments)
}

const fn after(
    name: &'static str,
    before: &'static [&'static [&'static str]],
    arguments: &'static [&'static str],
) -> Row {
    effective(name, before, arguments, Effect::Own)
}

const fn effective(
    name: &'static str,
    before: &'static [&'static [&'static str]],
    arguments: &'static [&'static str],
    effect: Effect,
) -> Row {
    let write = Write {
        before,
        arguments,
        effect,
    };
    Row {
        name,
        deed: Deed::Writes(write),
    }
}

const fn elsewhere(name: &'static str) -> Row {
    Row {
        name,
        deed: Deed::Elsewhere,
    }
}

const DEFINE: &[&str] = &["gate", "define", "review", "--title", "Review"];
const REQUIRE: &[&str] = &["gate", "add", "IDLE", "review"];

/// Every command of the program.
pub(super) const ROWS: &[Row] = &[
    elsewhere("init"),
    reads("where"),
    reads("status"),
    // With --fix.
    elsewhere("validate"),
    reads("doctor"),
    // There is no step yet; the one of its test is a transaction like any other.
    reads("migrate"),
    elsewhere("gc"),
    elsewhere("commit"),
    writes(
        "issue create",
        &["-t", "fresh", "--dep", "WORK", "--key", "once"],
    ),
    reads("issue list"),
    reads("issue show"),
    writes(
        "issue update",
        &["WORK,IDLE", "--desc", "another text", "--label", "seen"],
    ),
    writes("issue claim", &["IDLE", "agent:b", "--ttl", "1h"]),
    writes("issue claim-next", &["agent:b", "--ttl", "1h"]),
    writes("issue assign", &["IDLE", "human:ada"]),
    after(
        "issue unassign",
        &[&["issue", "assign", "IDLE", "human:ada"]],
        &["IDLE"],
    ),
    writes("issue release", &["WORK", "--actor", "agent:a"]),
    writes("issue done", &["WORK"]),
    writes("issue reject", &["WORK", "not worth it"]),
    after("issue reopen", &[&["issue", "done", "WORK"]], &["WORK"]),
    writes("issue hold", &["IDLE,FIRST", "later"]),
    after(
        "issue unhold",
        &[&["issue", "hold", "IDLE", "later"]],
        &["IDLE"],
    ),
    writes("issue comment", &["WORK", "a word"]),
    is("issue edit", "issue update"),
    after("issue archive", &[&["issue", "done", "WORK"]], &["WORK"]),
    writes("issue delete", &["WORK", "--force"]),
    writes("issue label", &["WORK,IDLE", "seen"]),
    writes("issue link", &["WORK", "related", "IDLE", "FIRST"]),
    writes("dep add", &["IDLE", "WORK"]),
    writes("dep rm", &["FIRST", "WORK"]),
    reads("dep tree"),
    writes("gate define", &["review", "--title", "Review"]),
    reads("gate list"),
    reads("gate show"),
    after("gate add", &[DEFINE], &["IDLE", "review"]),
    after("gate remove", &[DEFINE, REQUIRE], &["review", "--force"]),
    is("registry define", "gate define"),
    reads("registry list"),
    is("registry remove", "gate remove"),
    reads("registry show"),
    after("gate rm", &[DEFINE, REQUIRE], &["IDLE", "review"]),
    after("gate pass", &[DEFINE, REQUIRE], &["IDLE", "review"]),
    after("gate fail", &[DEFINE, REQUIRE], &["IDLE", "review"]),
    reads("query ready"),
    reads("query blocked"),
    reads("query assignee"),
    reads("query state"),
    reads("query priority"),
    reads("why"),
    reads("graph show"),
    reads("graph downstream"),
    reads("graph roots"),
    reads("graph export"),
    effective(
        "lease renew",
        &[],
        &["WORK", "--epoch", "1"],
        Effect::Unlogged,
    ),
    reads("lease list"),
    reads("lease check"),
    writes("lease cancel", &["WORK"]),
    effective(
        "lease sweep",
        &[&["issue", "claim", "IDLE", "agent:b", "--ttl", "1ms"]],
        &[],
        Effect::Shared,
    ),
    reads("events tail"),
    reads("events query"),
    reads("events export"),
    reads("export jsonl"),
    reads("query label"),
    writes("import beads", &["IMPORT"]),
    elsewhere("recover"),
    elsewhere("resolve"),
    elsewhere("merge-driver"),
    reads("ready"),
    reads("show"),
    is("claim", "issue claim"),
    is("done", "issue done"),
];

/// Returns the words of every command of the program that has no commands below it.
fn commands() -> BTreeSet<String> {
    let mut waiting = vec![Vec::<String>::new()];
    let mut leaves = BTreeSet::new();
    while let Some(words) = waiting.pop() {
        let mut command = program(JIT, &std::env::temp_dir());
        let help = Answer::of(command.args(&words).arg("--help")).succeeded("--help");
        let below = listed(&help);
        if below.is_empty() {
            leaves.insert(words.join(" "));
        }
        for word in below {
            waiting.push(words.iter().cloned().chain([word.to_owned()]).collect());
        }
    }
    leaves
}

/// Returns the commands that a help text lists.
fn listed(help: &str) -> Vec<&str> {
    help.lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| *word != "help")
        .collect()
}

#[test]
fn every_command_has_a_row() {
    let rows: BTreeSet<String> = ROWS.iter().map(|row| row.name.to_owned()).collect();
    let commands = commands();
    assert!(
        commands.len() > 30,
        "the help was not understood: {commands:?}"
    );
    let (missing, gone): (Vec<_>, Vec<_>) = (
        commands.difference(&rows).collect(),
        rows.difference(&commands).collect(),
    );
    assert!(
        missing.is_empty() && gone.is_empty(),
        "commands without a row: {missing:?}; rows without a command: {gone:?}"
    );
    for row in ROWS {
        if let Deed::Is(other) = row.deed {
            assert!(
                ROWS.iter().any(|it| it.name == other),
                "{} is said to be {other}, which has no row",
                row.name
            );
        }
    }
}
