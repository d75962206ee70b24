//! A source over a complete snapshot: what a store answers record by record, in its plainest form.

use jit_core::source::{Candidate, Source, Sourced};
use jit_core::{
    Assignee, Blocker, GateDefinition, Issue, IssueId, Lease, Now, Policy, Problem, Readiness,
    Snapshot, State,
};
use std::sync::{Arc, Mutex};

/// Answers from a snapshot that holds everything.
#[derive(Debug)]
pub(crate) struct Whole(Mutex<Snapshot>);

/// Returns a snapshot that asks for the records of `snapshot` one by one.
pub(crate) fn lazily(snapshot: &Snapshot) -> Snapshot {
    Snapshot::over(Arc::new(Whole(Mutex::new(snapshot.clone()))))
}

impl Whole {
    fn ask<T>(&self, question: impl FnOnce(&Snapshot) -> T) -> T {
        question(&self.0.lock().unwrap())
    }
}

impl Source for Whole {
    fn issue(&self, id: &IssueId) -> Sourced<Option<Issue>> {
        Ok(self.ask(|all| all.record(id).cloned()))
    }

    fn lease(&self, id: &IssueId) -> Sourced<Option<Lease>> {
        Ok(self.ask(|all| all.lease(id).cloned()))
    }

    fn gates(&self) -> Sourced<Vec<GateDefinition>> {
        Ok(self.ask(|all| all.gates().cloned().collect()))
    }

    fn problems(&self) -> Sourced<Vec<Problem>> {
        Ok(self.ask(|all| all.problems().to_vec()))
    }

    fn dependents(&self, id: &IssueId) -> Sourced<Vec<IssueId>> {
        Ok(self.ask(|all| all.dependents(id).map(|issue| issue.id.clone()).collect()))
    }

    fn children(&self, id: &IssueId) -> Sourced<Vec<IssueId>> {
        Ok(self.ask(|all| all.children(id).map(|issue| issue.id.clone()).collect()))
    }

    fn with_prefix(&self, prefix: &str, limit: usize) -> Sourced<Vec<IssueId>> {
        Ok(self.ask(|all| {
            let ids = all.records().map(|issue| &issue.id);
            let begins = ids.filter(|id| id.as_str().starts_with(prefix));
            begins.take(limit).cloned().collect()
        }))
    }

    fn neighbours(&self, id: &IssueId) -> Sourced<[Option<IssueId>; 2]> {
        Ok(self.ask(|all| {
            let ids = || all.records().map(|issue| &issue.id);
            [
                ids().filter(|other| *other < id).last().cloned(),
                ids().find(|other| *other > id).cloned(),
            ]
        }))
    }

    fn unresolved(&self) -> Sourced<Vec<IssueId>> {
        Ok(self.ask(|all| all.unresolved().map(|issue| issue.id.clone()).collect()))
    }

    fn held(&self) -> Sourced<Vec<IssueId>> {
        Ok(self.ask(|all| all.held_leases().map(|lease| lease.issue.clone()).collect()))
    }

    fn lapsing(&self, now: &Now) -> Sourced<Vec<IssueId>> {
        Ok(self.ask(|all| {
            all.lapsed_leases(now)
                .map(|lease| lease.issue.clone())
                .collect()
        }))
    }

    fn candidates(
        &self,
        policy: &Policy,
        now: &Now,
        who: Option<&Assignee>,
    ) -> Sourced<Vec<Candidate>> {
        Ok(self.ask(|snapshot| {
            let readiness = Readiness {
                snapshot,
                policy,
                now,
            };
            let is_ruled_out =
                |blocker: &Blocker| matches!(blocker.kind(), "dependency" | "child" | "hold");
            let may_be_ready = |issue: &&Issue| {
                issue.state == State::Open
                    && (issue.assignee.is_none() || issue.assignee.as_ref() == who)
                    && !readiness.blockers(issue).iter().any(is_ruled_out)
            };
            let candidate = |issue: &Issue| Candidate {
                id: issue.id.clone(),
                priority: issue.priority,
                since: readiness.ready_since(issue),
                assignee: issue.assignee.clone(),
                is_certain: issue.parent.is_none()
                    && issue.gates.is_empty()
                    && issue.not_before.is_none()
                    && snapshot.lease(&issue.id).is_none(),
            };
            let found = snapshot.issues().filter(may_be_ready).map(candidate);
            let mut found: Vec<Candidate> = found.collect();
            found.sort_by_key(|it| (it.priority, it.since, it.id.clone()));
            found
        }))
    }

    fn issues(&self) -> Sourced<Vec<Issue>> {
        Ok(self.ask(|all| all.records().cloned().collect()))
    }

    fn leases(&self) -> Sourced<Vec<Lease>> {
        Ok(self.ask(|all| all.leases().cloned().collect()))
    }
}
