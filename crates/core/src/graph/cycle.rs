//! Finds issues that wait for themselves.
//!
//! Owns the search, which never recurses, so that a chain of 100,000 issues can't overflow the stack. Refuses to mend.

use crate::{Issue, IssueId, Snapshot};
use std::collections::{BTreeMap, BTreeSet};

/// A node of the graph of waiting; see the module's description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Node<'a> {
    Whole(&'a IssueId),
    Inner(&'a IssueId),
}

impl<'a> Node<'a> {
    fn id(self) -> &'a IssueId {
        match self {
            Self::Whole(id) | Self::Inner(id) => id,
        }
    }
}

fn successors<'a>(snapshot: &'a Snapshot, node: Node<'a>) -> Vec<Node<'a>> {
    let Some(issue) = snapshot.issue(node.id()) else {
        return Vec::new();
    };
    match node {
        Node::Whole(id) => {
            let children = snapshot.children(id).map(|child| Node::Whole(&child.id));
            std::iter::once(Node::Inner(&issue.id))
                .chain(children)
                .collect()
        }
        Node::Inner(_) => {
            let dependencies = issue.dependencies.iter().map(Node::Whole);
            dependencies
                .chain(issue.parent.iter().map(Node::Inner))
                .collect()
        }
    }
}

/// Returns a cycle through `id`, as the issues on it in order of waiting, the first again at the end.
pub fn cycle_through(snapshot: &Snapshot, id: &IssueId) -> Option<Vec<IssueId>> {
    let issue = snapshot.issue(id)?;
    [Node::Whole(&issue.id), Node::Inner(&issue.id)]
        .into_iter()
        .find_map(|start| path_back(snapshot, start))
}

fn path_back(snapshot: &Snapshot, start: Node<'_>) -> Option<Vec<IssueId>> {
    let mut came_from: BTreeMap<Node<'_>, Node<'_>> = BTreeMap::new();
    let mut stack = vec![start];
    while let Some(node) = stack.pop() {
        for next in successors(snapshot, node) {
            if next == start {
                return Some(describe(start, node, &came_from));
            }
            if !came_from.contains_key(&next) {
                came_from.insert(next, node);
                stack.push(next);
            }
        }
    }
    None
}

fn describe(
    start: Node<'_>,
    last: Node<'_>,
    came_from: &BTreeMap<Node<'_>, Node<'_>>,
) -> Vec<IssueId> {
    let mut path = vec![start.id().clone()];
    let mut node = last;
    while node != start {
        path.push(node.id().clone());
        node = came_from[&node];
    }
    path.push(start.id().clone());
    path.reverse();
    path.dedup();
    path
}

/// Returns the issues that lie on any cycle.
pub fn cyclic_issues(snapshot: &Snapshot) -> BTreeSet<IssueId> {
    let waiting = unordered(snapshot);
    let is_candidate = |issue: &&Issue| waiting.contains(&issue.id);
    let on_cycle = snapshot
        .issues()
        .filter(is_candidate)
        .filter(|issue| cycle_through(snapshot, &issue.id).is_some());
    on_cycle.map(|issue| issue.id.clone()).collect()
}

/// Returns the issues that a topological sort can't place: those on cycles and those that wait for them.
fn unordered(snapshot: &Snapshot) -> BTreeSet<IssueId> {
    let mut waits_for: BTreeMap<Node<'_>, usize> = BTreeMap::new();
    let mut waited_by: BTreeMap<Node<'_>, Vec<Node<'_>>> = BTreeMap::new();
    for issue in snapshot.issues() {
        for node in [Node::Whole(&issue.id), Node::Inner(&issue.id)] {
            let existing: Vec<_> = successors(snapshot, node)
                .into_iter()
                .filter(|next| snapshot.issue(next.id()).is_some())
                .collect();
            waits_for.insert(node, existing.len());
            existing
                .into_iter()
                .for_each(|next| waited_by.entry(next).or_default().push(node));
        }
    }
    let mut free: Vec<Node<'_>> = waits_for
        .iter()
        .filter(|(_, n)| **n == 0)
        .map(|(node, _)| *node)
        .collect();
    while let Some(node) = free.pop() {
        waits_for.remove(&node);
        for waiter in waited_by.get(&node).into_iter().flatten() {
            let n_left = waits_for
                .get_mut(waiter)
                .expect("a waiter is removed only after all it waits for");
            *n_left -= 1;
            if *n_left == 0 {
                free.push(*waiter);
            }
        }
    }
    waits_for
        .into_keys()
        .map(|node| node.id().clone())
        .collect()
}
