//! Kills one command at each of its system calls, and the recovery after it at each of its own.
//!
//! Owns the order of kills and the count. Refuses to judge a store: the oracle does.

use std::collections::BTreeSet;
use std::path::Path;

use super::ground::{BYSTANDER, Ground, Recoveries, Scenario};
use super::oracle::{Oracle, Outcome};
use super::restart;
use super::verbs::Effect;
use crate::support::figures;
use crate::support::program::{Answer, jit};
use crate::support::repo::words;
use crate::support::strace::{self, Point};
use crate::support::tree::Tree;

/// How far the log has been applied.
const MARK: &str = ".git/jit/applied";

/// The note of who holds the lock.
const HOLDER: &str = ".git/jit/holder";

/// Calls that may change what is on the disk; a quick sweep leaves out none of them.
const WRITING: [&str; 17] = [
    "exit_group",
    "fdatasync",
    "flock",
    "fsync",
    "ftruncate",
    "link",
    "linkat",
    "mkdir",
    "mkdirat",
    "pwrite64",
    "rename",
    "renameat",
    "renameat2",
    "syncfs",
    "unlink",
    "unlinkat",
    "write",
];

/// Of the other calls a quick sweep takes one in so many, others for each command.
const STRIDE: usize = 7;

/// How many calls of the recovering command a quick sweep takes at most.
const MOST_NESTED: usize = 32;

/// How often the list of calls is taken anew because a run showed more.
const MOST_ROUNDS: usize = 4;

/// What a sweep found.
#[derive(Default)]
pub(super) struct Tally {
    /// Kills that hit.
    pub n_kills: usize,
    /// Those of them that hit a recovering command.
    pub n_kills_in_recovery: usize,
    /// Runs that ended before the call they were to be killed at.
    pub n_missed: usize,
    n_old: usize,
    n_new: usize,
    /// Each violation in words.
    pub bad: Vec<String>,
}

impl Tally {
    /// Adds what another sweep found.
    pub(super) fn add(&mut self, other: Self) {
        self.n_kills += other.n_kills;
        self.n_kills_in_recovery += other.n_kills_in_recovery;
        self.n_missed += other.n_missed;
        self.n_old += other.n_old;
        self.n_new += other.n_new;
        self.bad.extend(other.bad);
    }
}

/// Points whose kill left the commit in the log, in the order of the run.
#[derive(Default)]
struct Committed {
    /// The files lack some or all of it.
    unapplied: Vec<Point>,
    /// The files have all of it.
    applied: Vec<Point>,
}

/// Which calls a sweep kills at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Choice {
    /// Every one.
    All,
    /// Every one that writes, and some of the others.
    Some,
    /// So many, evenly.
    Few(usize),
}

/// Sweeps a command; then, from kills that left a commit to be applied, sweeps the next command, which recovers.
pub(super) fn with_recovery(scenario: &Scenario) -> Tally {
    let name = scenario.name;
    let mut ground = scenario.ground();
    let (first, nested) = match scenario.recoveries {
        Recoveries::All => (Choice::All, Choice::All),
        Recoveries::Half | Recoveries::Restart => (Choice::Some, Choice::Few(MOST_NESTED)),
    };
    let (mut tally, committed) = sweep(name, &ground, first);
    let trees = unrecovered(&committed, &ground, scenario.recoveries);
    if trees.is_empty() && scenario.effect != Effect::Unlogged {
        tally.bad.push(format!(
            "{name}: no kill left a commit to be applied, so recovery was not tested"
        ));
    }
    let command = recovering_command(&ground);
    ground.command = command;
    for (label, tree) in trees {
        ground.start = tree;
        let (mut again, _) = sweep(&format!("{name}, then recovery {label}"), &ground, nested);
        again.n_kills_in_recovery = again.n_kills;
        tally.add(again);
    }
    tally
}

/// Leaves the calls to kill at; what is left out is the same in every run of one command.
fn chosen(name: &str, points: Vec<Point>, choice: Choice) -> Vec<Point> {
    let seed = name.bytes().map(usize::from).sum::<usize>();
    let n_points = points.len();
    let points = points.into_iter().enumerate();
    points
        .filter(|(place, point)| match choice {
            Choice::All => true,
            Choice::Some => {
                WRITING.contains(&point.name.as_str()) || (place + seed).is_multiple_of(STRIDE)
            }
            Choice::Few(most) => {
                let stride = n_points.div_ceil(most).max(1);
                (place + seed).is_multiple_of(stride)
            }
        })
        .map(|(_, point)| point)
        .collect()
}

/// A write to an issue that the killed command had nothing to do with, where there is one.
fn recovering_command(ground: &Ground) -> Vec<String> {
    let list = ground.repo.json(&["issue", "list"]);
    let bystander = list
        .as_array()
        .and_then(|issues| issues.iter().find(|issue| issue["title"] == BYSTANDER));
    match bystander.and_then(|issue| issue["id"].as_str()) {
        Some(id) => words(&["issue", "update", id, "--label", "recovered", "--json"]),
        None => words(&["issue", "create", "-t", "recovering", "--json"]),
    }
}

/// Returns stores that a kill left with a commit in the log.
fn unrecovered(
    committed: &Committed,
    ground: &Ground,
    recoveries: Recoveries,
) -> Vec<(&'static str, Tree)> {
    let root = ground.repo.root();
    let killed = |point: &Point| {
        ground.start.restore(root);
        strace::kill_at(point, root, &ground.command);
        Tree::of(root)
    };
    let Committed { unapplied, applied } = committed;
    let Some(half) = unapplied.get(unapplied.len() / 2) else {
        return Vec::new();
    };
    let half = || vec![("of half applied", killed(half))];
    let last = || applied.last().map(killed);
    let restarted = || last().map(|tree| ("of a restart", restart::after(tree, &ground.start)));
    match recoveries {
        Recoveries::Half => half(),
        Recoveries::Restart => restarted().into_iter().collect(),
        Recoveries::All => {
            let mut trees = half();
            trees.push(("of nothing applied", killed(&unapplied[0])));
            trees.extend(
                applied
                    .first()
                    .map(|first| ("of all applied, unmarked", killed(first))),
            );
            // Without the mark everything in the log is redone, whatever the files hold.
            trees.extend(last().map(|tree| ("of a lost mark", tree.without(Path::new(MARK)))));
            trees.extend(restarted());
            trees
        }
    }
}

/// Kills the command at the chosen calls, and returns the points that left a commit in the log, in the order of the run.
fn sweep(name: &str, ground: &Ground, choice: Choice) -> (Tally, Committed) {
    let root = ground.repo.root();
    ground.start.restore(root);
    let oracle = Oracle::learn(&ground.repo, || {
        Answer::of(&mut jit(root, &ground.command)).succeeded(name);
    });
    let mut tally = Tally::default();
    let mut committed = Committed::default();
    let mut known: BTreeSet<Point> = BTreeSet::new();
    let mut n_tried = 0;
    // The age of what is in the log is part of what a command does, so the list is taken until it names nothing new.
    for _ in 0..MOST_ROUNDS {
        ground.start.restore(root);
        let trace = strace::trace(root, &ground.command);
        if let Err(why) = oracle.judge(&ground.repo, &trace.answer) {
            tally.bad.push(format!("{name}, traced only: {why}"));
        }
        let fresh: Vec<Point> = trace
            .points_from_store(root)
            .into_iter()
            .filter(|point| !known.contains(point))
            .collect();
        if fresh.is_empty() {
            break;
        }
        known.extend(fresh.iter().cloned());
        let fresh = chosen(name, fresh, choice);
        n_tried += fresh.len();
        for point in &fresh {
            match kill_once(name, ground, &oracle, point, &mut tally) {
                Aftermath::Unapplied => committed.unapplied.push(point.clone()),
                Aftermath::Applied => committed.applied.push(point.clone()),
                Aftermath::Nothing => {}
            }
        }
    }
    let is_sparse = matches!(choice, Choice::Few(_));
    check_coverage(name, n_tried, is_sparse, &mut tally);
    (tally, committed)
}

/// What a kill left behind.
enum Aftermath {
    Nothing,
    Unapplied,
    Applied,
}

fn kill_once(
    name: &str,
    ground: &Ground,
    oracle: &Oracle,
    point: &Point,
    tally: &mut Tally,
) -> Aftermath {
    let root = ground.repo.root();
    ground.start.restore(root);
    let answer = strace::kill_at(point, root, &ground.command);
    let was_killed = answer.signal == Some(9);
    if was_killed {
        tally.n_kills += 1;
    } else {
        tally.n_missed += 1;
    }
    // A store whose every byte is as before was judged when the oracle learned the old state; only the note of who holds
    // the lock, which no command believes, may name the dead.
    let is_untouched = Tree::of(root).equals_but_for(Path::new(HOLDER), &ground.start);
    if is_untouched && was_killed && answer.stdout.is_empty() {
        tally.n_old += 1;
        return Aftermath::Nothing;
    }
    let is_applied = oracle.is_kept() && oracle.kept(&ground.repo) == Ok(Outcome::New);
    match oracle.judge(&ground.repo, &answer) {
        Ok(Outcome::New) => {
            tally.n_new += 1;
            return match (was_killed, is_applied) {
                (true, true) => Aftermath::Applied,
                (true, false) => Aftermath::Unapplied,
                (false, _) => Aftermath::Nothing,
            };
        }
        Ok(Outcome::Old) => tally.n_old += 1,
        Err(why) => tally.bad.push(format!(
            "{name}, killed at {} {}: {why}",
            point.name, point.nth
        )),
    }
    Aftermath::Nothing
}

/// A sweep that saw only one of the two states, or mostly missed, has tested nothing.
fn check_coverage(name: &str, n_points: usize, is_sparse: bool, tally: &mut Tally) {
    figures::note(&format!(
        "{name}: {n_points} calls, {} kills, {} old, {} new, {} missed, {} bad",
        tally.n_kills,
        tally.n_old,
        tally.n_new,
        tally.n_missed,
        tally.bad.len()
    ));
    if !is_sparse && (tally.n_old == 0 || tally.n_new == 0) {
        tally
            .bad
            .push(format!("{name}: the kills never straddled the commit"));
    }
    if tally.n_missed * 10 > n_points {
        tally.bad.push(format!(
            "{name}: {} of {n_points} calls were not reached again",
            tally.n_missed
        ));
    }
}
