//! What must hold for a snapshot and its log: the findings of `jit validate`, and an oracle for tests.
//!
//! Owns the invariants. Refuses to mend anything: see `decide::mend`.

mod history;
mod origin;
mod segment;

pub use history::{History, audit_absent, audit_history};
pub(crate) use origin::Additions;
pub use origin::{Added, EdgeOrigin, add_origins};
pub use segment::{audit_copies, audit_segment};

use crate::graph::EdgeKind;
use crate::{Issue, IssueId, Lease, LeaseState, Policy, Snapshot, State, graph};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Something is wrong.
    Error,
    /// Worth knowing; nothing is wrong.
    Notice,
}

impl Severity {
    /// Every severity.
    pub const ALL: [Self; 2] = [Self::Error, Self::Notice];

    /// Returns the name used in outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Notice => "notice",
        }
    }
}

/// Something that should not be so, or that is worth knowing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Stable code, such as `dangling_dependency`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The issue concerned.
    pub issue: Option<IssueId>,
    /// The file concerned, where it is not that of the issue.
    pub path: Option<String>,
    /// What is wrong, as a sentence.
    pub message: String,
    /// A command that helps, if one does.
    pub remedy: Option<String>,
    /// The edges of a cycle, in order of waiting.
    pub edges: Vec<EdgeOrigin>,
}

impl Finding {
    fn new(code: &'static str, issue: &Issue, message: String) -> Self {
        Self {
            issue: Some(issue.id.clone()),
            ..Self::of_file(code, None, message)
        }
    }

    /// Returns an error about a file rather than an issue.
    pub fn of_file(code: &'static str, path: Option<String>, message: String) -> Self {
        Self {
            code,
            severity: Severity::Error,
            issue: None,
            path,
            message,
            remedy: None,
            edges: Vec::new(),
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
    for lease in snapshot
        .leases()
        .filter(|lease| lease.state == LeaseState::Held)
    {
        findings.extend(held(snapshot, lease));
    }
    for id in graph::cyclic_issues(snapshot, snapshot.issues()) {
        findings.push(cycle(snapshot, &id));
    }
    findings
}

/// Describes the cycle through an issue that lies on one.
fn cycle(snapshot: &Snapshot, id: &IssueId) -> Finding {
    let path = graph::cycle_through(snapshot, id)
        .expect("an issue that lies on a cycle has a way back to itself");
    let remedy = path.windows(2).find_map(|edge| cut(snapshot, edge));
    let names = path
        .iter()
        .map(IssueId::as_str)
        .collect::<Vec<_>>()
        .join(" → ");
    Finding {
        issue: Some(id.clone()),
        remedy,
        edges: path
            .windows(2)
            .filter_map(|pair| origin::between(snapshot, &pair[0], &pair[1]))
            .collect(),
        ..Finding::of_file("cycle", None, format!("it waits for itself: {names}"))
    }
}

/// Returns the command that removes an edge of a cycle: of a dependency or of a parent, whichever it is.
fn cut(snapshot: &Snapshot, pair: &[IssueId]) -> Option<String> {
    let [from, to] = pair else {
        return None;
    };
    let edge = origin::between(snapshot, from, to)?;
    Some(match edge.kind {
        EdgeKind::Dependency => format!("jit dep rm {} {}", edge.from, edge.to),
        EdgeKind::Parent => format!("jit issue update {} --clear parent", edge.from),
    })
}

/// Returns what is wrong with a lease that nobody has ended.
fn held(snapshot: &Snapshot, lease: &Lease) -> Option<Finding> {
    let id = &lease.issue;
    let path = Some(format!("<private>/leases/{id}.json"));
    let found = |code, message: String, remedy: String| Finding {
        issue: Some(id.clone()),
        remedy: Some(remedy),
        ..Finding::of_file(code, path.clone(), message)
    };
    let Some(issue) = snapshot.record(id) else {
        if damaged(snapshot, id).is_some() {
            return None;
        }
        let message = format!("{} holds an issue that has no file here", lease.holder);
        let remedy = "check out the branch that has the issue, or bring its file back: jit recover";
        return Some(found("orphan_lease", message, remedy.to_owned()));
    };
    if issue.is_deleted() {
        let message = format!("{} holds an issue that was deleted", lease.holder);
        return Some(found(
            "lease_of_tombstone",
            message,
            "jit validate --fix".to_owned(),
        ));
    }
    (lease.epoch < issue.epoch).then(|| {
        let message = format!(
            "it was granted under epoch {}, but epoch {} of the issue has overtaken it",
            lease.epoch, issue.epoch
        );
        found("lease_overtaken", message, "jit validate --fix".to_owned())
    })
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
            None => {
                finding(absence(snapshot, id)).with_remedy(format!("jit dep rm {} {id}", issue.id))
            }
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
            None => finding(absence(snapshot, parent)).with_remedy(unset),
        });
    }
    findings
}

/// Says why an issue that something points to is not there.
fn absence(snapshot: &Snapshot, id: &IssueId) -> &'static str {
    if snapshot.record(id).is_some() {
        "was deleted"
    } else {
        "does not exist"
    }
}

fn mend(path: &str) -> String {
    format!("mend `{path}` by hand, or take it back from git")
}

/// Names the fields in which only a newer version can read.
fn newer(issue: &Issue) -> Option<Finding> {
    let fields: Vec<&str> = issue.newer.keys().map(String::as_str).collect();
    issue.is_read_only().then(|| {
        let message = format!(
            "it can only be read: {} hold values that this program does not know",
            fields.join(", ")
        );
        let remedy = "use the jit that wrote them, or mend the values by hand".to_owned();
        Finding::new("newer_values", issue, message).with_remedy(remedy)
    })
}

/// Returns a finding when a merge left something that nobody has decided since.
fn undecided(issue: &Issue) -> Option<Finding> {
    issue.has_conflicts().then(|| {
        let conflicts = issue.conflicts().into_iter();
        let fields: Vec<String> = conflicts.map(|conflict| conflict.field).collect();
        let message = format!("a merge left {} undecided", fields.join(", "));
        Finding::new("conflict", issue, message).with_remedy(format!("jit resolve {}", issue.id))
    })
}

fn contents(snapshot: &Snapshot, policy: &Policy, issue: &Issue) -> Vec<Finding> {
    let mut findings = Vec::new();
    for key in issue
        .gates
        .keys()
        .filter(|key| snapshot.gate(key).is_none() && !issue.is_resolved())
    {
        let finding = Finding::new(
            "undefined_gate",
            issue,
            format!("it requires gate {key}, which is not defined"),
        );
        findings.push(finding.with_remedy(format!("jit gate define {key} --title \"…\"")));
    }
    findings.extend(newer(issue));
    findings.extend(undecided(issue));
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
