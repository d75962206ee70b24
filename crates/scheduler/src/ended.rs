//! Owns how a run ended, as the values that a verdict depends on. What follows from it is in `retry`.

use std::time::Duration;

use crate::id::IssueId;

/// How a run ended, with everything the verdict depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The issue.
    pub issue: IssueId,
    /// How the agent's process ended.
    pub exit: Exit,
    /// Why the dispatcher stopped it, if it did.
    pub stopped: Option<Stop>,
    /// What the agent wrote into `result.json`.
    pub report: Option<Report>,
    /// What the tracker says of the issue now.
    pub standing: Standing,
}

/// How the agent's process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It exited with this status.
    Code(i32),
    /// This signal killed it.
    Signal(i32),
    /// It could not be started at all.
    NotStarted,
}

/// Why the dispatcher stopped a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// It did not come to life within the start limit.
    StartTimeout,
    /// It showed no progress for the idle limit.
    IdleTimeout,
    /// It ran longer than the total limit.
    TotalTimeout,
    /// A person cancelled it, or the dispatcher was told to stop.
    Operator,
    /// Its lease was lost to another.
    Fenced,
}

/// What the agent wrote into `result.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How it says it went.
    pub outcome: ReportedOutcome,
    /// Its own words.
    pub reason: Option<String>,
    /// When it wants to be tried again, from now; believed up to a day.
    pub retry_after: Option<Duration>,
}

/// How an agent says its run went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportedOutcome {
    /// The work is done.
    Done,
    /// It failed.
    Failed,
    /// A person has to act first.
    Blocked,
    /// Other issues have to be finished first.
    Waiting,
    /// It wants to be run again later.
    Retry,
}

/// What the tracker says of the issue after the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Still in progress under this run's lease.
    Ours {
        /// Whether a dependency or child would keep it from being ready.
        has_blockers: bool,
    },
    /// Done.
    Done,
    /// The work is done and an exit gate still waits.
    Gated,
    /// Still ours, and the tracker refused to call it done.
    DoneRefused {
        /// The tracker's words.
        reason: String,
    },
    /// Held, rejected or otherwise set by a person, or another's: this run has no say.
    NotOurs,
}
