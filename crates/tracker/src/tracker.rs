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
    arguments: String,
    issues: Vec<Vec<IdPrefix>>,
}

impl Asked {
    /// Member of a receipt that keeps the digest of what was typed.
    const TYPED: &'static str = "asked";
    /// Member of a receipt that keeps the digest of what was meant by it.
    const MEANT: &'static str = "meant";

    /// Returns the request for `verb` with these arguments. Points in time stay out of them, since `10m` from now is
    /// another point at every retry; the issues that it names are for `naming`.
    pub(crate) fn new(verb: &'static str, arguments: &dyn Debug) -> Self {
        Self {
            verb,
            arguments: format!("{arguments:?}"),
            issues: Vec::new(),
        }
    }

    /// Adds issues in one role: whether their ids were typed in full or in part is the same request.
    pub(crate) fn naming(mut self, issues: &[IdPrefix]) -> Self {
        self.issues.push(issues.to_vec());
        self
    }

    /// Returns the digests of what was typed and of what is meant by it in `snapshot`, or by an answer that named
    /// these issues.
    ///
    /// Both, because a retry may be typed in another form, or come when the first answer has taken an issue away.
    fn digests(&self, snapshot: &Snapshot, answered: &[IssueId]) -> [(&'static str, String); 2] {
        let digest = |issues: &dyn Debug| {
            let text = format!("{}{issues:?}", self.arguments);
            blake3::hash(text.as_bytes()).to_hex()[..20].to_owned()
        };
        let meant = |prefix: &IdPrefix| {
            let is_meant = |id: &&IssueId| id.as_str().starts_with(prefix.as_str());
            let found = prefix
                .as_id()
                .or_else(|| snapshot.resolve(prefix).ok())
                .or_else(|| answered.iter().find(is_meant).cloned());
            found.map_or_else(|| prefix.to_string(), |id| id.to_string())
        };
        let meant: Vec<Vec<String>> = self
            .issues
            .iter()
            .map(|issues| issues.iter().map(meant).collect())
            .collect();
        [
            (Self::TYPED, digest(&self.issues)),
            (Self::MEANT, digest(&meant)),
        ]
    }

    /// Returns whether a receipt answers this very request.
    fn is_answered_by(&self, receipt: &Receipt, snapshot: &Snapshot) -> bool {
        let mut digests = self.digests(snapshot, &receipt.issues).into_iter();
        receipt.verb == self.verb
            && digests.any(|(name, digest)| {
                receipt.extra.get(name).and_then(Value::as_str) == Some(&digest)
            })
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
        Ok(self.view_of(self.store.read()?, self.now()?))
    }

    /// Returns a view for a question about issues that are named.
    pub fn view_of_named(&self) -> Result<View, Error> {
        Ok(self.view_of(self.store.read_named()?, self.now()?))
    }

    /// Returns what the records say by themselves, whatever was remembered of them.
    pub fn view_of_files(&self) -> Result<View, Error> {
        Ok(self.view_of(self.store.read_files()?, self.now()?))
    }

    fn view_of(&self, snapshot: Snapshot, now: Now) -> View {
        View {
            snapshot,
            policy: self.policy.clone(),
            now,
        }
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
        let decided = decide(txn.snapshot(), &request);
        // A refusal may only mean that something could not be read.
        jit_store::confirm(&txn.snapshot().health())?;
        let decided = decided?;
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
        jit_store::confirm(&txn.snapshot().health())?;
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
        let is_answered = asked.is_answered_by(&receipt, txn.snapshot());
        jit_store::confirm(&txn.snapshot().health())?;
        if !is_answered {
            return Err(Refusal::KeyReused {
                key: key.clone(),
                verb: receipt.verb,
            }
            .into());
        }
        if receipt.epoch.is_some() {
            let mut ids = receipt.issues.iter();
            let held = ids.try_for_each(|id| refuse_lost(txn.snapshot(), request, id, key));
            jit_store::confirm(&txn.snapshot().health())?;
            held?;
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
        // A lease that is only marked was granted to somebody else, under another key.
        let granted = changes
            .leases
            .iter()
            .find(|lease| lease.state == LeaseState::Held && lease.key == request.key);
        let epoch = granted.map(|lease| lease.epoch);
        let changed = !changes.is_empty();
        changes.receipt = request.key.filter(|_| changed).map(|key| {
            let digests = asked.digests(txn.snapshot(), &issues).into_iter();
            Receipt {
                key,
                verb: asked.verb.to_owned(),
                issues: issues.clone(),
                epoch,
                extra: digests
                    .map(|(name, digest)| (name.to_owned(), digest.into()))
                    .collect(),
            }
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
