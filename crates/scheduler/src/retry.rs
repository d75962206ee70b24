//! Owns what follows from the end of a run: whether the issue is done, tried again and when, or given up.

use std::time::Duration;

use crate::id::IssueId;

/// When and how often failed issues are tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The delay after the first failure; each further one doubles it.
    pub base: Duration,
    /// The longest delay.
    pub cap: Duration,
    /// Counted failures in a row after which the issue is given up; 0 means never.
    pub max_failures: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            base: Duration::from_secs(10),
            cap: Duration::from_mins(5),
            max_failures: 5,
        }
    }
}

/// What is remembered of an issue's earlier runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct History {
    /// Counted failures in a row.
    pub failures: u32,
}

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
    /// When it wants to be tried again, from now.
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

/// What follows from the end of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// How the run counts.
    pub outcome: Outcome,
    /// What to write to the tracker.
    pub settle: Settle,
    /// Who is to blame.
    pub charge: Charge,
    /// What to remember of the issue, once the settling has been accepted.
    pub history: History,
}

/// How a run counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The work is done.
    Succeeded,
    /// The work is done although the run did not end well.
    SucceededWithWarning,
    /// It failed.
    Failed(Failure),
    /// It ran out of time.
    TimedOut(Limit),
    /// It showed no progress.
    Stalled,
    /// It was stopped by a person or with the dispatcher.
    Canceled,
    /// A person has to act.
    Blocked,
    /// Other issues come first.
    Waiting,
    /// It wants to be run again later.
    Deferred,
    /// The issue was no longer this run's.
    Lost,
}

/// How a run failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The agent said so, by its exit status or its report.
    Agent,
    /// The agent says it is worth another try soon.
    Transient,
    /// The agent says that no further try can succeed.
    Permanent,
    /// The agent itself is broken: wrong configuration, or its command cannot be executed.
    Broken,
    /// A signal killed it that the dispatcher did not send.
    Signal,
    /// The agent was content, and the tracker refused to call the issue done.
    Incomplete,
}

/// Which limit a run broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// The one for coming to life.
    Start,
    /// The one for the whole run.
    Total,
}

/// Who is to blame for the end of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charge {
    /// Nobody.
    Nobody,
    /// The issue: one more counted failure.
    Issue,
    /// The agent; the issue is not charged.
    Agent,
}

/// What to write to the tracker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settle {
    /// Call the issue done. If the tracker refuses, judge again with [`Standing::DoneRefused`].
    Done,
    /// Give the issue back, ready again after this delay; zero means at once.
    Release {
        /// How long it is to be left alone.
        after: Duration,
    },
    /// Give the issue back with a hold, until a person acts.
    Hold {
        /// What the hold says.
        reason: String,
    },
    /// Write nothing.
    Leave,
}

/// Judges the end of a run.
pub fn judge(ended: &Ended, history: History, policy: &RetryPolicy) -> Verdict {
    let _ = (ended, policy);
    Verdict {
        outcome: Outcome::Lost,
        settle: Settle::Leave,
        charge: Charge::Nobody,
        history,
    }
}
