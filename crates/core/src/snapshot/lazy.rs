//! What a snapshot has asked its source so far.
//!
//! Owns the memory of the answers, so that one question is asked once and one snapshot shows one moment, and the first
//! failure. Refuses to know what was put on top of the source's records.

use super::records::Records;
use crate::source::{Candidate, Source, SourceError, Sourced};
use crate::{Assignee, GateDefinition, GateKey, Issue, IssueId, Lease, Now, Policy, Problem};
use elsa::FrozenBTreeMap;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, OnceLock};

/// The first failure of a source; copies of a snapshot share it.
pub(super) type Failure = Arc<OnceLock<SourceError>>;

/// A source with the answers that it gave.
#[derive(Clone)]
pub(super) struct Lazy {
    source: Arc<dyn Source>,
    failure: Failure,
    issues: FrozenBTreeMap<IssueId, Arc<Option<Arc<Issue>>>>,
    leases: FrozenBTreeMap<IssueId, Arc<Option<Lease>>>,
    dependents: FrozenBTreeMap<IssueId, Arc<Vec<IssueId>>>,
    children: FrozenBTreeMap<IssueId, Arc<Vec<IssueId>>>,
    gates: OnceCell<BTreeMap<GateKey, GateDefinition>>,
    problems: OnceCell<Vec<Problem>>,
    unresolved: OnceCell<Vec<IssueId>>,
    held: OnceCell<BTreeSet<IssueId>>,
    /// Every issue, with what was put on top, once somebody needed them all.
    pub(super) all: OnceCell<Box<Records>>,
    /// Every lease, likewise.
    pub(super) all_leases: OnceCell<BTreeMap<IssueId, Lease>>,
}

impl Lazy {
    pub(super) fn new(source: Arc<dyn Source>) -> Self {
        Self {
            source,
            failure: Failure::default(),
            issues: FrozenBTreeMap::new(),
            leases: FrozenBTreeMap::new(),
            dependents: FrozenBTreeMap::new(),
            children: FrozenBTreeMap::new(),
            gates: OnceCell::new(),
            problems: OnceCell::new(),
            unresolved: OnceCell::new(),
            held: OnceCell::new(),
            all: OnceCell::new(),
            all_leases: OnceCell::new(),
        }
    }

    pub(super) fn failure(&self) -> &Failure {
        &self.failure
    }

    pub(super) fn issue(&self, id: &IssueId) -> Option<&Arc<Issue>> {
        let found = self.issues.get(id).unwrap_or_else(|| {
            let found = self.ask(|source| source.issue(id)).map(Arc::new);
            self.issues.insert(id.clone(), Arc::new(found))
        });
        found.as_ref()
    }

    pub(super) fn lease(&self, id: &IssueId) -> Option<&Lease> {
        let found = self.leases.get(id).unwrap_or_else(|| {
            let found = self.ask(|source| source.lease(id));
            self.leases.insert(id.clone(), Arc::new(found))
        });
        found.as_ref()
    }

    pub(super) fn dependents(&self, id: &IssueId) -> &[IssueId] {
        self.dependents.get(id).unwrap_or_else(|| {
            let found = self.ask(|source| source.dependents(id));
            self.dependents.insert(id.clone(), Arc::new(found))
        })
    }

    pub(super) fn children(&self, id: &IssueId) -> &[IssueId] {
        self.children.get(id).unwrap_or_else(|| {
            let found = self.ask(|source| source.children(id));
            self.children.insert(id.clone(), Arc::new(found))
        })
    }

    pub(super) fn gates(&self) -> &BTreeMap<GateKey, GateDefinition> {
        self.gates.get_or_init(|| {
            let gates = self.ask(|source| source.gates());
            gates
                .into_iter()
                .map(|gate| (gate.key.clone(), gate))
                .collect()
        })
    }

    pub(super) fn gates_mut(&mut self) -> &mut BTreeMap<GateKey, GateDefinition> {
        self.gates();
        self.gates.get_mut().expect("they were just read")
    }

    pub(super) fn problems(&self) -> &[Problem] {
        self.problems
            .get_or_init(|| self.ask(|source| source.problems()))
    }

    pub(super) fn unresolved(&self) -> &[IssueId] {
        self.unresolved
            .get_or_init(|| self.ask(|source| source.unresolved()))
    }

    pub(super) fn with_prefix(&self, prefix: &str, limit: usize) -> Vec<IssueId> {
        self.ask(|source| source.with_prefix(prefix, limit))
    }

    pub(super) fn neighbours(&self, id: &IssueId) -> [Option<IssueId>; 2] {
        self.ask(|source| source.neighbours(id))
    }

    pub(super) fn held(&self) -> &BTreeSet<IssueId> {
        self.held.get_or_init(|| {
            let held = self.ask(|source| source.held());
            held.into_iter().collect()
        })
    }

    pub(super) fn lapsing(&self, now: &Now) -> Vec<IssueId> {
        self.ask(|source| source.lapsing(now))
    }

    pub(super) fn candidates(
        &self,
        policy: &Policy,
        now: &Now,
        who: Option<&Assignee>,
    ) -> Vec<Candidate> {
        self.ask(|source| source.candidates(policy, now, who))
    }

    /// Reads every issue, with `put` in the place of the source's.
    pub(super) fn all(&self, put: &Records) -> &Records {
        self.all.get_or_init(|| {
            let mut records = Records::default();
            for issue in self.ask(|source| source.issues()) {
                // What was seen before stays as it was seen: one snapshot shows one moment.
                let seen = self.issues.get(&issue.id);
                let seen = seen.map_or_else(|| Some(Arc::new(issue)), Clone::clone);
                if let Some(issue) = seen {
                    records.put_issue(issue);
                }
            }
            for issue in put.issues.values() {
                records.put_issue(Arc::clone(issue));
            }
            Box::new(records)
        })
    }

    /// Reads every lease, with `put` in the place of the source's.
    pub(super) fn all_leases(&self, put: &Records) -> &BTreeMap<IssueId, Lease> {
        self.all_leases.get_or_init(|| {
            let leases = self.ask(|source| source.leases()).into_iter();
            let mut leases: BTreeMap<_, _> = leases.map(|it| (it.issue.clone(), it)).collect();
            leases.extend(put.leases.clone());
            leases
        })
    }

    /// Asks, and keeps the first failure: whoever uses the snapshot has to look at it before acting on an answer.
    fn ask<T: Default>(&self, question: impl FnOnce(&dyn Source) -> Sourced<T>) -> T {
        question(&*self.source).unwrap_or_else(|error| {
            // A later failure says no more than the first.
            let _is_first = self.failure.set(error);
            T::default()
        })
    }
}

impl fmt::Debug for Lazy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lazy")
            .field("source", &self.source)
            .field("failure", &self.failure)
            .finish_non_exhaustive()
    }
}
