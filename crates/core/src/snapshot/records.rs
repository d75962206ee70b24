//! Records in memory with their edges reversed.
//!
//! Owns putting a record in the place of an older one. Refuses to know that there may be more than it holds.

use crate::{GateDefinition, GateKey, Issue, IssueId, Lease};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Issues, gates and leases by their names, and who waits for whom.
#[derive(Clone, Debug, Default)]
pub(super) struct Records {
    pub(super) issues: BTreeMap<IssueId, Arc<Issue>>,
    pub(super) gates: BTreeMap<GateKey, GateDefinition>,
    pub(super) leases: BTreeMap<IssueId, Lease>,
    dependents: BTreeMap<IssueId, BTreeSet<IssueId>>,
    children: BTreeMap<IssueId, BTreeSet<IssueId>>,
}

impl Records {
    /// Adds or replaces an issue and returns the one that it replaced.
    pub(super) fn put_issue(&mut self, issue: Arc<Issue>) -> Option<Arc<Issue>> {
        let old = self.issues.get(&issue.id).cloned();
        if let Some(old) = &old {
            self.unlink(old);
        }
        self.link(&issue);
        self.issues.insert(issue.id.clone(), issue);
        old
    }

    /// Takes an issue out.
    pub(super) fn remove_issue(&mut self, id: &IssueId) {
        if let Some(old) = self.issues.remove(id) {
            self.unlink(&old);
        }
    }

    /// Returns the issues that name `id` as a dependency.
    pub(super) fn dependents(&self, id: &IssueId) -> impl Iterator<Item = &IssueId> {
        self.dependents.get(id).into_iter().flatten()
    }

    /// Returns the issues that name `id` as their parent.
    pub(super) fn children(&self, id: &IssueId) -> impl Iterator<Item = &IssueId> {
        self.children.get(id).into_iter().flatten()
    }

    fn link(&mut self, issue: &Issue) {
        for dependency in &issue.dependencies {
            self.dependents
                .entry(dependency.clone())
                .or_default()
                .insert(issue.id.clone());
        }
        if let Some(parent) = &issue.parent {
            self.children
                .entry(parent.clone())
                .or_default()
                .insert(issue.id.clone());
        }
    }

    fn unlink(&mut self, issue: &Issue) {
        for dependency in &issue.dependencies {
            if let Some(set) = self.dependents.get_mut(dependency) {
                set.remove(&issue.id);
            }
        }
        let parent = issue.parent.as_ref();
        if let Some(set) = parent.and_then(|parent| self.children.get_mut(parent)) {
            set.remove(&issue.id);
        }
    }
}
