//! The edges that cycles are made of.
//!
//! Owns what an edge is. Refuses to choose which one goes: that takes the log (`decide::mend`).

use super::cycle::{Node, cyclic_issues, successors};
use crate::{IssueId, Snapshot};
use std::collections::BTreeSet;

/// What an edge between two issues means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EdgeKind {
    /// The first waits for the second.
    Dependency,
    /// The second is the first one's parent.
    Parent,
}

impl EdgeKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Dependency, Self::Parent];

    /// Returns the name used in outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dependency => "dependency",
            Self::Parent => "parent",
        }
    }
}

/// An edge as the file of an issue holds it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// The issue whose file holds it.
    pub from: IssueId,
    /// The issue that it names.
    pub to: IssueId,
    /// What it means.
    pub kind: EdgeKind,
}

/// Returns every edge that lies on a cycle, in order.
pub fn edges_on_cycles(snapshot: &Snapshot) -> BTreeSet<Edge> {
    let cyclic = cyclic_issues(snapshot, snapshot.issues());
    let mut found = BTreeSet::new();
    for issue in cyclic.iter().filter_map(|id| snapshot.issue(id)) {
        let from = &issue.id;
        let dependencies = issue.dependencies.iter().filter(|to| cyclic.contains(to));
        for to in dependencies {
            if reaches(snapshot, &cyclic, Node::Whole(to), Node::Inner(from)) {
                found.insert(edge(from, to, EdgeKind::Dependency));
            }
        }
        for to in issue.parent.iter().filter(|to| cyclic.contains(to)) {
            if reaches(snapshot, &cyclic, Node::Inner(to), Node::Inner(from))
                || reaches(snapshot, &cyclic, Node::Whole(from), Node::Whole(to))
            {
                found.insert(edge(from, to, EdgeKind::Parent));
            }
        }
    }
    found
}

fn edge(from: &IssueId, to: &IssueId, kind: EdgeKind) -> Edge {
    Edge {
        from: from.clone(),
        to: to.clone(),
        kind,
    }
}

/// Returns whether waiting leads from one node to another over issues that lie on cycles.
fn reaches<'a>(
    snapshot: &'a Snapshot,
    within: &BTreeSet<IssueId>,
    from: Node<'a>,
    to: Node<'a>,
) -> bool {
    let mut seen = BTreeSet::from([from]);
    let mut stack = vec![from];
    while let Some(node) = stack.pop() {
        if node == to {
            return true;
        }
        let next = successors(snapshot, node);
        stack.extend(
            next.into_iter()
                .filter(|next| within.contains(next.id()) && seen.insert(*next)),
        );
    }
    false
}
