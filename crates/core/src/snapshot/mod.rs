//! A consistent view of all issues, gates and leases at one moment.
//!
//! Owns look-up by id, prefix, and reversed edges, over records that are all in memory or come from a [`Source`] when they
//! are first needed. Refuses to judge readiness (`readiness`) and to write anything down.

mod lazy;
mod records;

use crate::id::IdPrefix;
use crate::request::Now;
use crate::source::{Candidate, Source, SourceError};
use crate::{
    Assignee, Changeset, GateDefinition, GateKey, Issue, IssueId, Lease, LeaseState, Policy,
    Refusal,
};
use lazy::Lazy;
use records::Records;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

/// How many issues are looked at to find whether one lies on a cycle before all unresolved ones are.
const CYCLE_BUDGET: usize = 512;

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
    /// Every record, or those that were put on top of what the source has.
    records: Records,
    problems: Vec<Problem>,
    lazy: Option<Lazy>,
    cyclic: OnceLock<BTreeSet<IssueId>>,
}

/// Whether the source of a snapshot failed; an answer that was given until then may be wrong.
#[derive(Clone, Debug, Default)]
pub struct Health(Option<lazy::Failure>);

impl Health {
    /// Returns the first failure.
    pub fn failure(&self) -> Option<&SourceError> {
        self.0.as_ref().and_then(|failure| failure.get())
    }
}

impl Snapshot {
    /// Returns the view over these records.
    pub fn new(
        issues: impl IntoIterator<Item = Issue>,
        gates: impl IntoIterator<Item = GateDefinition>,
        leases: impl IntoIterator<Item = Lease>,
        problems: Vec<Problem>,
    ) -> Self {
        let mut records = Records::default();
        for issue in issues {
            records.put_issue(Arc::new(issue));
        }
        records.gates = gates
            .into_iter()
            .map(|gate| (gate.key.clone(), gate))
            .collect();
        records.leases = leases
            .into_iter()
            .map(|lease| (lease.issue.clone(), lease))
            .collect();
        Self {
            records,
            problems,
            ..Self::default()
        }
    }

    /// Returns the view over the records of `source`, each read when it is first needed.
    ///
    /// Before anything follows from an answer, [`Snapshot::health`] has to be looked at.
    pub fn over(source: Arc<dyn Source>) -> Self {
        Self {
            lazy: Some(Lazy::new(source)),
            ..Self::default()
        }
    }

    /// Returns whether every answer so far could be given, now and later.
    pub fn health(&self) -> Health {
        Health(self.lazy.as_ref().map(|lazy| Arc::clone(lazy.failure())))
    }

    /// Returns the issue with this id unless it is a tombstone.
    pub fn issue(&self, id: &IssueId) -> Option<&Issue> {
        self.record(id).filter(|issue| !issue.is_deleted())
    }

    /// Returns the issue or tombstone with this id.
    pub fn record(&self, id: &IssueId) -> Option<&Issue> {
        let known = self.known();
        match (known.issues.get(id), self.source()) {
            (Some(issue), _) => Some(issue),
            (None, Some(lazy)) => lazy.issue(id).map(Arc::as_ref),
            (None, None) => None,
        }
    }

    /// Returns all issues in order of their ids, without tombstones.
    pub fn issues(&self) -> impl Iterator<Item = &Issue> {
        self.records().filter(|issue| !issue.is_deleted())
    }

    /// Returns all issues and tombstones in order of their ids.
    pub fn records(&self) -> impl Iterator<Item = &Issue> {
        self.all().issues.values().map(Arc::as_ref)
    }

    /// Returns the issues that are not resolved, in order of their ids, without tombstones.
    pub fn unresolved(&self) -> impl Iterator<Item = &Issue> {
        let known = self.known();
        let asked = self.source().map(|lazy| {
            let mut ids: BTreeSet<&IssueId> = lazy.unresolved().iter().collect();
            ids.extend(known.issues.keys());
            ids
        });
        let from_source = asked.into_iter().flatten().filter_map(|id| self.issue(id));
        let in_memory = known
            .issues
            .values()
            .filter(|_| self.source().is_none())
            .map(Arc::as_ref)
            .filter(|issue| !issue.is_deleted());
        from_source
            .chain(in_memory)
            .filter(|issue| !issue.is_resolved())
    }

    /// Returns the issues that wait for `id`.
    pub fn dependents(&self, id: &IssueId) -> impl Iterator<Item = &Issue> {
        let names = |issue: &Issue| issue.dependencies.contains(id);
        self.reversed(self.known().dependents(id), Lazy::dependents, id, names)
    }

    /// Returns the issues whose parent is `id`.
    pub fn children(&self, id: &IssueId) -> impl Iterator<Item = &Issue> {
        let names = |issue: &Issue| issue.parent.as_ref() == Some(id);
        self.reversed(self.known().children(id), Lazy::children, id, names)
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
        self.gate_map().get(key)
    }

    /// Returns all gate definitions in order of their keys.
    pub fn gates(&self) -> impl Iterator<Item = &GateDefinition> {
        self.gate_map().values()
    }

    /// Returns the last lease of an issue, ended or not.
    pub fn lease(&self, id: &IssueId) -> Option<&Lease> {
        match (self.records.leases.get(id), &self.lazy) {
            (Some(lease), _) => Some(lease),
            (None, Some(lazy)) => lazy.lease(id),
            (None, None) => None,
        }
    }

    /// Returns all leases in order of their issues.
    pub fn leases(&self) -> impl Iterator<Item = &Lease> {
        let leases = match &self.lazy {
            None => &self.records.leases,
            Some(lazy) => lazy.all_leases(&self.records),
        };
        leases.values()
    }

    /// Returns the leases that nobody has ended, whether they still live or not, in order of their issues.
    pub fn held_leases(&self) -> impl Iterator<Item = &Lease> {
        let asked = self.lazy.iter().flat_map(Lazy::held);
        self.held(asked.cloned())
    }

    /// Returns the leases that nobody has ended though their time is up at `now`, in order of their issues.
    pub fn lapsed_leases<'a>(&'a self, now: &'a Now) -> impl Iterator<Item = &'a Lease> {
        let asked = self.lazy.iter().flat_map(|lazy| lazy.lapsing(now));
        self.held(asked).filter(|lease| !lease.is_live(now))
    }

    /// Returns the lease that holds an issue at `now`. One that an epoch granted elsewhere has overtaken holds nothing.
    pub fn live_lease(&self, id: &IssueId, now: &Now) -> Option<&Lease> {
        let may_be_held = match &self.lazy {
            None => true,
            Some(lazy) => self.records.leases.contains_key(id) || lazy.held().contains(id),
        };
        let lease = may_be_held.then(|| self.lease(id)).flatten()?;
        let known = self.record(id).map_or(0, |issue| issue.epoch);
        (lease.epoch >= known && lease.is_live(now)).then_some(lease)
    }

    /// Returns the open issues that may be ready, if the source has sorted them out; none where all records are in
    /// memory, or some were put on top of the source's.
    pub fn candidates(
        &self,
        policy: &Policy,
        now: &Now,
        who: Option<&Assignee>,
    ) -> Option<Vec<Candidate>> {
        let is_as_read = self.records.issues.is_empty() && self.records.leases.is_empty();
        let lazy = self.source().filter(|_| is_as_read)?;
        Some(lazy.candidates(policy, now, who))
    }

    /// Returns what could not be read.
    pub fn problems(&self) -> &[Problem] {
        match &self.lazy {
            None => &self.problems,
            Some(lazy) => lazy.problems(),
        }
    }

    /// Returns the unresolved issues that wait for themselves, directly or through others.
    pub fn cyclic(&self) -> &BTreeSet<IssueId> {
        self.cyclic
            .get_or_init(|| crate::graph::cyclic_issues(self, self.unresolved()))
    }

    /// Returns whether an issue is unresolved and waits for itself, directly or through others.
    pub fn is_cyclic(&self, id: &IssueId) -> bool {
        if self.source().is_some() && self.cyclic.get().is_none() {
            let is_unresolved = |id: &IssueId| self.issue(id).is_some_and(|it| !it.is_resolved());
            let found = crate::graph::is_on_cycle(self, id, &is_unresolved, CYCLE_BUDGET);
            if let Some(is_on_cycle) = found {
                return is_on_cycle;
            }
        }
        self.cyclic().contains(id)
    }

    /// Returns the id that `prefix` stands for; an ambiguous or unknown prefix is refused.
    pub fn resolve(&self, prefix: &IdPrefix) -> Result<IssueId, Refusal> {
        let matching = self.matching(prefix);
        match matching.as_slice() {
            [] => Err(self.absent(prefix)),
            [one] => Ok(one.clone()),
            several => Err(Refusal::Ambiguous {
                prefix: prefix.to_string(),
                candidates: several.iter().take(10).cloned().collect(),
            }),
        }
    }

    /// Returns the shortest prefix of `id` that no other issue shares, at least four characters.
    pub fn short_id<'a>(&self, id: &'a IssueId) -> &'a str {
        let shared = |other: &IssueId| {
            let pairs = id.as_str().bytes().zip(other.as_str().bytes());
            pairs.take_while(|(left, right)| left == right).count()
        };
        let issues = &self.known().issues;
        let before = issues.range(..id.clone()).next_back();
        let mut after = issues.range(id.clone()..).filter(|(other, _)| *other != id);
        let in_memory = [before, after.next()].into_iter().flatten();
        let mut needed = in_memory.map(|(other, _)| shared(other)).max().unwrap_or(0);
        if let Some(lazy) = self.source() {
            let others = lazy.neighbours(id);
            needed = others.iter().flatten().map(shared).fold(needed, usize::max);
        }
        &id.as_str()[..(needed + 1).clamp(crate::id::MIN_PREFIX, crate::id::ID_LENGTH)]
    }

    /// Adds or replaces an issue.
    pub fn put_issue(&mut self, issue: Issue) {
        let is_cycle_known = self.cyclic.get().is_some();
        let keeps = |old: Option<&Issue>| old.is_some_and(|old| self.keeps_cycles(old, &issue));
        if is_cycle_known && !keeps(self.record(&issue.id)) {
            self.cyclic = OnceLock::new();
        }
        let issue = Arc::new(issue);
        if let Some(all) = self.lazy.as_mut().and_then(|lazy| lazy.all.get_mut()) {
            all.put_issue(Arc::clone(&issue));
        }
        self.records.put_issue(issue);
    }

    /// Takes an issue out. Everything is loaded first: a source would find the issue again.
    pub fn remove_issue(&mut self, id: &IssueId) {
        self.all();
        self.cyclic = OnceLock::new();
        if let Some(all) = self.lazy.as_mut().and_then(|lazy| lazy.all.get_mut()) {
            all.remove_issue(id);
        }
        self.records.remove_issue(id);
    }

    /// Adds or replaces a gate definition.
    pub fn put_gate(&mut self, gate: GateDefinition) {
        self.gate_map_mut().insert(gate.key.clone(), gate);
    }

    /// Adds or replaces a lease.
    pub fn put_lease(&mut self, lease: Lease) {
        let all = self.lazy.as_mut();
        if let Some(all) = all.and_then(|lazy| lazy.all_leases.get_mut()) {
            all.insert(lease.issue.clone(), lease.clone());
        }
        self.records.leases.insert(lease.issue.clone(), lease);
    }

    /// Brings the view to the state after `changes`.
    pub fn apply(&mut self, changes: &Changeset) {
        changes
            .issues
            .iter()
            .cloned()
            .for_each(|issue| self.put_issue(issue));
        for id in &changes.removed_issues {
            self.remove_issue(id);
        }
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
            self.gate_map_mut().remove(key);
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

    /// Returns the source, as long as not everything is in memory.
    fn source(&self) -> Option<&Lazy> {
        self.lazy.as_ref().filter(|lazy| lazy.all.get().is_none())
    }

    /// Returns what is in memory: everything, or what was put on top of the source's records.
    fn known(&self) -> &Records {
        let all = self.lazy.as_ref().and_then(|lazy| lazy.all.get());
        all.map_or(&self.records, |all| all)
    }

    fn all(&self) -> &Records {
        match &self.lazy {
            None => &self.records,
            Some(lazy) => lazy.all(&self.records),
        }
    }

    fn gate_map(&self) -> &BTreeMap<GateKey, GateDefinition> {
        match &self.lazy {
            None => &self.records.gates,
            Some(lazy) => lazy.gates(),
        }
    }

    fn gate_map_mut(&mut self) -> &mut BTreeMap<GateKey, GateDefinition> {
        match &mut self.lazy {
            None => &mut self.records.gates,
            Some(lazy) => lazy.gates_mut(),
        }
    }

    /// Returns the issues at the other end of an edge to `id`: those in memory, and those of the source that were not
    /// written since, or that still `names` it.
    fn reversed<'a>(
        &'a self,
        in_memory: impl Iterator<Item = &'a IssueId>,
        asked: impl for<'l> Fn(&'l Lazy, &IssueId) -> &'l [IssueId],
        id: &IssueId,
        names: impl Fn(&Issue) -> bool,
    ) -> impl Iterator<Item = &'a Issue> {
        let mut found: Vec<&Issue> = in_memory.filter_map(|id| self.issue(id)).collect();
        if let Some(lazy) = self.source() {
            let unwritten = asked(lazy, id)
                .iter()
                .filter(|id| !self.records.issues.contains_key(*id));
            let others = unwritten.filter_map(|id| self.issue(id));
            found.extend(others.filter(|issue| names(issue)));
            found.sort_by(|left, right| left.id.cmp(&right.id));
        }
        found.into_iter()
    }

    /// Returns the leases of the issues in `asked`, and those in memory, that nobody has ended.
    fn held(&self, asked: impl Iterator<Item = IssueId>) -> impl Iterator<Item = &Lease> {
        let asked = asked.filter_map(|id| self.lease(&id));
        let mut found: BTreeMap<&IssueId, &Lease> =
            asked.map(|lease| (&lease.issue, lease)).collect();
        found.extend(&self.records.leases);
        found
            .into_values()
            .filter(|lease| lease.state == LeaseState::Held)
    }

    /// Returns at most eleven issues whose ids begin with `prefix`, which is enough to say that there are more than ten.
    fn matching(&self, prefix: &IdPrefix) -> Vec<IssueId> {
        if let Some(id) = prefix.as_id() {
            return self.issue(&id).map(|_| id).into_iter().collect();
        }
        let begins = |id: &&IssueId| id.as_str().starts_with(prefix.as_str());
        let in_memory = self.known().issues.keys().filter(begins).cloned();
        let mut ids: BTreeSet<IssueId> = in_memory.collect();
        if let Some(lazy) = self.source() {
            let mut limit = 16;
            loop {
                let asked = lazy.with_prefix(prefix.as_str(), limit);
                let n_found = asked.len();
                ids.extend(asked);
                let n_alive = ids.iter().filter(|id| self.issue(id).is_some()).count();
                if n_found < limit || n_alive > 10 {
                    break;
                }
                limit *= 4;
            }
        }
        let alive = ids.into_iter().filter(|id| self.issue(id).is_some());
        alive.take(11).collect()
    }

    fn absent(&self, prefix: &IdPrefix) -> Refusal {
        let damaged = self.problems().iter().find(|problem| {
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
