//! The rules of a finished run.
//!
//! Owns one function a rule: no issue runs twice at once, dependencies come first, the more urgent issue goes first, no agent
//! has more than it can take, everything ends. Refuses to read anything but the history it is given.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::readiness::Readiness;
use super::{Agent, Fact, History, Task, Verdict};

/// Checks every rule.
pub(crate) fn verdicts(history: &History) -> Vec<Verdict> {
    vec![
        everything_ends(history),
        one_claim_at_a_time(history),
        one_run_at_a_time(history),
        dependencies_first(history),
        urgent_first(history),
        capacity_kept(history),
    ]
}

/// Checks that every issue is done.
pub(crate) fn everything_ends(history: &History) -> Verdict {
    let violations = history
        .tasks
        .iter()
        .filter(|task| task.state != "done")
        .map(|task| format!("{} ended as {}", task.id, task.state))
        .collect();
    Verdict {
        rule: "every issue is done",
        n_checked: history.tasks.len(),
        violations,
    }
}

/// Checks the tracker's log: a claim ends before the next one begins, and epochs only rise.
pub(crate) fn one_claim_at_a_time(history: &History) -> Verdict {
    let mut open: BTreeMap<&str, u64> = BTreeMap::new();
    let mut last: BTreeMap<&str, u64> = BTreeMap::new();
    let mut violations = Vec::new();
    let mut n_checked = 0;
    for moment in &history.moments {
        let issue = moment.issue.as_str();
        match &moment.fact {
            Fact::Claimed { by, epoch } => {
                n_checked += 1;
                if let Some(held) = open.insert(issue, *epoch) {
                    violations.push(format!(
                        "{issue} was claimed by {by} while epoch {held} held it"
                    ));
                }
                if let Some(before) = last.insert(issue, *epoch).filter(|before| before >= epoch) {
                    violations.push(format!("{issue} got epoch {epoch} after epoch {before}"));
                }
            }
            Fact::Released { .. } | Fact::Gated | Fact::Done => {
                open.remove(issue);
            }
            Fact::GatePassed { .. } => {}
        }
    }
    Verdict {
        rule: "no issue is claimed twice at once, and epochs rise",
        n_checked,
        violations,
    }
}

/// Checks the dispatcher's log: a run of an issue is settled before the next one starts.
pub(crate) fn one_run_at_a_time(history: &History) -> Verdict {
    let mut live: BTreeMap<&str, &str> = BTreeMap::new();
    let mut violations = Vec::new();
    let mut n_checked = 0;
    for report in &history.reports {
        match report.kind.as_str() {
            "started" => {
                n_checked += 1;
                if let Some(other) = live
                    .insert(&report.issue, &report.run)
                    .filter(|other| *other != report.run)
                {
                    violations.push(format!(
                        "{} started as {} while {other} ran",
                        report.issue, report.run
                    ));
                }
            }
            "settled" if live.get(report.issue.as_str()) == Some(&report.run.as_str()) => {
                live.remove(report.issue.as_str());
            }
            _ => {}
        }
    }
    violations.extend(
        live.iter()
            .map(|(issue, run)| format!("{run} of {issue} was never settled")),
    );
    let gaps = history
        .reports
        .windows(2)
        .filter(|pair| pair[1].seq != pair[0].seq + 1);
    violations.extend(gaps.map(|pair| {
        format!(
            "the dispatcher's log jumps from {} to {}",
            pair[0].seq, pair[1].seq
        )
    }));
    Verdict {
        rule: "no issue runs twice at once, and every run is settled",
        n_checked,
        violations,
    }
}

/// Checks that an issue is claimed only when what it waits for is done.
pub(crate) fn dependencies_first(history: &History) -> Verdict {
    let tasks: BTreeMap<&str, &Task> = history
        .tasks
        .iter()
        .map(|task| (task.id.as_str(), task))
        .collect();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let mut violations = Vec::new();
    let mut n_checked = 0;
    for moment in &history.moments {
        match &moment.fact {
            Fact::Done => {
                done.insert(&moment.issue);
            }
            Fact::Claimed { .. } => {
                let waits_for = tasks
                    .get(moment.issue.as_str())
                    .into_iter()
                    .flat_map(|task| &task.dependencies);
                for dependency in waits_for {
                    n_checked += 1;
                    if !done.contains(dependency.as_str()) {
                        violations.push(format!(
                            "{} was claimed before {dependency} was done",
                            moment.issue
                        ));
                    }
                }
            }
            Fact::Released { .. } | Fact::Gated | Fact::GatePassed { .. } => {}
        }
    }
    Verdict {
        rule: "no issue is claimed before its dependencies are done",
        n_checked,
        violations,
    }
}

/// Checks that no agent takes an issue while a more urgent one, which it could take, is left waiting.
///
/// The dispatcher looks, decides, and then claims; so an issue counts as left waiting when it was ready at the look
/// before the claim and was still unclaimed at the next look.
pub(crate) fn urgent_first(history: &History) -> Verdict {
    let looks: Vec<Timestamp> = history
        .reports
        .iter()
        .filter(|report| report.kind == "cycle")
        .map(|report| report.at)
        .collect();
    let readiness = Readiness::new(history);
    let mut violations = Vec::new();
    let mut n_checked = 0;
    for moment in &history.moments {
        let Fact::Claimed { by, .. } = &moment.fact else {
            continue;
        };
        let Some(claimed) = history.tasks.iter().find(|task| task.id == moment.issue) else {
            continue;
        };
        let Some(agent) = history
            .agents
            .iter()
            .find(|agent| by.ends_with(&format!(":{}", agent.id)))
        else {
            continue;
        };
        let n_before = looks.partition_point(|look| *look <= moment.at);
        let Some(look) = n_before.checked_sub(1).map(|index| looks[index]) else {
            continue;
        };
        let next_look = looks.get(n_before).copied().unwrap_or(Timestamp::MAX);
        for other in history
            .tasks
            .iter()
            .filter(|other| other.rank < claimed.rank && can_take(history, agent, other))
        {
            n_checked += 1;
            if readiness.is_left_waiting(&other.id, look, next_look) {
                violations.push(format!(
                    "{by} took {} while the more urgent {} was ready",
                    claimed.id, other.id
                ));
            }
        }
    }
    Verdict {
        rule: "no agent takes an issue while it could take a more urgent one",
        n_checked,
        violations,
    }
}

/// A label that is a tag of some agent is a need.
fn can_take(history: &History, agent: &Agent, task: &Task) -> bool {
    task.labels.iter().all(|label| {
        agent.tags.contains(label)
            || !history
                .agents
                .iter()
                .any(|other| other.tags.contains(label))
    })
}

/// Checks the dispatcher's log: no agent runs more than its capacity.
pub(crate) fn capacity_kept(history: &History) -> Verdict {
    let mut live: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut violations = Vec::new();
    let mut n_checked = 0;
    for report in &history.reports {
        let runs = live.entry(&report.agent).or_default();
        match report.kind.as_str() {
            "started" => {
                runs.insert(&report.run);
                n_checked += 1;
                match history.agents.iter().find(|agent| agent.id == report.agent) {
                    Some(agent) if runs.len() <= agent.capacity => {}
                    Some(agent) => {
                        violations.push(format!("{} ran {} at once", agent.id, runs.len()));
                    }
                    None => violations.push(format!("{} is not in the pool", report.agent)),
                }
            }
            "settled" => {
                runs.remove(report.run.as_str());
            }
            _ => {}
        }
    }
    Verdict {
        rule: "no agent runs more than its capacity",
        n_checked,
        violations,
    }
}
