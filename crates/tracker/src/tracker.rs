//! The tracker: a store, a clock and a policy, and the one way of every write.
//!
//! Owns the steps around a decision. Refuses to decide.

use crate::call::{Call, Written};
use crate::error::Error;
use crate::ports::{Clock, IdSource};
use crate::view::View;
use jit_core::id::IdPrefix;
use jit_core::{
    Changeset, Fence, IssueId, Now, Policy, Receipt, Refusal, Request, Snapshot, decide,
};
use jit_store::{Store, Txn};
use std::collections::BTreeMap;

/// The use cases over one store.
#[derive(Debug)]
pub struct Tracker {
    pub(crate) store: Box<dyn Store>,
    pub(crate) policy: Policy,
    clock: Box<dyn Clock>,
    pub(crate) ids: Box<dyn IdSource>,
}

/// A decision together with the issues that the command answers with.
pub(crate) struct Decided {
    pub(crate) changes: Changeset,
    pub(crate) issues: Vec<IssueId>,
    pub(crate) epoch: Option<u64>,
}

impl Tracker {
    /// Returns the use cases over `store` under `policy`.
    pub fn new(
        store: Box<dyn Store>,
        policy: Policy,
        clock: Box<dyn Clock>,
        ids: Box<dyn IdSource>,
    ) -> Self {
        Self {
            store,
            policy,
            clock,
            ids,
        }
    }

    /// Returns everything as it is now; never writes.
    pub fn view(&self) -> Result<View, Error> {
        let now = self.now()?;
        Ok(View {
            snapshot: self.store.read()?,
            policy: self.policy.clone(),
            now,
        })
    }

    /// Runs one decision in one transaction.
    ///
    /// Leases that have run out are recorded first, in a transaction of their own under the same clock, so that they stay
    /// recorded when the decision refuses. An idempotency key that has an answer gets it again.
    pub(crate) fn write(
        &self,
        call: &Call,
        verb: &str,
        decide: impl Fn(&Snapshot, &Request) -> Result<Decided, Refusal>,
    ) -> Result<Written, Error> {
        let mut txn = self.store.begin()?;
        let request = self.request(call)?;
        if !call.dry_run {
            txn = self.sweep_first(txn, &request)?;
        }
        if let Some(written) = self.repeat(txn.as_ref(), call, verb, &request)? {
            return Ok(written);
        }
        let decided = decide(txn.snapshot(), &request)?;
        Self::finish(txn, verb, decided, request, call.dry_run)
    }

    /// Turns the prefixes that a command names into ids.
    pub(crate) fn resolve(
        snapshot: &Snapshot,
        prefixes: &[IdPrefix],
    ) -> Result<Vec<IssueId>, Refusal> {
        let mut ids: Vec<IssueId> = Vec::with_capacity(prefixes.len());
        for prefix in prefixes {
            let id = snapshot.resolve(prefix)?;
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        Ok(ids)
    }

    pub(crate) fn request(&self, call: &Call) -> Result<Request, Error> {
        Ok(Request {
            actor: call.actor.clone(),
            now: self.now()?,
            policy: self.policy.clone(),
            fence: call.fence.clone(),
            if_etag: call.if_etag.clone(),
            key: call.key.clone(),
            force: call.force,
        })
    }

    fn now(&self) -> Result<Now, Error> {
        self.clock.now().map_err(Error::System)
    }

    fn sweep_first(&self, mut txn: Box<dyn Txn>, request: &Request) -> Result<Box<dyn Txn>, Error> {
        let unconditional = Request {
            fence: Fence::default(),
            if_etag: None,
            key: None,
            ..request.clone()
        };
        let swept = decide::sweep(txn.snapshot(), &unconditional);
        if swept.is_empty() {
            return Ok(txn);
        }
        txn.apply(&swept);
        txn.commit()?;
        Ok(self.store.begin()?)
    }

    /// Returns the first answer to a key that was used before.
    ///
    /// A claim answers by itself: its lease keeps the key, and a lease that has ended since must not be answered as held.
    fn repeat(
        &self,
        txn: &dyn Txn,
        call: &Call,
        verb: &str,
        request: &Request,
    ) -> Result<Option<Written>, Error> {
        let Some(key) = &call.key else {
            return Ok(None);
        };
        let Some(receipt) = txn.receipt(key)? else {
            return Ok(None);
        };
        if receipt.verb != verb {
            return Err(Refusal::KeyReused {
                key: key.clone(),
                verb: receipt.verb,
            }
            .into());
        }
        if let (Some(epoch), [id]) = (receipt.epoch, receipt.issues.as_slice()) {
            let live = txn.snapshot().live_lease(id, &request.now);
            if live.is_none_or(|lease| lease.epoch != epoch) {
                let current = live.map(|lease| lease.epoch);
                return Err(Refusal::LeaseLost {
                    id: id.clone(),
                    presented: epoch,
                    current,
                }
                .into());
            }
        }
        let snapshot = txn.snapshot().clone();
        let view = View {
            snapshot,
            policy: self.policy.clone(),
            now: request.now.clone(),
        };
        let written = Written {
            view,
            issues: receipt.issues,
            changed: false,
            transitions: Vec::new(),
            warnings: Vec::new(),
        };
        Ok(Some(written))
    }

    pub(crate) fn finish(
        mut txn: Box<dyn Txn>,
        verb: &str,
        decided: Decided,
        request: Request,
        dry_run: bool,
    ) -> Result<Written, Error> {
        let Decided {
            mut changes,
            issues,
            epoch,
        } = decided;
        let changed = !changes.is_empty();
        changes.receipt = request.key.filter(|_| changed).map(|key| Receipt {
            key,
            verb: verb.to_owned(),
            issues: issues.clone(),
            epoch,
            extra: BTreeMap::new(),
        });
        txn.apply(&changes);
        let view = View {
            snapshot: txn.snapshot().clone(),
            policy: request.policy,
            now: request.now,
        };
        let mut warnings = Vec::new();
        if changed && !dry_run {
            let committed = txn.commit()?;
            warnings.extend(committed.warnings.iter().map(ToString::to_string));
        }
        Ok(Written {
            view,
            issues,
            changed,
            transitions: changes.transitions,
            warnings,
        })
    }
}

impl Decided {
    pub(crate) fn new(changes: Changeset, issues: Vec<IssueId>) -> Self {
        Self {
            changes,
            issues,
            epoch: None,
        }
    }
}
