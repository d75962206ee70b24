//! Owns when an agent that fails by its own fault is rested, and for how long. It judges no run: that is in `retry`.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::id::IssueId;
use crate::time::Millis;
use crate::verdict::{Charge, Failure, Outcome, Verdict};
use crate::world::Health;

/// Faults in a row after which an agent is rested, if they fell on more than one issue.
const FAULTS_TO_OPEN: u32 = 3;
/// On how many issues the faults must have fallen: one alone may be to blame itself.
const ISSUES_TO_OPEN: usize = 2;
/// The first rest; each further one in a row doubles it.
const FIRST_REST: Duration = Duration::from_mins(1);
/// The longest rest.
const LONGEST_REST: Duration = Duration::from_mins(15);

/// What is remembered of an agent's faults. The default value is that of an agent without any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Breaker {
    /// Faults in a row.
    pub faults: u32,
    /// The issues they fell on.
    pub issues: BTreeSet<IssueId>,
    /// How often in a row it was rested.
    pub rests: u32,
    /// The end of the current or last rest.
    pub until: Option<Millis>,
}

impl Breaker {
    /// Returns what is to be remembered after one more run of the agent ended.
    ///
    /// An agent that says it cannot work, or whose command cannot be executed, is rested at once; one that does not come
    /// to life in time, after three times in a row on at least two issues. After a rest one fault is enough.
    #[must_use]
    pub fn after(mut self, verdict: &Verdict, issue: &IssueId, now: Millis) -> Self {
        match verdict.charge {
            Charge::Issue => Self::default(),
            Charge::Nobody => match verdict.outcome {
                // These say nothing about the agent.
                Outcome::Canceled | Outcome::Lost => self,
                Outcome::Succeeded
                | Outcome::SucceededWithWarning
                | Outcome::Failed(_)
                | Outcome::TimedOut(_)
                | Outcome::Stalled
                | Outcome::Blocked
                | Outcome::Waiting
                | Outcome::Deferred => Self::default(),
            },
            Charge::Agent => {
                self.faults = self.faults.saturating_add(1);
                self.issues.insert(issue.clone());
                let is_resting = self.until.is_some_and(|until| now < until);
                if !is_resting && self.is_enough(verdict.outcome) {
                    self.rest(now)
                } else {
                    self
                }
            }
        }
    }

    /// Returns the health of an agent that is otherwise up.
    pub fn health(&self) -> Health {
        self.until
            .map_or(Health::Up, |until| Health::Open { until })
    }

    fn is_enough(&self, outcome: Outcome) -> bool {
        outcome == Outcome::Failed(Failure::Broken)
            || self.rests > 0
            || (self.faults >= FAULTS_TO_OPEN && self.issues.len() >= ISSUES_TO_OPEN)
    }

    fn rest(mut self, now: Millis) -> Self {
        let rest = FIRST_REST
            .saturating_mul(1 << self.rests.min(16))
            .min(LONGEST_REST);
        self.until = Some(now.plus(rest));
        self.rests = self.rests.saturating_add(1);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retry::{Ended, Exit, History, RetryPolicy, Standing, Stop, judge};

    /// Each word is `SECOND:ISSUE:END`; expects the seconds at which the agent is rested until, `-` while it is up.
    fn check(runs: &str, expected: &str) {
        let mut breaker = Breaker::default();
        let mut found = Vec::new();
        for run in runs.split(' ') {
            let words: Vec<&str> = run.split(':').collect();
            let (exit, stopped) = match words[2] {
                "ok" => (Exit::Code(0), None),
                "failed" => (Exit::Code(1), None),
                "broken" => (Exit::Code(127), None),
                "slow" => (Exit::Signal(15), Some(Stop::StartTimeout)),
                "cancel" => (Exit::Signal(15), Some(Stop::Operator)),
                other => panic!("unknown end `{other}`"),
            };
            let standing = Standing::Ours {
                has_blockers: false,
            };
            let ended = Ended {
                issue: words[1].into(),
                exit,
                stopped,
                report: None,
                standing,
            };
            let verdict = judge(&ended, History::default(), &RetryPolicy::default());
            let now = Millis(words[0].parse::<u64>().unwrap() * 1000);
            breaker = breaker.after(&verdict, &ended.issue, now);
            found.push(match breaker.health() {
                Health::Open { until } => (until.0 / 1000).to_string(),
                Health::Up
                | Health::Draining
                | Health::Limited { .. }
                | Health::Missing
                | Health::Stale => "-".to_owned(),
            });
        }
        assert_eq!(found.join(" "), expected, "{runs}");
    }

    #[test]
    fn an_agent_is_rested_for_its_own_faults_only() {
        check("0:a:failed 1:b:failed 2:c:failed 3:d:failed", "- - - -");
        check("0:a:broken", "60");
        check("0:a:slow 1:b:slow 2:a:slow", "- - 62");
        check("0:a:slow 1:a:slow 2:a:slow 3:a:slow 4:b:slow", "- - - - 64");
        check("0:a:slow 1:b:slow 2:c:ok 3:a:slow 4:b:slow", "- - - - -");
        check("0:a:slow 1:b:slow 2:c:cancel 3:a:slow", "- - - 63");
    }

    #[test]
    fn each_rest_in_a_row_is_longer_up_to_a_quarter_of_an_hour() {
        check(
            "0:a:broken 60:a:slow 180:a:broken 420:b:broken 900:b:broken 1800:a:broken",
            "60 180 420 900 1800 2700",
        );
        check("0:a:broken 60:a:ok 61:a:broken", "60 - 121");
        // Runs that were live when the rest began do not lengthen it.
        check(
            "0:a:broken 1:b:broken 2:c:broken 60:d:broken",
            "60 60 60 180",
        );
    }
}
