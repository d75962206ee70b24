//! Many processes that want the same thing at once.
//!
//! Owns the laws of exclusion: of claims, of additions to a set, and of edges that would close a cycle.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::program::Answer;
use crate::support::race::{field, race};
use crate::support::repo::{Repo, epoch, words};

const N_RACERS: usize = 20;

/// Splits answers into those that succeeded and the exit codes of the others.
fn winners(answers: &[Answer]) -> (Vec<&Answer>, Vec<Option<i32>>) {
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.code == Some(0));
    (won, lost.iter().map(|answer| answer.code).collect())
}

/// Insists on one success, and on one exit code for all others.
fn sole_winner(answers: &[Answer], losers_exit: i32) -> &Answer {
    let (won, lost) = winners(answers);
    assert_eq!(won.len(), 1, "{answers:#?}");
    assert!(
        lost.iter().all(|code| *code == Some(losers_exit)),
        "{answers:#?}"
    );
    won[0]
}

#[test]
fn a_claim_has_one_winner() {
    let repo = Repo::new();
    for round in 1..=15 {
        let id = repo.create(&format!("round {round}"));
        let command =
            |number| words(&["issue", "claim", &id, &format!("agent:a{number}"), "--json"]);
        let answers = race(field(repo.root(), N_RACERS, command));
        let won = sole_winner(&answers, 6).json();
        let kept = repo.show(&id);
        assert_eq!(epoch(&won), 1, "the first grant of round {round}");
        for name in ["id", "epoch", "assignee", "state", "rev", "etag"] {
            assert_eq!(kept[name], won[name], "{name} of round {round}");
        }
        assert_eq!(
            repo.events(&["--issue", &id, "--type", "issue.claimed"])
                .len(),
            1
        );
    }
    repo.ok(&["validate"]);
}

#[test]
fn claim_next_gives_each_process_its_own_issue() {
    let repo = Repo::new();
    let ids: BTreeSet<String> = (0..N_RACERS)
        .map(|number| repo.create(&format!("task {number}")))
        .collect();
    let command = |number| words(&["issue", "claim-next", &format!("agent:a{number}"), "--json"]);
    let answers = race(field(repo.root(), N_RACERS, command));
    let taken: Vec<Value> = answers.iter().map(Answer::json).collect();
    let taken_ids: BTreeSet<String> = taken
        .iter()
        .map(|issue| issue["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(taken_ids, ids, "{answers:#?}");
    for (number, issue) in taken.iter().enumerate() {
        assert_eq!(issue["assignee"], format!("agent:a{number}"));
    }
    let late = repo.jit(&["issue", "claim-next", "agent:late", "--json"]);
    assert_eq!((late.code, late.stdout.as_str()), (Some(3), ""), "{late:?}");
    assert_eq!(late.error_code(), "nothing_ready");
}

#[test]
fn additions_to_one_set_are_all_kept() {
    let repo = Repo::new();
    let id = repo.create("labelled");
    assert_eq!(repo.show(&id)["rev"], 1);
    let command = |number| words(&["issue", "update", &id, "--label", &format!("l{number:02}")]);
    let answers = race(field(repo.root(), N_RACERS, command));
    assert_eq!(winners(&answers).0.len(), N_RACERS, "{answers:#?}");
    let issue = repo.show(&id);
    let labels: Vec<String> = (0..N_RACERS)
        .map(|number| format!("l{number:02}"))
        .collect();
    assert_eq!(issue["labels"], Value::from(labels));
    assert_eq!(issue["rev"], 1 + N_RACERS);
    let updates = repo.events(&["--issue", &id, "--type", "issue.updated"]);
    assert_eq!(updates.len(), N_RACERS);
}

#[test]
fn edges_that_would_close_a_cycle_have_one_winner() {
    let repo = Repo::new();
    for round in 1..=15 {
        let (one, two) = (
            repo.create(&format!("one {round}")),
            repo.create(&format!("two {round}")),
        );
        let commands = [
            words(&["dep", "add", &one, &two]),
            words(&["dep", "add", &two, &one]),
        ];
        let answers = race(commands.map(|command| (repo.root(), command)));
        sole_winner(&answers, 4);
        let n_edges =
            [&one, &two].map(|id| repo.show(id)["dependencies"].as_array().unwrap().len());
        assert_eq!(n_edges.iter().sum::<usize>(), 1, "{answers:#?}");
    }
    repo.ok(&["validate"]);
}

#[test]
fn one_agent_name_without_a_key_is_no_excuse() {
    let repo = Repo::new();
    let id = repo.create("task");
    let answers = race(field(repo.root(), N_RACERS, |_| {
        words(&["issue", "claim", &id, "agent:same", "--json"])
    }));
    sole_winner(&answers, 6);
    assert_eq!(epoch(&repo.show(&id)), 1);
}

#[test]
fn one_key_is_one_claim() {
    let repo = Repo::new();
    let id = repo.create("task");
    let command = |_| {
        words(&[
            "issue",
            "claim",
            &id,
            "agent:same",
            "--key",
            "attempt-1",
            "--json",
        ])
    };
    let answers = race(field(repo.root(), N_RACERS, command));
    for answer in &answers {
        assert_eq!(answer.code, Some(0), "{answer:?}");
        assert_eq!(epoch(&answer.json()), 1, "{answer:?}");
    }
    assert_eq!(
        repo.events(&["--issue", &id, "--type", "issue.claimed"])
            .len(),
        1
    );
    let other = repo.jit(&[
        "issue",
        "claim",
        &id,
        "agent:same",
        "--key",
        "attempt-2",
        "--json",
    ]);
    assert_eq!(other.code, Some(6), "{other:?}");
}

#[test]
fn a_claimed_issue_is_done_once() {
    let repo = Repo::new();
    let id = repo.create("task");
    let granted = repo.json(&["issue", "claim", &id, "agent:a"]);
    let command = |_| {
        words(&[
            "issue",
            "done",
            &id,
            "--epoch",
            &epoch(&granted).to_string(),
            "--json",
        ])
    };
    let answers = race(field(repo.root(), N_RACERS, command));
    let changes: Vec<Value> = answers
        .iter()
        .map(|answer| answer.json()["changed"].clone())
        .collect();
    assert_eq!(
        changes.iter().filter(|changed| **changed == true).count(),
        1,
        "{answers:#?}"
    );
    assert_eq!(
        changes.iter().filter(|changed| **changed == false).count(),
        N_RACERS - 1,
        "{answers:#?}"
    );
    assert_eq!(
        repo.events(&["--issue", &id, "--type", "issue.done"]).len(),
        1
    );
}

#[test]
fn a_slot_has_as_many_winners_as_places() {
    const N_PLACES: usize = 5;
    let repo = Repo::new();
    for number in 0..N_RACERS {
        repo.create(&format!("task {number}"));
    }
    let slot = format!("account:main={N_PLACES}");
    let command = |number| {
        let who = format!("agent:a{number}");
        words(&["issue", "claim-next", &who, "--slot", &slot, "--json"])
    };
    for round in 1..=3 {
        let answers = race(field(repo.root(), N_RACERS, command));
        let (won, lost) = winners(&answers);
        assert_eq!(won.len(), N_PLACES, "{answers:#?}");
        assert!(lost.iter().all(|code| *code == Some(6)), "{answers:#?}");
        let refused = answers.iter().filter(|answer| answer.code == Some(6));
        assert!(
            refused
                .clone()
                .all(|answer| answer.error_code() == "slot_full")
        );
        let held = repo.json(&["lease", "list"]);
        assert_eq!(
            held.as_array().map(Vec::len),
            Some(N_PLACES),
            "round {round}"
        );
        // Whatever ends a lease makes its place free.
        for (number, answer) in won.iter().enumerate() {
            let id = answer.json()["id"].as_str().unwrap().to_owned();
            match number % 3 {
                0 => repo.ok(&["issue", "done", &id]),
                1 => repo.ok(&["issue", "release", &id, "--force"]),
                _ => repo.ok(&["issue", "reject", &id]),
            };
        }
    }
}
