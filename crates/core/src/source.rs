//! Where a snapshot finds records that it does not hold yet.
//!
//! Owns the questions that a store answers one record at a time. Refuses to answer them: stores do.

use crate::{
    Assignee, GateDefinition, Issue, IssueId, Lease, Now, Policy, Priority, Problem, Timestamp,
};
use std::fmt::Debug;

/// Why a source could not answer.
pub type SourceError = Box<dyn std::error::Error + Send + Sync>;

/// What a source answers.
pub type Sourced<T> = Result<T, SourceError>;

/// An open issue that may be ready, with what its place in the queue follows from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The issue.
    pub id: IssueId,
    /// Its priority.
    pub priority: Priority,
    /// Since when it has been ready; only the truth if `is_certain`.
    pub since: Timestamp,
    /// Who it is assigned to.
    pub assignee: Option<Assignee>,
    /// Nothing can block it but what the source has looked at, so that it need not be judged to be ranked.
    pub is_certain: bool,
}

/// A store that is asked for single records, all of one moment.
///
/// Every answer has to be what a complete snapshot of that moment would give; a damaged record is absent, and named by
/// [`Source::problems`].
pub trait Source: Debug + Send + Sync {
    /// Returns the issue or tombstone with this id.
    fn issue(&self, id: &IssueId) -> Sourced<Option<Issue>>;

    /// Returns the last lease of an issue, ended or not.
    fn lease(&self, id: &IssueId) -> Sourced<Option<Lease>>;

    /// Returns all gate definitions.
    fn gates(&self) -> Sourced<Vec<GateDefinition>>;

    /// Returns what can't be read.
    fn problems(&self) -> Sourced<Vec<Problem>>;

    /// Returns the issues that name `id` as a dependency.
    fn dependents(&self, id: &IssueId) -> Sourced<Vec<IssueId>>;

    /// Returns the issues that name `id` as their parent.
    fn children(&self, id: &IssueId) -> Sourced<Vec<IssueId>>;

    /// Returns the first `limit` ids that begin with `prefix`, tombstones included.
    fn with_prefix(&self, prefix: &str, limit: usize) -> Sourced<Vec<IssueId>>;

    /// Returns the ids next to `id` in order, tombstones included.
    fn neighbours(&self, id: &IssueId) -> Sourced<[Option<IssueId>; 2]>;

    /// Returns the issues that are not resolved, in order of their ids.
    fn unresolved(&self) -> Sourced<Vec<IssueId>>;

    /// Returns the issues whose lease nobody has ended.
    fn held(&self) -> Sourced<Vec<IssueId>>;

    /// Returns the issues whose lease nobody has ended though it may have lapsed at `now`; leases that live may be among
    /// them.
    fn lapsing(&self, now: &Now) -> Sourced<Vec<IssueId>>;

    /// Returns the open issues that no dependency, child or hold blocks at `now`, assigned to nobody or to `who`, in
    /// order of priority, `since` and id, and those in progress whose lease somebody has ended. Issues whose lease has
    /// lapsed need not be among them.
    fn candidates(
        &self,
        policy: &Policy,
        now: &Now,
        who: Option<&Assignee>,
    ) -> Sourced<Vec<Candidate>>;

    /// Returns all issues, tombstones included.
    fn issues(&self) -> Sourced<Vec<Issue>>;

    /// Returns all leases, ended ones included.
    fn leases(&self) -> Sourced<Vec<Lease>>;
}
