//! Owns the conversation with the tracker as a trait: what the dispatcher asks and what it understands of the answers.
//! Refuses to decide anything, and to know the tracker's files.

mod answer;
mod error;
mod locate;
mod stream;
mod subprocess;
mod wire;

use std::time::Duration;

use jit_scheduler::{AgentId, IssueId, Millis, RunId};
use tokio::sync::mpsc::UnboundedSender;

use crate::state::Started;

pub use error::{Answer, JitError, JitErrorKind};
pub use locate::{JitCommand, locate};
pub use subprocess::SubprocessJit;
pub use wire::{
    Blocker, Event, Issue, Lease, Listed, Malformed, Repository, State, parse_error, parse_event,
    parse_issue, parse_list, parse_repository,
};

/// What the dispatcher asks of the tracker (`docs/design/tracker.md` section 5). Every method is one call of `jit`, and
/// atomic there; a `Future` that is dropped leaves the call's effect unknown.
#[expect(
    async_fn_in_trait,
    reason = "everything runs on one thread, so no caller needs the futures to be Send"
)]
pub trait JitClient {
    /// Finds the repository: where its store lies and which directory agents are to be pointed at.
    async fn locate_repository(&self) -> Result<Repository, JitError>;

    /// Returns the ready issues that nobody is assigned to and no live lease holds.
    async fn query_ready_issues(&self) -> Result<Listed, JitError>;

    /// Returns every ready issue, also those that are assigned to somebody.
    async fn query_assigned_and_ready_issues(&self) -> Result<Listed, JitError>;

    /// Returns the unresolved issues that are assigned to `agent`.
    async fn query_assignee(&self, agent: &AgentId) -> Result<Listed, JitError>;

    /// Claims `issue` for `agent`: at most one of all who try succeeds, and gets the epoch of its lease.
    async fn claim_issue_for_agent(
        &self,
        issue: &IssueId,
        agent: &AgentId,
        grant: &Grant,
    ) -> Result<Claimed, JitError>;

    /// Returns one issue as it is now.
    async fn show(&self, issue: &IssueId) -> Result<Issue, JitError>;

    /// Calls the issue done; the answer says whether it is, or is gated.
    async fn done(&self, held: &Held) -> Result<Issue, JitError>;

    /// Gives the issue back, not to be ready before `not_before`.
    async fn release(&self, held: &Held, not_before: Option<Millis>) -> Result<Issue, JitError>;

    /// Puts a hold on the issue, until a person lifts it.
    async fn hold(&self, held: &Held, reason: &str) -> Result<Issue, JitError>;

    /// Renews the lease of the issue; `worker` is the process without which nobody would renew it any more.
    async fn renew(&self, held: &Held, worker: Option<&Started>) -> Result<Renewed, JitError>;

    /// Sends every event of the tracker to `sink` as it happens; returns when the stream ends or `sink` is closed.
    async fn follow_events(&self, sink: UnboundedSender<Event>) -> Result<(), JitError>;
}

/// An issue with the epoch under which a run holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The issue.
    pub issue: IssueId,
    /// The fencing token: writes under an older one are refused.
    pub epoch: u64,
}

/// The conditions of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// How long the lease lives without renewal; none means until it is released.
    pub ttl: Option<Duration>,
    /// Repeating the claim under the same key returns the first answer.
    pub key: RunId,
}

/// A claim that was won.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// The issue, with the epoch of the lease.
    pub issue: Issue,
    /// The tracker's answer as it came, for the agent.
    pub document: Vec<u8>,
}

/// A lease that was renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewed {
    /// Whether somebody asked the holder to stop.
    pub cancel_requested: bool,
}
