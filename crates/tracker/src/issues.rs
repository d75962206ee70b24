//! Use cases about single issues.
//!
//! Owns their names and arguments. Refuses to decide.

use crate::call::{Call, Written};
use crate::error::Error;
use crate::tracker::{Asked, Decided, Tracker};
use jit_core::decide::{self, NewIssue, Update};
use jit_core::id::IdPrefix;
use jit_core::{Assignee, Changeset, IssueId, Refusal, Request, Snapshot, Timestamp};
use std::slice;

impl Tracker {
    /// Creates an issue.
    pub fn create(&self, call: &Call, new: &NewIssue) -> Result<Written, Error> {
        let timeless = NewIssue {
            due: None,
            not_before: None,
            dependencies: Vec::new(),
            parent: None,
            ..new.clone()
        };
        let asked = Asked::new("issue create", &timeless)
            .naming(&new.dependencies)
            .naming(new.parent.as_slice());
        // Ids are drawn before the transaction, several of them because one may be taken.
        let drawn: Result<Vec<IssueId>, _> = (0..4).map(|_| self.ids.issue_id()).collect();
        let drawn = drawn.map_err(Error::System)?;
        self.write(call, &asked, |snapshot, request| {
            let is_free = |id: &&IssueId| snapshot.record(id).is_none();
            let id = drawn
                .iter()
                .find(is_free)
                .ok_or_else(|| Refusal::invalid("id", "no free id was drawn"))?;
            Ok(Decided::new(
                decide::create(snapshot, request, id, new)?,
                vec![id.clone()],
            ))
        })
    }

    /// Changes fields, or the state by its verb.
    pub fn update(&self, call: &Call, ids: &[IdPrefix], update: &Update) -> Result<Written, Error> {
        let timeless = Update {
            due: None,
            not_before: None,
            parent: None,
            ..update.clone()
        };
        self.write_each(
            call,
            &Asked::new("issue update", &timeless)
                .naming(ids)
                .naming(update.parent.as_slice()),
            ids,
            |snapshot, request, ids| decide::update(snapshot, request, ids, update),
        )
    }

    /// Names who shall do it.
    pub fn assign(&self, call: &Call, ids: &[IdPrefix], who: &Assignee) -> Result<Written, Error> {
        self.write_each(
            call,
            &Asked::new("issue assign", &who).naming(ids),
            ids,
            |snapshot, request, ids| decide::assign(snapshot, request, ids, who),
        )
    }

    /// Takes the assignee off.
    pub fn unassign(&self, call: &Call, ids: &[IdPrefix]) -> Result<Written, Error> {
        self.write_each(
            call,
            &Asked::new("issue unassign", &()).naming(ids),
            ids,
            decide::unassign,
        )
    }

    /// Gives it back.
    pub fn release(
        &self,
        call: &Call,
        ids: &[IdPrefix],
        reason: Option<&str>,
        not_before: Option<Timestamp>,
    ) -> Result<Written, Error> {
        self.write_each(
            call,
            &Asked::new("issue release", &reason).naming(ids),
            ids,
            |snapshot, request, ids| decide::release(snapshot, request, ids, reason, not_before),
        )
    }

    /// Finishes it.
    pub fn done(&self, call: &Call, ids: &[IdPrefix]) -> Result<Written, Error> {
        self.write_each(
            call,
            &Asked::new("issue done", &()).naming(ids),
            ids,
            decide::done,
        )
    }

    /// Decides that it will not be done.
    pub fn reject(
        &self,
        call: &Call,
        ids: &[IdPrefix],
        reason: Option<&str>,
    ) -> Result<Written, Error> {
        self.write_each(
            call,
            &Asked::new("issue reject", &reason).naming(ids),
            ids,
            |snapshot, request, ids| decide::reject(snapshot, request, ids, reason),
        )
    }

    /// Opens it again.
    pub fn reopen(&self, call: &Call, ids: &[IdPrefix]) -> Result<Written, Error> {
        self.write_each(
            call,
            &Asked::new("issue reopen", &()).naming(ids),
            ids,
            decide::reopen,
        )
    }

    /// Says "not now".
    pub fn hold(&self, call: &Call, ids: &[IdPrefix], reason: &str) -> Result<Written, Error> {
        self.write_each(
            call,
            &Asked::new("issue hold", &reason).naming(ids),
            ids,
            |snapshot, request, ids| decide::hold(snapshot, request, ids, reason),
        )
    }

    /// Takes "not now" back.
    pub fn unhold(&self, call: &Call, ids: &[IdPrefix]) -> Result<Written, Error> {
        self.write_each(
            call,
            &Asked::new("issue unhold", &()).naming(ids),
            ids,
            decide::unhold,
        )
    }

    /// Says something about it.
    pub fn comment(&self, call: &Call, id: &IdPrefix, text: &str) -> Result<Written, Error> {
        self.write_one(
            call,
            &Asked::new("issue comment", &text).naming(slice::from_ref(id)),
            id,
            |snapshot, request, id| decide::comment(snapshot, request, id, text),
        )
    }

    pub(crate) fn write_each(
        &self,
        call: &Call,
        asked: &Asked,
        ids: &[IdPrefix],
        decide: impl Fn(&Snapshot, &Request, &[IssueId]) -> Result<Changeset, Refusal>,
    ) -> Result<Written, Error> {
        self.write(call, asked, |snapshot, request| {
            let ids = Self::resolve(snapshot, ids)?;
            Ok(Decided::new(decide(snapshot, request, &ids)?, ids))
        })
    }

    pub(crate) fn write_one(
        &self,
        call: &Call,
        asked: &Asked,
        id: &IdPrefix,
        decide: impl Fn(&Snapshot, &Request, &IssueId) -> Result<Changeset, Refusal>,
    ) -> Result<Written, Error> {
        self.write(call, asked, |snapshot, request| {
            let id = snapshot.resolve(id)?;
            Ok(Decided::new(decide(snapshot, request, &id)?, vec![id]))
        })
    }
}
