//! What must hold of any orchestrator, read from the event log of the tracker and the log of the workers.
//!
//! Owns the laws. Refuses to know which orchestrator it was.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::ground::{GRAPH, Ground, Row};

/// What the event log says of an issue that a worker has something to do with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fact {
    Claimed { epoch: u64 },
    GivenBack,
    Done,
}

/// The issues of the graph by id.
type Names<'a> = BTreeMap<&'a str, &'static str>;

/// Asserts that the graph is finished, and that nothing on the way there broke a law.
pub(crate) fn check(ground: &Ground, ids: &BTreeMap<&'static str, String>) {
    let work = ground.work();
    let all: BTreeSet<String> = ids.values().cloned().collect();
    let done: BTreeSet<String> = ground.in_state("done").into_iter().collect();
    assert_eq!(done, all, "every issue is done: {work:?}");
    let facts = facts(&ground.events(), ids);
    check_facts(&facts);
    check_work(&work);
    let is_claim = |(_, fact): &&(&str, Fact)| matches!(fact, Fact::Claimed { .. });
    let n_begun = work
        .iter()
        .filter(|line| line.starts_with("begin "))
        .count();
    assert_eq!(
        facts.iter().filter(is_claim).count(),
        n_begun,
        "each claim is one run: {work:?}"
    );
}

/// Asserts that a lone worker always took one of the most urgent ready issues.
pub(crate) fn check_order(ground: &Ground, ids: &BTreeMap<&'static str, String>) {
    let urgency = |row: &Row| {
        let place = ["critical", "high", "normal", "low"]
            .iter()
            .position(|word| *word == row.priority);
        place.expect("the priorities of the graph are known")
    };
    // An issue that was given back waits for its time, which is not in the log, so only first claims are compared.
    let mut untried: Vec<&Row> = GRAPH.iter().collect();
    let mut done = BTreeSet::new();
    for (name, fact) in facts(&ground.events(), ids) {
        match fact {
            Fact::GivenBack => {}
            Fact::Done => drop(done.insert(name)),
            Fact::Claimed { .. } => {
                let is_ready = |row: &&&Row| row.dependencies().all(|before| done.contains(before));
                let best = untried
                    .iter()
                    .filter(is_ready)
                    .map(|row| urgency(row))
                    .min();
                if let Some(place) = untried.iter().position(|row| row.name == name) {
                    let row = untried.remove(place);
                    assert_eq!(Some(urgency(row)), best, "{name} was not the most urgent");
                }
            }
        }
    }
}

fn facts(events: &[Value], ids: &BTreeMap<&'static str, String>) -> Vec<(&'static str, Fact)> {
    let names: Names<'_> = ids.iter().map(|(name, id)| (id.as_str(), *name)).collect();
    events
        .iter()
        .filter_map(|event| fact(event, &names))
        .collect()
}

fn fact(event: &Value, names: &Names<'_>) -> Option<(&'static str, Fact)> {
    let name = event["issue"]
        .as_str()
        .and_then(|id| names.get(id).copied())?;
    let fact = match event["type"].as_str().expect("an event has a type") {
        "issue.claimed" => Fact::Claimed {
            epoch: event["epoch"].as_u64().expect("a claim has an epoch"),
        },
        "issue.done" => Fact::Done,
        "issue.released" => Fact::GivenBack,
        other => {
            assert_ne!(other, "lease.expired", "the lease of {name} was not kept");
            return None;
        }
    };
    Some((name, fact))
}

/// Asserts that every claim came after what the issue waits for, and after the end of the claim before.
fn check_facts(facts: &[(&'static str, Fact)]) {
    let mut done = BTreeSet::new();
    let mut held = BTreeSet::new();
    let mut epochs: BTreeMap<&str, u64> = BTreeMap::new();
    for (name, fact) in facts.iter().copied() {
        match fact {
            Fact::Claimed { epoch } => {
                let row = GRAPH
                    .iter()
                    .find(|row| row.name == name)
                    .expect("the row is known");
                for before in row.dependencies() {
                    assert!(
                        done.contains(before),
                        "{name} was claimed before {before} was done"
                    );
                }
                assert!(held.insert(name), "{name} was claimed twice at once");
                let last = epochs.insert(name, epoch).unwrap_or(0);
                assert_eq!(epoch, last + 1, "the epochs of {name} rise by one");
            }
            Fact::GivenBack => assert!(held.remove(name), "{name} was given back by nobody"),
            Fact::Done => {
                assert!(held.remove(name), "{name} was done by nobody");
                assert!(done.insert(name), "{name} was done twice");
            }
        }
    }
    assert!(held.is_empty(), "somebody still holds {held:?}");
}

/// Asserts that no two workers were at one issue at the same time.
fn check_work(lines: &[String]) {
    let mut at_work = BTreeSet::new();
    for line in lines {
        let mut words = line.split(' ');
        match (words.next(), words.next()) {
            (Some("begin"), issue) => assert!(at_work.insert(issue), "two at once: {lines:?}"),
            (_, issue) => assert!(
                at_work.remove(&issue),
                "an end without a beginning: {lines:?}"
            ),
        }
    }
    assert!(at_work.is_empty(), "a worker never ended: {lines:?}");
}
