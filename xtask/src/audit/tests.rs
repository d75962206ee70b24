//! Shows that each rule catches what it is for, on histories written in one line each.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Agent, Fact, History, Moment, Report, Task, verdicts};

/// Reads a history: `b:1<a^p|x` in `graph` is issue b of rank 1 that depends on a, is a part of p, and has label x.
///
/// In `log`, `12 claim b one 3` is a claim at second 12 by agent `one` with epoch 3; `done`, `gated`, `free` (released),
/// `pass` (gate `go`) take an issue; `cycle` is a look of the dispatcher; `start` and `settle` take issue, agent and run.
fn history(graph: &str, log: &str) -> History {
    let mut history = History {
        tasks: graph.split(' ').map(task).collect(),
        agents: vec![agent("one", &[]), agent("two", &["x"])],
        entry_gates: BTreeSet::from(["go".to_owned()]),
        ..History::default()
    };
    for line in log
        .split(';')
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        let words: Vec<&str> = line.split(' ').collect();
        let at = Timestamp::from_second(words[0].parse().unwrap()).unwrap();
        let fact = match words[1] {
            "claim" => Some(Fact::Claimed {
                by: format!("agent:{}", words[3]),
                epoch: words[4].parse().unwrap(),
            }),
            "free" => Some(Fact::Released {
                not_before: words
                    .get(3)
                    .map(|until| Timestamp::from_second(until.parse().unwrap()).unwrap()),
            }),
            "gated" => Some(Fact::Gated),
            "done" => Some(Fact::Done),
            "pass" => Some(Fact::GatePassed {
                key: "go".to_owned(),
            }),
            _ => None,
        };
        match fact {
            Some(fact) => history.moments.push(Moment {
                at,
                issue: words[2].to_owned(),
                fact,
            }),
            None => history
                .reports
                .push(report(history.reports.len(), at, &words)),
        }
    }
    let done: Vec<&str> = history
        .moments
        .iter()
        .filter(|moment| moment.fact == Fact::Done)
        .map(|moment| moment.issue.as_str())
        .collect();
    for task in &mut history.tasks {
        task.state = if done.contains(&task.id.as_str()) {
            "done"
        } else {
            "open"
        }
        .to_owned();
    }
    history
}

fn task(text: &str) -> Task {
    let (rest, label) = text.split_once('|').unwrap_or((text, ""));
    let (rest, gate) = rest.split_once('!').unwrap_or((rest, ""));
    let (rest, parent) = rest.split_once('^').unwrap_or((rest, ""));
    let (rest, dependency) = rest.split_once('<').unwrap_or((rest, ""));
    let (id, rank) = rest.split_once(':').unwrap_or((rest, "2"));
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Task {
        id: id.to_owned(),
        rank: rank.parse().unwrap(),
        labels: some(label).into_iter().collect(),
        dependencies: some(dependency).into_iter().collect(),
        parent: some(parent),
        gates: some(gate).into_iter().collect(),
        ..Task::default()
    }
}

fn agent(id: &str, tags: &[&str]) -> Agent {
    Agent {
        id: id.to_owned(),
        capacity: 1,
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
    }
}

fn report(seq: usize, at: Timestamp, words: &[&str]) -> Report {
    let kind = match words[1] {
        "start" => "started",
        "settle" => "settled",
        other => other,
    };
    let word = |index: usize| words.get(index).copied().unwrap_or_default().to_owned();
    Report {
        seq: seq as u64,
        at,
        kind: kind.to_owned(),
        issue: word(2),
        agent: word(3),
        run: word(4),
    }
}

fn check(graph: &str, log: &str, expected: &[&str]) {
    let found: Vec<String> = verdicts(&history(graph, log))
        .into_iter()
        .flat_map(|verdict| verdict.violations)
        .collect();
    assert_eq!(found, expected, "{graph} / {log}");
}

#[test]
fn a_good_run_passes_and_every_rule_looked_at_something() {
    let history = history(
        "a:0 b:1<a",
        "0 cycle; 1 claim a one 1; 1 start a one r1; 2 done a; 2 settle a one r1; 3 cycle; 4 claim b one 1; \
         4 start b one r2; 5 done b; 5 settle b one r2",
    );
    for verdict in verdicts(&history) {
        assert!(
            verdict.holds(),
            "{}: {:?}, {} checked",
            verdict.rule,
            verdict.violations,
            verdict.n_checked
        );
    }
}

#[test]
fn an_issue_that_is_not_done_is_found() {
    check("a", "1 claim a one 1", &["a ended as open"]);
}

#[test]
fn a_double_claim_is_found() {
    check(
        "a",
        "1 claim a one 1; 2 claim a two 2; 3 done a",
        &["a was claimed by agent:two while epoch 1 held it"],
    );
    check(
        "a",
        "1 claim a one 2; 2 free a; 3 claim a one 2; 4 done a",
        &["a got epoch 2 after epoch 2"],
    );
    check(
        "a",
        "1 claim a one 1; 2 free a; 3 claim a one 2; 4 done a",
        &[],
    );
    check(
        "a",
        "1 claim a one 1; 2 gated a; 3 claim a one 2; 4 done a",
        &[],
    );
}

#[test]
fn a_double_run_is_found() {
    check(
        "a",
        "1 start a one r1; 2 start a two r2; 3 settle a two r2; 4 done a",
        &["a started as r2 while r1 ran"],
    );
    check(
        "a",
        "1 start a one r1; 4 done a",
        &["r1 of a was never settled"],
    );
}

#[test]
fn a_lost_line_of_the_dispatcher_is_found() {
    let mut history = history("a", "0 cycle; 1 cycle; 2 cycle; 3 done a");
    history.reports.remove(1);
    let found: Vec<String> = verdicts(&history)
        .into_iter()
        .flat_map(|verdict| verdict.violations)
        .collect();
    assert_eq!(found, ["the dispatcher's log jumps from 0 to 2"]);
}

#[test]
fn a_claim_before_its_dependency_is_found() {
    check(
        "a b<a",
        "1 claim b one 1; 2 done b; 3 done a",
        &["b was claimed before a was done"],
    );
}

#[test]
fn a_less_urgent_claim_is_found() {
    let passed_over = "agent:one took b while the more urgent a was ready";
    let rest = "; 7 done b; 8 claim a one 1; 9 done a";
    let rows: [(&str, &str, &[&str]); 9] = [
        (
            "a:0 b:2",
            "1 cycle; 2 claim b one 1; 5 cycle",
            &[passed_over],
        ),
        // Both were planned at one look; their order within it says nothing.
        (
            "a:0 b:2",
            "1 cycle; 2 claim b one 1; 3 claim a two 1; 4 free a; 5 cycle",
            &[],
        ),
        // It became ready only after the look.
        (
            "d a:0<d b:2",
            "0 claim d one 1; 1 cycle; 2 done d; 3 claim b one 1; 5 cycle",
            &[],
        ),
        (
            "d a:0<d b:2",
            "0 claim d one 1; 0 done d; 1 cycle; 3 claim b one 1; 5 cycle",
            &[passed_over],
        ),
        // Somebody had it.
        (
            "a:0 b:2",
            "0 claim a two 1; 1 cycle; 2 claim b one 1; 5 cycle; 6 free a",
            &[],
        ),
        // It had to wait after a failure.
        (
            "a:0 b:2",
            "0 claim a two 1; 1 free a 6; 1 cycle; 2 claim b one 1; 5 cycle",
            &[],
        ),
        // This agent cannot run it.
        ("a:0|x b:2", "1 cycle; 2 claim b one 1; 5 cycle", &[]),
        // Its entry gate was not passed, its parent was not free.
        ("a:0!go b:2", "1 cycle; 2 claim b one 1; 5 cycle", &[]),
        (
            "a:0!go b:2",
            "0 pass a; 1 cycle; 2 claim b one 1; 5 cycle",
            &[passed_over],
        ),
    ];
    for (graph, log, expected) in rows {
        let epoch = if log.contains("claim a") {
            rest.replace("one 1", "one 2")
        } else {
            rest.to_owned()
        };
        check(graph, &format!("{log}{epoch}"), expected);
    }
    check(
        "p:3<d d:3 a:0^p b:2",
        "1 cycle; 2 claim b one 1; 3 done b; 4 cycle; 5 claim d one 1; 6 done d; 7 cycle; 7 claim a one 1; 8 done a; \
         8 cycle; 9 claim p one 1; 9 done p",
        &[],
    );
}

#[test]
fn an_overloaded_agent_is_found() {
    check(
        "a b",
        "1 start a one r1; 2 start b one r2; 3 settle a one r1; 3 settle b one r2; 4 done a; 4 done b",
        &["one ran 2 at once"],
    );
}
