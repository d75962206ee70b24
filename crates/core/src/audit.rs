//! What must hold for a snapshot and its log: the findings of `jit validate`, and an oracle for tests.
//!
//! Owns the invariants. Refuses to mend anything.

use crate::event::Event;
use crate::{Issue, IssueId, LeaseState, Policy, Snapshot, State, graph};
use std::collections::{BTreeMap, BTreeSet};

/// Something that should not be so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Stable code, such as `dangling_dependency`.
    pub code: &'static str,
    /// The issue concerned.
    pub issue: Option<IssueId>,
    /// What is wrong, as a sentence.
    pub message: String,
    /// A command that helps, if one does.
    pub remedy: Option<String>,
}

impl Finding {
    fn new(code: &'static str, issue: &Issue, message: String) -> Self {
        Self {
            code,
            issue: Some(issue.id.clone()),
            message,
            remedy: None,
        }
    }

    fn with_remedy(self, remedy: String) -> Self {
        Self {
            remedy: Some(remedy),
            ..self
        }
    }
}

/// Returns what is wrong with the issues, gates and leases.
pub fn audit(snapshot: &Snapshot, policy: &Policy) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for issue in snapshot.issues() {
        findings.extend(edges(snapshot, issue));
        findings.extend(contents(snapshot, policy, issue));
    }
    for id in graph::cyclic_issues(snapshot, |_| true) {
        let path = graph::cycle_through(snapshot, &id)
            .expect("an issue that lies on a cycle has a way back to itself");
        let remedy = path.windows(2).find_map(|edge| cut(snapshot, edge));
        let names = path
            .iter()
            .map(IssueId::as_str)
            .collect::<Vec<_>>()
            .join(" → ");
        findings.push(Finding {
            code: "cycle",
            issue: Some(id.clone()),
            message: format!("it waits for itself: {names}"),
            remedy,
        });
    }
    findings
}

/// Returns the command that removes an edge of a cycle: of a dependency or of a parent, whichever it is.
fn cut(snapshot: &Snapshot, edge: &[IssueId]) -> Option<String> {
    let [from, to] = edge else {
        return None;
    };
    let (waiting, awaited) = (snapshot.issue(from)?, snapshot.issue(to)?);
    if waiting.dependencies.contains(to) {
        return Some(format!("jit dep rm {from} {to}"));
    }
    let child = [waiting, awaited].into_iter().find(|issue| {
        let parent = issue.parent.as_ref();
        parent == Some(from) || parent == Some(to)
    })?;
    Some(format!("jit issue update {} --clear parent", child.id))
}

/// Returns the path of the file of `id` that is there but can't be read: what points to it is in order.
fn damaged<'a>(snapshot: &'a Snapshot, id: &IssueId) -> Option<&'a str> {
    let mut problems = snapshot.problems().iter();
    problems
        .find(|problem| problem.issue.as_ref() == Some(id))
        .map(|problem| problem.path.as_str())
}

fn edges(snapshot: &Snapshot, issue: &Issue) -> Vec<Finding> {
    let mut findings = Vec::new();
    for id in issue
        .dependencies
        .iter()
        .filter(|id| snapshot.issue(id).is_none())
    {
        let finding = |problem: &str| {
            let message = format!("it waits for {id}, which {problem}");
            Finding::new("dangling_dependency", issue, message)
        };
        findings.push(match damaged(snapshot, id).map(mend) {
            Some(mend) => finding("can't be read").with_remedy(mend),
            None => finding("does not exist").with_remedy(format!("jit dep rm {} {id}", issue.id)),
        });
    }
    if let Some(parent) = issue
        .parent
        .as_ref()
        .filter(|id| snapshot.issue(id).is_none())
    {
        let finding = |problem: &str| {
            let message = format!("its parent {parent} {problem}");
            Finding::new("dangling_parent", issue, message)
        };
        let unset = format!("jit issue update {} --clear parent", issue.id);
        findings.push(match damaged(snapshot, parent).map(mend) {
            Some(mend) => finding("can't be read").with_remedy(mend),
            None => finding("does not exist").with_remedy(unset),
        });
    }
    findings
}

fn mend(path: &str) -> String {
    format!("mend `{path}` by hand, or take it back from git")
}

fn contents(snapshot: &Snapshot, policy: &Policy, issue: &Issue) -> Vec<Finding> {
    let mut findings = Vec::new();
    for key in issue
        .gates
        .keys()
        .filter(|key| snapshot.gate(key).is_none())
    {
        let finding = Finding::new(
            "undefined_gate",
            issue,
            format!("it requires gate {key}, which is not defined"),
        );
        findings.push(finding.with_remedy(format!("jit gate define {key} --title \"…\"")));
    }
    if !policy.types.contains(&issue.kind) {
        findings.push(Finding::new(
            "unknown_type",
            issue,
            format!("its type `{}` is not known here", issue.kind),
        ));
    }
    if issue.etag != issue.compute_etag() {
        let message = "its file was changed by something else than the tracker".to_owned();
        let finding = Finding::new("external_change", issue, message);
        findings.push(finding.with_remedy(format!(
            "jit issue comment {} \"accept the outside change\"",
            issue.id
        )));
    }
    if issue.state.is_resolved() != issue.closed_at.is_some() {
        findings.push(Finding::new(
            "closed_at",
            issue,
            format!("it is {}, which its closed_at denies", issue.state),
        ));
    }
    if issue.state == State::InProgress && issue.assignee.is_none() {
        findings.push(Finding::new(
            "nobody_works",
            issue,
            "it is in progress, but assigned to nobody".to_owned(),
        ));
    }
    let lease = snapshot.lease(&issue.id);
    if let Some(lease) = lease.filter(|lease| lease.epoch > issue.epoch) {
        let message = format!(
            "its epoch {} is behind that of its lease, {}",
            issue.epoch, lease.epoch
        );
        let finding = Finding::new("epoch_behind", issue, message);
        findings.push(if lease.state == LeaseState::Held {
            finding.with_remedy(format!("jit issue release {} --force", issue.id))
        } else {
            finding
        });
    }
    findings
}

/// Returns the issues whose revision the log does not account for: following `prev` from the current etag must lead
/// through as many events as there were revisions.
pub fn audit_history<'a>(
    snapshot: &Snapshot,
    events: impl IntoIterator<Item = &'a Event>,
) -> Vec<Finding> {
    let mut by_etag: BTreeMap<(&IssueId, &str), &Event> = BTreeMap::new();
    for event in events {
        if let (Some(issue), Some(etag)) = (&event.draft.issue, &event.draft.etag) {
            by_etag.insert((issue, etag), event);
        }
    }
    let unaccounted = snapshot.records().filter_map(|issue| {
        let n_found = longest_chain(&by_etag, &issue.id, &issue.etag);
        (n_found != issue.rev).then(|| {
            let message = format!(
                "it has had {} revisions, but the log accounts for {n_found}",
                issue.rev
            );
            Finding::new("history", issue, message)
        })
    });
    unaccounted.collect()
}

fn longest_chain(by_etag: &BTreeMap<(&IssueId, &str), &Event>, id: &IssueId, etag: &str) -> u64 {
    let mut depth = 0;
    let mut layer: BTreeSet<&str> = BTreeSet::from([etag]);
    loop {
        let events: Vec<&&Event> = layer
            .iter()
            .filter_map(|etag| by_etag.get(&(id, *etag)))
            .collect();
        if events.is_empty() || depth > by_etag.len() as u64 {
            return depth;
        }
        depth += 1;
        layer = events
            .into_iter()
            .flat_map(|event| event.draft.prev.iter().map(String::as_str))
            .collect();
    }
}
