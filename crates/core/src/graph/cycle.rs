//! Finds issues that wait for themselves.
//!
//! Owns the search, which never recurses, so that a chain of 100,000 issues can't overflow the stack. Refuses to mend.

use crate::{Issue, IssueId, Snapshot};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// A node of the graph of waiting; see the module's description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Node<'a> {
    Whole(&'a IssueId),
    Inner(&'a IssueId),
}

impl<'a> Node<'a> {
    pub(super) fn id(self) -> &'a IssueId {
        match self {
            Self::Whole(id) | Self::Inner(id) => id,
        }
    }
}

pub(super) fn successors<'a>(snapshot: &'a Snapshot, node: Node<'a>) -> Vec<Node<'a>> {
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
    let path_from = |start| match path_back(snapshot, start, &|_| true, usize::MAX) {
        Search::Found(path) => Some(path),
        Search::None | Search::Cancelled => None,
    };
    let starts = [Node::Whole(&issue.id), Node::Inner(&issue.id)];
    starts.into_iter().find_map(path_from)
}

/// Returns whether `id` lies on a cycle of issues that all are `within`, unless more than `budget` nodes would have to be
/// looked at to tell.
pub fn is_on_cycle(
    snapshot: &Snapshot,
    id: &IssueId,
    within: &dyn Fn(&IssueId) -> bool,
    budget: usize,
) -> Option<bool> {
    if !within(id) {
        return Some(false);
    }
    for start in [Node::Whole(id), Node::Inner(id)] {
        match path_back(snapshot, start, within, budget) {
            Search::Found(_) => return Some(true),
            Search::Cancelled => return None,
            Search::None => {}
        }
    }
    Some(false)
}

/// What a search for a way back came to.
enum Search {
    /// This way.
    Found(Vec<IssueId>),
    /// There is none.
    None,
    /// Too much would have to be looked at.
    Cancelled,
}

fn path_back(
    snapshot: &Snapshot,
    start: Node<'_>,
    within: &dyn Fn(&IssueId) -> bool,
    budget: usize,
) -> Search {
    let mut came_from: BTreeMap<Node<'_>, Node<'_>> = BTreeMap::new();
    let mut stack = vec![start];
    while let Some(node) = stack.pop() {
        if came_from.len() > budget {
            return Search::Cancelled;
        }
        for next in successors(snapshot, node)
            .into_iter()
            .filter(|next| within(next.id()))
        {
            if next == start {
                return Search::Found(describe(start, node, &came_from));
            }
            if let Entry::Vacant(entry) = came_from.entry(next) {
                entry.insert(node);
                stack.push(next);
            }
        }
    }
    Search::None
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

/// Returns those of the `relevant` issues that lie on a cycle of nothing but such.
pub fn cyclic_issues<'a>(
    snapshot: &'a Snapshot,
    relevant: impl Iterator<Item = &'a Issue>,
) -> BTreeSet<IssueId> {
    let relevant = relevant.map(|issue| (&issue.id, issue)).collect();
    let unordered = unordered(snapshot, &relevant);
    let on_cycle = unordered.iter().filter(|id| {
        let within = |id: &IssueId| unordered.contains(id);
        is_on_cycle(snapshot, id, &within, usize::MAX) == Some(true)
    });
    on_cycle.map(|id| (*id).clone()).collect()
}

/// Returns the relevant issues that a topological sort can't place: those on cycles and those that wait for them.
fn unordered<'a>(
    snapshot: &'a Snapshot,
    relevant: &BTreeMap<&'a IssueId, &'a Issue>,
) -> BTreeSet<&'a IssueId> {
    let mut n_waits: BTreeMap<Node<'_>, usize> = BTreeMap::new();
    let mut waiters: BTreeMap<Node<'_>, Vec<Node<'_>>> = BTreeMap::new();
    // An issue without edges waits for nothing, so no cycle leads through it; most issues are such.
    let may_wait = |issue: &Issue| {
        let has_edges = !issue.dependencies.is_empty() || issue.parent.is_some();
        has_edges || snapshot.children(&issue.id).next().is_some()
    };
    let waiting: BTreeSet<&IssueId> = relevant
        .iter()
        .filter(|(_, issue)| may_wait(issue))
        .map(|(id, _)| *id)
        .collect();
    for id in &waiting {
        for node in [Node::Whole(id), Node::Inner(id)] {
            let awaited: Vec<_> = successors(snapshot, node)
                .into_iter()
                .filter(|next| waiting.contains(next.id()))
                .collect();
            n_waits.insert(node, awaited.len());
            for next in awaited {
                waiters.entry(next).or_default().push(node);
            }
        }
    }
    let mut free: Vec<Node<'_>> = n_waits
        .iter()
        .filter(|(_, n)| **n == 0)
        .map(|(node, _)| *node)
        .collect();
    while let Some(node) = free.pop() {
        n_waits.remove(&node);
        for waiter in waiters.get(&node).into_iter().flatten() {
            let n_left = n_waits
                .get_mut(waiter)
                .expect("a waiter leaves only after all that it waits for");
            *n_left -= 1;
            if *n_left == 0 {
                free.push(*waiter);
            }
        }
    }
    n_waits.into_keys().map(Node::id).collect()
}
