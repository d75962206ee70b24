//! Owns what a dispatcher has to say while it works, as values: how they are printed is the business of `output`.

use std::time::Duration;

use jit_scheduler::retry::Outcome;
use jit_scheduler::{AgentId, IssueId, Millis, RunId};

/// One thing worth telling.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// A run was started.
    Started {
        /// Which.
        run: Who,
        /// The issue's title, as untrusted as it was typed.
        title: String,
        /// Its priority.
        priority: String,
    },
    /// An issue was claimed for an agent that looks for its claims by itself.
    Claimed {
        /// The issue.
        issue: IssueId,
        /// The agent.
        agent: AgentId,
        /// The issue's title, as untrusted as it was typed.
        title: String,
    },
    /// A run is over, and the tracker knows.
    Settled {
        /// Which.
        run: Who,
        /// How it counts.
        outcome: Outcome,
        /// A line for people, which may hold words from outside.
        note: String,
        /// When the issue may start again, if it waits.
        not_before: Option<Millis>,
        /// How long it took.
        took: Duration,
    },
    /// Somebody was faster, or the issue is not ready any more.
    ClaimLost {
        /// The issue.
        issue: IssueId,
        /// The tracker's words.
        reason: String,
    },
    /// A run whose owner had died was brought to an end.
    Recovered {
        /// Which.
        run: Who,
        /// What was done.
        what: &'static str,
    },
    /// The tracker, or the dispatcher's own memory, cannot be used for now.
    Outage {
        /// Why.
        reason: String,
        /// When it is tried again.
        retry_in: Duration,
    },
    /// Both can be used again.
    OutageOver,
    /// Something is odd.
    Warning(String),
    /// The dispatcher was asked to stop.
    Stopping {
        /// Runs that are still live.
        live: usize,
        /// Whether they are being stopped, too.
        is_kill: bool,
    },
    /// Nothing is left to start, to wait for or to try again.
    Idle {
        /// Ready issues that nobody can take.
        held: usize,
    },
}

/// A run with what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// The run.
    pub run: RunId,
    /// The issue.
    pub issue: IssueId,
    /// The agent.
    pub agent: AgentId,
}

/// Takes what there is to tell.
pub trait Sink {
    /// Tells it, at the moment `at`.
    fn tell(&self, at: Millis, notice: &Notice);
}
