//! What must hold of a finished run, whoever ran it.
//!
//! Owns the values that the rules look at and the verdicts they give. Refuses to ask the programs whether they behaved: it computes readiness again, from
//! the recorded history and the graph alone.

mod read;
mod readiness;
mod rules;

use std::collections::BTreeSet;

use jiff::Timestamp;

pub(crate) use read::{moments, reports, tasks};
pub(crate) use rules::{
    capacity_kept, dependencies_first, everything_ends, one_claim_at_a_time, one_run_at_a_time,
    verdicts,
};

/// An issue as far as the rules look at it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Task {
    /// The id.
    pub(crate) id: String,
    /// The title, as somebody wrote it.
    pub(crate) title: String,
    /// 0 is the most urgent.
    pub(crate) rank: u8,
    /// The state at the end.
    pub(crate) state: String,
    /// Labels.
    pub(crate) labels: BTreeSet<String>,
    /// Ids that come first.
    pub(crate) dependencies: Vec<String>,
    /// The issue that this one is a part of.
    pub(crate) parent: Option<String>,
    /// Keys of the required gates.
    pub(crate) gates: Vec<String>,
}

/// Something that the tracker recorded about one issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// When.
    pub(crate) at: Timestamp,
    /// The issue.
    pub(crate) issue: String,
    /// What.
    pub(crate) fact: Fact,
}

/// What the tracker can record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    /// Somebody took it.
    Claimed { by: String, epoch: u64 },
    /// The claim ended, and the issue waits until then before it is ready again.
    Released { not_before: Option<Timestamp> },
    /// The work is done and a gate is open.
    Gated,
    /// It is resolved.
    Done,
    /// A gate was passed.
    GatePassed { key: String },
}

/// Something that the dispatcher recorded about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    /// Its place in the dispatcher's own order; without gaps.
    pub(crate) seq: u64,
    /// When.
    pub(crate) at: Timestamp,
    /// What.
    pub(crate) kind: String,
    /// The issue, where there is one.
    pub(crate) issue: String,
    /// The agent, where there is one.
    pub(crate) agent: String,
    /// The run, where there is one.
    pub(crate) run: String,
}

/// An agent of the pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Agent {
    /// The id in `dispatch.toml`.
    pub(crate) id: String,
    /// How many issues it takes at once.
    pub(crate) capacity: usize,
    /// What it is for.
    pub(crate) tags: BTreeSet<String>,
}

/// All that is known about a finished run.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    /// Every issue.
    pub(crate) tasks: Vec<Task>,
    /// The tracker's log, in its order.
    pub(crate) moments: Vec<Moment>,
    /// The dispatcher's log, in its order.
    pub(crate) reports: Vec<Report>,
    /// The pool.
    pub(crate) agents: Vec<Agent>,
    /// Gates that keep an issue from being ready.
    pub(crate) entry_gates: BTreeSet<String>,
}

/// A rule and what broke it.
pub(crate) struct Verdict {
    /// The rule, as a sentence.
    pub(crate) rule: &'static str,
    /// How many cases were looked at; a rule that looked at nothing proves nothing.
    pub(crate) n_checked: usize,
    /// What broke it.
    pub(crate) violations: Vec<String>,
}

impl Verdict {
    /// Says whether the rule was tried and held.
    pub(crate) fn holds(&self) -> bool {
        self.n_checked > 0 && self.violations.is_empty()
    }
}

#[cfg(test)]
mod tests;
