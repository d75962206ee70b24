//! Walks the graph of dependencies for people: what lies downstream, where it begins, in which layers.
//!
//! Owns the walks. Refuses to draw.

use crate::{IssueId, Snapshot};
use std::collections::{BTreeMap, BTreeSet};

/// Returns all issues that wait for `id`, directly or through others, in order of their ids.
pub fn downstream(snapshot: &Snapshot, id: &IssueId) -> Vec<IssueId> {
    let mut seen = BTreeSet::new();
    let mut stack = vec![id.clone()];
    while let Some(next) = stack.pop() {
        for dependent in snapshot.dependents(&next) {
            if dependent.id != *id && seen.insert(dependent.id.clone()) {
                stack.push(dependent.id.clone());
            }
        }
    }
    seen.into_iter().collect()
}

/// Returns the unresolved issues that wait for no unresolved issue, in order of their ids.
pub fn roots(snapshot: &Snapshot) -> Vec<IssueId> {
    let is_open = |id: &IssueId| snapshot.issue(id).is_some_and(|issue| !issue.is_resolved());
    snapshot
        .unresolved()
        .filter(|issue| !issue.dependencies.iter().any(is_open))
        .map(|issue| issue.id.clone())
        .collect()
}

/// Returns `id` and everything that it waits for, each with its distance in edges; the nearest way counts.
pub fn levels(snapshot: &Snapshot, id: &IssueId) -> BTreeMap<IssueId, usize> {
    let mut found = BTreeMap::from([(id.clone(), 0)]);
    let mut layer = vec![id.clone()];
    let mut depth = 0;
    while !layer.is_empty() {
        depth += 1;
        let below = layer
            .iter()
            .filter_map(|id| snapshot.issue(id))
            .flat_map(|issue| &issue.dependencies);
        let fresh: BTreeSet<IssueId> = below
            .filter(|id| !found.contains_key(id))
            .cloned()
            .collect();
        found.extend(fresh.iter().map(|id| (id.clone(), depth)));
        layer = fresh.into_iter().collect();
    }
    found
}
