//! A crowd of processes in several worktrees that takes all the work there is.
//!
//! Owns the law that each issue has exactly one winner, whoever asks and wherever it stands.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Instant;

use serde_json::json;

use crate::support::figures;
use crate::support::program::{JIT, git};
use crate::support::race::race_of;
use crate::support::repo::{Repo, words};

/// How many processes in how many worktrees take how many issues.
fn size() -> (usize, usize, usize) {
    if figures::is_thorough() {
        (64, 8, 1_000)
    } else {
        (16, 4, 100)
    }
}

/// Claims until nothing is left, and prints what it got; the last line is the exit code of the claim that got nothing.
const TAKE_ALL: &str = "while id=$(\"$0\" issue claim-next \"$1\" -q); do echo \"$id\"; done; \"$0\" issue claim-next \"$1\" -q; echo \"exit $?\"";

/// Adds linked worktrees to the repository, and returns where a process may stand.
fn worktrees(repo: &Repo, n_places: usize) -> Vec<PathBuf> {
    git(repo.root(), &["add", "-A"]);
    git(repo.root(), &["commit", "-q", "-m", "state"]);
    let linked = (1..n_places).map(|number| {
        let place = repo.neighbour(&format!("tree-{number}"));
        let path = place.to_str().expect("the path is text").to_owned();
        git(repo.root(), &["worktree", "add", "-q", "--detach", &path]);
        place
    });
    std::iter::once(repo.root().to_owned())
        .chain(linked)
        .collect()
}

#[test]
fn every_issue_has_exactly_one_winner() {
    let (n_processes, n_places, n_issues) = size();
    let repo = Repo::in_memory();
    let issues: BTreeSet<String> = (0..n_issues)
        .map(|number| repo.create(&format!("task {number}")))
        .collect();
    let places = worktrees(&repo, n_places);
    let begun = Instant::now();
    let racers = (0..n_processes).map(|number| {
        let who = format!("agent:p{number}");
        (
            places[number % n_places].as_path(),
            words(&["sh", "-c", TAKE_ALL, JIT, &who]),
        )
    });
    let answers = race_of(racers);
    let seconds = begun.elapsed().as_secs_f64();
    let mut winners: BTreeMap<String, usize> = BTreeMap::new();
    for (number, answer) in answers.iter().enumerate() {
        let (taken, last) = answer
            .stdout
            .trim_end()
            .rsplit_once('\n')
            .unwrap_or(("", answer.stdout.trim_end()));
        assert_eq!(
            last, "exit 3",
            "process {number} ends for want of work: {answer:?}"
        );
        for id in taken.lines() {
            let other = winners.insert(id.to_owned(), number);
            assert_eq!(other, None, "{id} has two winners, one of them {number}");
        }
    }
    figures::record(
        "winners",
        &json!({
            "issues": n_issues, "winners": winners.len(), "processes": n_processes, "worktrees": n_places,
            "seconds": seconds, "claims_per_second": (n_issues as u64).checked_div(begun.elapsed().as_secs().max(1)),
        }),
    );
    assert_eq!(winners.keys().cloned().collect::<BTreeSet<_>>(), issues);
    let claimed = repo.events(&["--type", "issue.claimed"]);
    assert_eq!(claimed.len(), n_issues);
    for event in &claimed {
        let number = winners[event["issue"].as_str().expect("a claim names its issue")];
        assert_eq!(event["changes"]["assignee"][1], format!("agent:p{number}"));
        assert_eq!(event["epoch"], 1);
    }
    repo.ok(&["validate"]);
}
