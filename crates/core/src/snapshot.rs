//! A consistent view of all issues, gates and leases at one moment.
//!
//! Owns look-up by id, prefix, and reversed edges. Refuses to judge readiness (`readiness`) and to write anything down.

use crate::id::IdPrefix;
use crate::request::Now;
use crate::{Changeset, GateDefinition, GateKey, Issue, IssueId, Lease, Refusal};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

/// Something in the store that can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Path relative to the directory that holds `.jit`.
    pub path: String,
    /// The issue that the path belongs to, if its name says so.
    pub issue: Option<IssueId>,
    /// Stable code of the kind of damage, such as `unreadable_issue`.
    pub code: String,
    /// What is wrong.
    pub message: String,
}

/// All issues, gates and leases at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    issues: BTreeMap<IssueId, Arc<Issue>>,
    gates: BTreeMap<GateKey, GateDefinition>,
    leases: BTreeMap<IssueId, Lease>,
    problems: Vec<Problem>,
    dependents: BTreeMap<IssueId, BTreeSet<IssueId>>,
    children: BTreeMap<IssueId, BTreeSet<IssueId>>,
    cyclic: OnceLock<BTreeSet<IssueId>>,
}

impl Snapshot {
    /// Returns the view over these records.
    pub fn new(
        issues: impl IntoIterator<Item = Issue>,
        gates: impl IntoIterator<Item = GateDefinition>,
        leases: impl IntoIterator<Item = Lease>,
        problems: Vec<Problem>,
    ) -> Self {
        let mut snapshot = Self {
            problems,
            ..Self::default()
        };
        issues
            .into_iter()
            .for_each(|issue| snapshot.put_issue(issue));
        gates.into_iter().for_each(|gate| snapshot.put_gate(gate));
        leases
            .into_iter()
            .for_each(|lease| snapshot.put_lease(lease));
        snapshot
    }

    /// Returns the issue with this id unless it is a tombstone.
    pub fn issue(&self, id: &IssueId) -> Option<&Issue> {
        self.issues
            .get(id)
            .map(Arc::as_ref)
            .filter(|issue| !issue.is_deleted())
    }

    /// Returns the issue or tombstone with this id.
    pub fn record(&self, id: &IssueId) -> Option<&Issue> {
        self.issues.get(id).map(Arc::as_ref)
    }

    /// Returns all issues in order of their ids, without tombstones.
    pub fn issues(&self) -> impl Iterator<Item = &Issue> {
        self.records().filter(|issue| !issue.is_deleted())
    }

    /// Returns all issues and tombstones in order of their ids.
    pub fn records(&self) -> impl Iterator<Item = &Issue> {
        self.issues.values().map(Arc::as_ref)
    }

    /// Returns the issues that wait for `id`.
    pub fn dependents(&self, id: &IssueId) -> impl Iterator<Item = &Issue> {
        self.dependents
            .get(id)
            .into_iter()
            .flatten()
            .filter_map(|id| self.issue(id))
    }

    /// Returns the issues whose parent is `id`.
    pub fn children(&self, id: &IssueId) -> impl Iterator<Item = &Issue> {
        self.children
            .get(id)
            .into_iter()
            .flatten()
            .filter_map(|id| self.issue(id))
    }

    /// Returns the ancestors of `issue`, the nearest first; each once, even where a hand edit made a circle.
    pub fn ancestors<'a>(&'a self, issue: &'a Issue) -> Vec<&'a Issue> {
        let mut found: Vec<&Issue> = Vec::new();
        let mut next = issue.parent.as_ref();
        while let Some(parent) = next.and_then(|id| self.issue(id)) {
            if parent.id == issue.id || found.iter().any(|seen| seen.id == parent.id) {
                break;
            }
            found.push(parent);
            next = parent.parent.as_ref();
        }
        found
    }

    /// Returns a gate definition.
    pub fn gate(&self, key: &GateKey) -> Option<&GateDefinition> {
        self.gates.get(key)
    }

    /// Returns all gate definitions in order of their keys.
    pub fn gates(&self) -> impl Iterator<Item = &GateDefinition> {
        self.gates.values()
    }

    /// Returns the last lease of an issue, ended or not.
    pub fn lease(&self, id: &IssueId) -> Option<&Lease> {
        self.leases.get(id)
    }

    /// Returns all leases in order of their issues.
    pub fn leases(&self) -> impl Iterator<Item = &Lease> {
        self.leases.values()
    }

    /// Returns the lease that holds an issue at `now`. One that an epoch granted elsewhere has overtaken holds nothing.
    pub fn live_lease(&self, id: &IssueId, now: &Now) -> Option<&Lease> {
        let known = self.record(id).map_or(0, |issue| issue.epoch);
        self.lease(id)
            .filter(|lease| lease.epoch >= known && lease.is_live(now))
    }

    /// Returns what could not be read.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Returns the unresolved issues that wait for themselves, directly or through others.
    pub fn cyclic(&self) -> &BTreeSet<IssueId> {
        self.cyclic
            .get_or_init(|| crate::graph::cyclic_issues(self, |issue| !issue.is_resolved()))
    }

    /// Returns the id that `prefix` stands for; an ambiguous or unknown prefix is refused.
    pub fn resolve(&self, prefix: &IdPrefix) -> Result<IssueId, Refusal> {
        let matching = self.matching(prefix.as_str());
        match matching.as_slice() {
            [] => Err(self.absent(prefix)),
            [one] => Ok((*one).clone()),
            several => Err(Refusal::Ambiguous {
                prefix: prefix.to_string(),
                candidates: several.iter().take(10).map(|id| (*id).clone()).collect(),
            }),
        }
    }

    /// Returns the shortest prefix of `id` that no other issue shares, at least four characters.
    pub fn short_id<'a>(&self, id: &'a IssueId) -> &'a str {
        let shared = |other: &IssueId| {
            let pairs = id.as_str().bytes().zip(other.as_str().bytes());
            pairs.take_while(|(left, right)| left == right).count()
        };
        let before = self
            .issues
            .range(..id.clone())
            .next_back()
            .map_or(0, |(other, _)| shared(other));
        let mut after = self
            .issues
            .range(id.clone()..)
            .map(|(other, _)| other)
            .filter(|other| *other != id);
        let needed = before.max(after.next().map_or(0, shared)) + 1;
        &id.as_str()[..needed.clamp(crate::id::MIN_PREFIX, crate::id::ID_LENGTH)]
    }

    /// Adds or replaces an issue.
    pub fn put_issue(&mut self, issue: Issue) {
        let old = self.issues.get(&issue.id).cloned();
        if !old
            .as_deref()
            .is_some_and(|old| self.keeps_cycles(old, &issue))
        {
            self.cyclic = OnceLock::new();
        }
        if let Some(old) = old {
            self.unlink(&old);
        }
        self.link(&issue);
        self.issues.insert(issue.id.clone(), Arc::new(issue));
    }

    /// Adds or replaces a gate definition.
    pub fn put_gate(&mut self, gate: GateDefinition) {
        self.gates.insert(gate.key.clone(), gate);
    }

    /// Adds or replaces a lease.
    pub fn put_lease(&mut self, lease: Lease) {
        self.leases.insert(lease.issue.clone(), lease);
    }

    /// Brings the view to the state after `changes`.
    pub fn apply(&mut self, changes: &Changeset) {
        changes
            .issues
            .iter()
            .cloned()
            .for_each(|issue| self.put_issue(issue));
        changes
            .leases
            .iter()
            .cloned()
            .for_each(|lease| self.put_lease(lease));
        changes
            .gates
            .iter()
            .cloned()
            .for_each(|gate| self.put_gate(gate));
        for key in &changes.removed_gates {
            self.gates.remove(key);
        }
    }

    /// Whether replacing `old` by `new` leaves the cycles as they are known: its edges stay the same, or fewer edges and
    /// a resolved end meet a graph that has no cycle to lose.
    fn keeps_cycles(&self, old: &Issue, new: &Issue) -> bool {
        let counts = |issue: &Issue| !issue.is_resolved() && !issue.is_deleted();
        if old.dependencies == new.dependencies
            && old.parent == new.parent
            && counts(old) == counts(new)
        {
            return true;
        }
        let has_none = self.cyclic.get().is_some_and(BTreeSet::is_empty);
        has_none
            && new.dependencies.is_subset(&old.dependencies)
            && (new.parent.is_none() || new.parent == old.parent)
            && (counts(old) || !counts(new))
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
        if let Some(set) = issue
            .parent
            .as_ref()
            .and_then(|parent| self.children.get_mut(parent))
        {
            set.remove(&issue.id);
        }
    }

    fn matching(&self, prefix: &str) -> Vec<&IssueId> {
        self.issues()
            .map(|issue| &issue.id)
            .filter(|id| id.as_str().starts_with(prefix))
            .take(11)
            .collect()
    }

    fn absent(&self, prefix: &IdPrefix) -> Refusal {
        let damaged = self.problems.iter().find(|problem| {
            problem
                .issue
                .as_ref()
                .is_some_and(|id| id.as_str().starts_with(prefix.as_str()))
        });
        match damaged {
            Some(problem) => Refusal::Unreadable {
                path: problem.path.clone(),
                message: problem.message.clone(),
            },
            None => Refusal::NotFound {
                id: prefix.to_string(),
            },
        }
    }
}
