//! Use cases about claims and their leases.
//!
//! Owns their names and arguments. Refuses to decide.

use crate::call::{Call, Written};
use crate::error::Error;
use crate::tracker::{Asked, Decided, Tracker};
use jit_core::decide::{self, NextFilter, Renewal, Renewed};
use jit_core::id::IdPrefix;
use jit_core::{Assignee, Refusal, Request};
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

    /// Prolongs leases, all in one transaction. The answers are in the order of the questions; a prefix that means no
    /// issue, or several, is refused by itself.
    pub fn lease_renew(
        &self,
        call: &Call,
        renewals: &[(IdPrefix, u64)],
    ) -> Result<Vec<Result<Renewed, Refusal>>, Error> {
        let mut txn = self.store.begin()?;
        let request = self.request(call)?;
        let asked: Vec<Result<Renewal, Refusal>> = renewals
            .iter()
            .map(|(prefix, epoch)| {
                let id = txn.snapshot().resolve(prefix)?;
                Ok(Renewal { id, epoch: *epoch })
            })
            .collect();
        let known: Vec<Renewal> = asked.iter().flatten().cloned().collect();
        let (changes, renewed) = decide::renew(txn.snapshot(), &request, &known);
        if !changes.is_empty() && !call.dry_run {
            txn.apply(&changes);
            txn.commit()?;
        }
        let mut renewed = renewed.into_iter();
        let answer = |asked: Result<Renewal, Refusal>| {
            asked.map(|_| renewed.next().expect("each known lease has an answer"))
        };
        Ok(asked.into_iter().map(answer).collect())
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
