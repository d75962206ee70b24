//! Use cases about claims and their leases.
//!
//! Owns their names and arguments. Refuses to decide.

use crate::call::{Call, Written};
use crate::error::Error;
use crate::tracker::{Asked, Decided, Tracker};
use jit_core::decide::{self, NextFilter, RenewOutcome, Renewal, Renewed};
use jit_core::id::IdPrefix;
use jit_core::{Assignee, IssueId, Request};
use std::time::Duration;

impl Tracker {
    /// Takes issues for `who`.
    pub fn claim(
        &self,
        call: &Call,
        ids: &[IdPrefix],
        who: &Assignee,
        ttl: Option<Duration>,
    ) -> Result<Written, Error> {
        self.write(
            call,
            &Asked::new("issue claim", &(ids, who, ttl)),
            |snapshot, request| {
                let ids = Self::resolve(snapshot, ids)?;
                let changes = decide::claim(snapshot, request, &ids, who, ttl)?;
                Ok(Decided::new(changes, ids))
            },
        )
    }

    /// Picks the best ready issue and takes it for `who`, in one transaction.
    pub fn claim_next(
        &self,
        call: &Call,
        who: &Assignee,
        filter: &NextFilter,
        ttl: Option<Duration>,
    ) -> Result<Written, Error> {
        self.write(
            call,
            &Asked::new("issue claim-next", &(who, filter, ttl)),
            |snapshot, request| {
                let changes = decide::claim_next(snapshot, request, who, filter, ttl)?;
                let ids = changes
                    .leases
                    .iter()
                    .map(|lease| lease.issue.clone())
                    .collect();
                Ok(Decided::new(changes, ids))
            },
        )
    }

    /// Prolongs leases, all in one transaction. The answers are in the order of the questions.
    pub fn lease_renew(
        &self,
        call: &Call,
        renewals: &[(IdPrefix, u64)],
    ) -> Result<Vec<Renewed>, Error> {
        let mut txn = self.store.begin()?;
        let request = self.request(call)?;
        let mut known: Vec<Renewal> = Vec::new();
        let mut places: Vec<Result<usize, IssueId>> = Vec::new();
        for (prefix, epoch) in renewals {
            match (txn.snapshot().resolve(prefix), prefix.as_id()) {
                (Ok(id), _) => {
                    places.push(Ok(known.len()));
                    known.push(Renewal { id, epoch: *epoch });
                }
                (Err(_), Some(id)) => places.push(Err(id)),
                (Err(refusal), None) => return Err(refusal.into()),
            }
        }
        let (changes, answers) = decide::renew(txn.snapshot(), &request, &known);
        if !changes.is_empty() && !call.dry_run {
            txn.apply(&changes);
            txn.commit()?;
        }
        let answer = |(place, (_, epoch)): (Result<usize, IssueId>, &(IdPrefix, u64))| match place {
            Ok(place) => answers[place].clone(),
            Err(id) => Renewed {
                id,
                epoch: *epoch,
                outcome: RenewOutcome::NotFound,
            },
        };
        Ok(places.into_iter().zip(renewals).map(answer).collect())
    }

    /// Records the leases that have run out.
    pub fn lease_sweep(&self, call: &Call) -> Result<Written, Error> {
        let txn = self.store.begin()?;
        // A sweep repeats itself: whatever key it carries must not take the place of another command's answer.
        let request = Request {
            key: None,
            ..self.request(call)?
        };
        let changes = decide::sweep(txn.snapshot(), &request);
        let swept = changes.leases.iter();
        let issues = swept.map(|lease| lease.issue.clone()).collect();
        let decided = Decided::new(changes, issues);
        let asked = Asked::new("lease sweep", &());
        Self::finish(txn, &asked, decided, request, call.dry_run)
    }
}
