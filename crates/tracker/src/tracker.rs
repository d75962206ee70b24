//! The tracker: a store, a clock and a policy, and the one way of every write.
//!
//! Owns the steps around a decision. Refuses to decide.

use crate::call::{Call, Written};
use crate::error::Error;
use crate::ports::{Clock, IdSource};
use crate::view::View;
use jit_core::id::IdPrefix;
use jit_core::{
    Changeset, Fence, IssueId, LeaseState, Now, Policy, Receipt, Refusal, Request, Snapshot, Value,
    decide,
};
use jit_store::{Store, Txn};
use std::collections::BTreeMap;
use std::fmt::Debug;

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
}

/// What a command asks for: a repeated key answers only for the very same.
pub(crate) struct Asked {
    verb: &'static str,
    digest: String,
}

impl Asked {
    /// Member of a receipt that keeps the digest.
    const DIGEST: &'static str = "asked";

    /// Returns the request for `verb` with these arguments. Points in time stay out of them, since `10m` from now is
    /// another point at every retry.
    pub(crate) fn new(verb: &'static str, arguments: &dyn Debug) -> Self {
        let digest = blake3::hash(format!("{arguments:?}").as_bytes()).to_hex();
        Self {
            verb,
            digest: digest[..20].to_owned(),
        }
    }
}

/// Refuses to answer for a lease that the key no longer holds.
fn refuse_lost(
    snapshot: &Snapshot,
    request: &Request,
    id: &IssueId,
    key: &str,
) -> Result<(), Refusal> {
    let live = snapshot.live_lease(id, &request.now);
    if live.is_some_and(|lease| lease.key.as_deref() == Some(key)) {
        return Ok(());
    }
    Err(Refusal::LeaseLost {
        id: id.clone(),
        presented: snapshot.lease(id).map_or(0, |lease| lease.epoch),
        current: live.map(|lease| lease.epoch),
    })
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
        asked: &Asked,
        decide: impl Fn(&Snapshot, &Request) -> Result<Decided, Refusal>,
    ) -> Result<Written, Error> {
        let txn = self.store.begin()?;
        let (txn, request) = self.sweep_first(txn, call)?;
        if let Some(written) = self.repeat(txn.as_ref(), asked, &request)? {
            return Ok(written);
        }
        let decided = decide(txn.snapshot(), &request)?;
        Self::finish(txn, asked, decided, request, call.dry_run)
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

    /// Records what has run out, and returns a transaction that sees it, with the moment at which it began.
    fn sweep_first(
        &self,
        mut txn: Box<dyn Txn>,
        call: &Call,
    ) -> Result<(Box<dyn Txn>, Request), Error> {
        let request = self.request(call)?;
        let unconditional = Request {
            fence: Fence::default(),
            if_etag: None,
            key: None,
            ..request.clone()
        };
        let swept = decide::sweep(txn.snapshot(), &unconditional);
        if swept.is_empty() || call.dry_run {
            return Ok((txn, request));
        }
        txn.apply(&swept);
        txn.commit()?;
        // Others may have come first, so time has passed.
        Ok((self.store.begin()?, self.request(call)?))
    }

    /// Returns the first answer to a key that was used before for the same request.
    ///
    /// A lease that it granted must still live under the key: to answer for one that has ended since would give two
    /// winners one lease.
    fn repeat(
        &self,
        txn: &dyn Txn,
        asked: &Asked,
        request: &Request,
    ) -> Result<Option<Written>, Error> {
        let Some(key) = &request.key else {
            return Ok(None);
        };
        let Some(receipt) = txn.receipt(key)? else {
            return Ok(None);
        };
        let is_same = receipt.verb == asked.verb
            && receipt.extra.get(Asked::DIGEST).and_then(Value::as_str) == Some(&asked.digest);
        if !is_same {
            return Err(Refusal::KeyReused {
                key: key.clone(),
                verb: receipt.verb,
            }
            .into());
        }
        if receipt.epoch.is_some() {
            for id in &receipt.issues {
                refuse_lost(txn.snapshot(), request, id, key)?;
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
        asked: &Asked,
        decided: Decided,
        request: Request,
        dry_run: bool,
    ) -> Result<Written, Error> {
        let Decided {
            mut changes,
            issues,
        } = decided;
        let granted = changes
            .leases
            .iter()
            .find(|lease| lease.state == LeaseState::Held);
        let epoch = granted.map(|lease| lease.epoch);
        let changed = !changes.is_empty();
        changes.receipt = request.key.filter(|_| changed).map(|key| Receipt {
            key,
            verb: asked.verb.to_owned(),
            issues: issues.clone(),
            epoch,
            extra: BTreeMap::from([(Asked::DIGEST.to_owned(), asked.digest.as_str().into())]),
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
        Self { changes, issues }
    }
}
