//! Use cases about claims and their leases.
//!
//! Owns their names and arguments. Refuses to decide.

use crate::call::{Call, Written};
use crate::error::Error;
use crate::tracker::{Asked, Decided, Tracker};
use crate::view::View;
use jit_core::decide::{self, ClaimTerms, NextFilter, Renewal, Renewed};
use jit_core::id::IdPrefix;
use jit_core::{Assignee, Fence, HolderProcess, Lease, Refusal, Request};

/// A lease to prolong, as somebody typed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedRenewal {
    /// The issue.
    pub issue: IdPrefix,
    /// The epoch that the asker holds.
    pub epoch: u64,
    /// The process that does the work, where the asker names it.
    pub process: Option<HolderProcess>,
}

impl Tracker {
    /// Takes issues for `who`.
    pub fn claim(
        &self,
        call: &Call,
        ids: &[IdPrefix],
        who: &Assignee,
        terms: &ClaimTerms,
    ) -> Result<Written, Error> {
        self.write(
            call,
            &Asked::new("issue claim", &(who, terms.ttl, &terms.slots)).naming(ids),
            |snapshot, request| {
                let ids = Self::resolve(snapshot, ids)?;
                let changes = decide::claim(snapshot, request, &ids, who, terms)?;
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
        terms: &ClaimTerms,
    ) -> Result<Written, Error> {
        self.write(
            call,
            &Asked::new("issue claim-next", &(who, filter, terms.ttl, &terms.slots)),
            |snapshot, request| {
                let changes = decide::claim_next(snapshot, request, who, filter, terms)?;
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
        renewals: &[AskedRenewal],
    ) -> Result<Vec<Result<Renewed, Refusal>>, Error> {
        let mut txn = self.store.begin()?;
        let request = self.request(call)?;
        let asked: Vec<Result<Renewal, Refusal>> = renewals
            .iter()
            .map(|asked| {
                Ok(Renewal {
                    id: txn.snapshot().resolve(&asked.issue)?,
                    epoch: asked.epoch,
                    process: asked.process,
                })
            })
            .collect();
        let known: Vec<Renewal> = asked.iter().flatten().cloned().collect();
        let (changes, renewed) = decide::renew(txn.snapshot(), &request, &known);
        // A lease that can't be read is not lost.
        jit_store::confirm(&txn.snapshot().health())?;
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

    /// Asks the holders of issues to stop.
    pub fn lease_cancel(&self, call: &Call, ids: &[IdPrefix]) -> Result<Written, Error> {
        self.write_each(
            call,
            &Asked::new("lease cancel", &()).naming(ids),
            ids,
            decide::lease_cancel,
        )
    }

    /// Returns the lease of an issue if it lives under the epoch of the fence; never writes. The issue is the
    /// one that the environment fences where none is named.
    pub fn lease_check(
        &self,
        fence: &Fence,
        issue: Option<&IdPrefix>,
    ) -> Result<(Lease, View), Error> {
        let view = self.view_of_named()?;
        let fenced = fence.environment.as_ref().map(|(id, _)| id.clone());
        let check = || -> Result<Lease, Refusal> {
            let id = match (issue, fenced) {
                (Some(prefix), _) => view.snapshot.resolve(prefix)?,
                (None, Some(id)) => id,
                (None, None) => {
                    return Err(Refusal::invalid(
                        "issue",
                        "is neither named nor in JIT_ISSUE",
                    ));
                }
            };
            decide::lease_check(&view.snapshot, &view.now, fence, &id).cloned()
        };
        let lease = check();
        // A lease that can't be read is not lost.
        jit_store::confirm(&view.snapshot.health())?;
        Ok((lease?, view))
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
        jit_store::confirm(&txn.snapshot().health())?;
        let swept = changes.leases.iter();
        let issues = swept.map(|lease| lease.issue.clone()).collect();
        let decided = Decided::new(changes, issues);
        let asked = Asked::new("lease sweep", &());
        Self::finish(txn, &asked, decided, request, call.dry_run)
    }
}
