//! Takes over issues that another tracker had.
//!
//! Owns what a repository accepts from outside: new ids only, edges that exist and close no cycle. Refuses to know any
//! foreign format.

use super::edit::Edit;
use crate::{Issue, IssueId, Refusal, Request, Snapshot, graph};
use std::collections::BTreeSet;

/// An edge that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The issue that would have waited, or been a child.
    pub from: IssueId,
    /// The issue that it would have led to.
    pub to: IssueId,
    /// Whether it was the edge to a parent.
    pub is_parent: bool,
}

/// The decision, and what of the input was left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// What to write.
    pub changes: crate::Changeset,
    /// Edges that would have closed a cycle.
    pub cyclic: Vec<LeftOut>,
}

/// Adds `issues` as they are, but for edges that would close a cycle, which are left out in order of the input.
///
/// Refused when an id is taken.
pub fn import(
    snapshot: &Snapshot,
    request: &Request,
    issues: Vec<Issue>,
) -> Result<Imported, Refusal> {
    let (issues, cyclic) = without_cycles(snapshot, issues)?;
    let mut edit = Edit::new(snapshot, request);
    for issue in issues {
        edit.insert(issue);
    }
    Ok(Imported {
        changes: edit.finish(),
        cyclic,
    })
}

fn without_cycles(
    snapshot: &Snapshot,
    issues: Vec<Issue>,
) -> Result<(Vec<Issue>, Vec<LeftOut>), Refusal> {
    let mut scratch = snapshot.clone();
    for issue in &issues {
        if snapshot.record(&issue.id).is_some() {
            return Err(Refusal::invalid(
                "id",
                format_args!("`{}` is taken", issue.id),
            ));
        }
        scratch.put_issue(Issue {
            parent: None,
            dependencies: BTreeSet::new(),
            ..issue.clone()
        });
    }
    let mut cyclic = Vec::new();
    let mut accepted = Vec::with_capacity(issues.len());
    for issue in issues {
        accepted.push(connect(&mut scratch, &issue, &mut cyclic));
    }
    Ok((accepted, cyclic))
}

/// Gives the issue its edges one by one, in `scratch` too, leaving out each that would close a cycle.
fn connect(scratch: &mut Snapshot, issue: &Issue, cyclic: &mut Vec<LeftOut>) -> Issue {
    let mut connected = Issue {
        parent: None,
        dependencies: BTreeSet::new(),
        ..issue.clone()
    };
    for target in &issue.dependencies {
        let mut next = connected.clone();
        next.dependencies.insert(target.clone());
        let left_out = LeftOut {
            from: issue.id.clone(),
            to: target.clone(),
            is_parent: false,
        };
        connected = accept(scratch, connected, next, left_out, cyclic);
    }
    if let Some(target) = &issue.parent {
        let next = Issue {
            parent: Some(target.clone()),
            ..connected.clone()
        };
        let left_out = LeftOut {
            from: issue.id.clone(),
            to: target.clone(),
            is_parent: true,
        };
        connected = accept(scratch, connected, next, left_out, cyclic);
    }
    connected
}

fn accept(
    scratch: &mut Snapshot,
    current: Issue,
    next: Issue,
    left_out: LeftOut,
    cyclic: &mut Vec<LeftOut>,
) -> Issue {
    scratch.put_issue(next.clone());
    if graph::cycle_through(scratch, &next.id).is_none() {
        return next;
    }
    scratch.put_issue(current.clone());
    cyclic.push(left_out);
    current
}
