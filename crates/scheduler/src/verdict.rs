//! Owns what follows from the end of a run, as values. How it is found is in `retry`; the dispatcher carries it out.

use std::time::Duration;

/// What is remembered of an issue's earlier runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct History {
    /// Counted failures in a row.
    pub failures: u32,
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
    /// Call the issue done. If the tracker refuses, judge again with
    /// [`Standing::DoneRefused`](crate::retry::Standing::DoneRefused).
    Done,
    /// Give the issue back, ready again after this delay; zero means at once.
    Release {
        /// How long it is to be left alone.
        after: Duration,
    },
    /// Give the issue back with a hold, until a person acts.
    Hold {
        /// What the hold says: one line, which may contain the agent's words.
        reason: String,
    },
    /// Write nothing.
    Leave,
}

impl Verdict {
    /// Says whether the issue is given up after failures, as opposed to held because the agent asked for a person.
    pub fn is_dead(&self) -> bool {
        self.charge == Charge::Issue && matches!(self.settle, Settle::Hold { .. })
    }
}
