//! Owns the judgement on a run that ended: whether the issue is done, tried again and when, or given up. It writes
//! nothing and starts nothing; `docs/design/dispatch.md` section 2.4 has the table that it follows.

use std::time::Duration;

pub use crate::backoff::{RetryPolicy, delay};
pub use crate::ended::{Ended, Exit, Report, ReportedOutcome, Standing, Stop};
pub use crate::verdict::{Charge, Failure, History, Limit, Outcome, Settle, Verdict};

/// The longest that an agent's own wish can put off the next try: a slip of the pen must not bury the issue.
const LONGEST_DEFERRAL: Duration = Duration::from_hours(24);

/// How much of an agent's own words a hold repeats, in characters.
const WORDS_IN_A_HOLD: usize = 300;

/// Judges the end of a run.
///
/// The tracker's word comes first, then our own reason for stopping the run, then the worse of exit status and report.
pub fn judge(ended: &Ended, history: History, policy: &RetryPolicy) -> Verdict {
    let case = Case {
        ended,
        history,
        policy,
    };
    match (&ended.standing, ended.stopped) {
        (_, Some(Stop::Fenced)) | (Standing::NotOurs, _) => {
            case.uncounted(Outcome::Lost, Settle::Leave)
        }
        (Standing::Done | Standing::Gated, None) if ended.exit == Exit::Code(0) => {
            Case::succeeded(Outcome::Succeeded, Settle::Leave)
        }
        (Standing::Done | Standing::Gated, _) => {
            Case::succeeded(Outcome::SucceededWithWarning, Settle::Leave)
        }
        (Standing::Ours { .. } | Standing::DoneRefused { .. }, Some(stop)) => case.stopped(stop),
        (Standing::Ours { .. } | Standing::DoneRefused { .. }, None) => case.ended_by_itself(),
    }
}

/// How bad the end of a run is, the worst last: of exit status and report the worse one wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Grade {
    Done,
    Retry,
    Waiting,
    Broken,
    Transient,
    Failed,
    Signal,
    Blocked,
    Permanent,
}

impl Grade {
    fn of_exit(exit: Exit) -> Self {
        match exit {
            Exit::Code(0) => Self::Done,
            Exit::Code(75) => Self::Transient,
            Exit::Code(65 | 77) => Self::Permanent,
            Exit::Code(78 | 126 | 127) | Exit::NotStarted => Self::Broken,
            Exit::Code(_) => Self::Failed,
            Exit::Signal(_) => Self::Signal,
        }
    }

    fn of_report(outcome: ReportedOutcome) -> Self {
        match outcome {
            ReportedOutcome::Done => Self::Done,
            ReportedOutcome::Failed => Self::Failed,
            ReportedOutcome::Blocked => Self::Blocked,
            ReportedOutcome::Waiting => Self::Waiting,
            ReportedOutcome::Retry => Self::Retry,
        }
    }
}

struct Case<'a> {
    ended: &'a Ended,
    history: History,
    policy: &'a RetryPolicy,
}

impl Case<'_> {
    fn stopped(&self, stop: Stop) -> Verdict {
        match stop {
            Stop::Fenced => self.uncounted(Outcome::Lost, Settle::Leave),
            Stop::Operator => self.uncounted(
                Outcome::Canceled,
                Settle::Release {
                    after: Duration::ZERO,
                },
            ),
            Stop::StartTimeout => self.agent_charged(Outcome::TimedOut(Limit::Start)),
            Stop::IdleTimeout => self.counted(Outcome::Stalled, "it showed no progress"),
            Stop::TotalTimeout => {
                self.counted(Outcome::TimedOut(Limit::Total), "it ran out of time")
            }
        }
    }

    fn ended_by_itself(&self) -> Verdict {
        let reported = self
            .ended
            .report
            .as_ref()
            .map_or(Grade::Done, |report| Grade::of_report(report.outcome));
        match Grade::of_exit(self.ended.exit).max(reported) {
            Grade::Done => self.claims_done(),
            Grade::Retry => self.uncounted(
                Outcome::Deferred,
                Settle::Release {
                    after: self.wish().max(self.shortest()),
                },
            ),
            Grade::Waiting => self.waiting(),
            Grade::Broken => self.agent_charged(Outcome::Failed(Failure::Broken)),
            Grade::Transient => self.transient(),
            Grade::Failed => self.counted(
                Outcome::Failed(Failure::Agent),
                &self.words("the agent failed"),
            ),
            Grade::Signal => self.counted(Outcome::Failed(Failure::Signal), &self.killed()),
            Grade::Blocked => {
                let reason = self.words("the agent cannot go on until a person acts");
                self.uncounted(Outcome::Blocked, Settle::Hold { reason })
            }
            Grade::Permanent => self.permanent(),
        }
    }

    /// The agent is content. That is a claim; the tracker decides.
    fn claims_done(&self) -> Verdict {
        match &self.ended.standing {
            Standing::DoneRefused { reason } => {
                let words = format!("the tracker refused to call it done: {}", one_line(reason));
                self.counted(Outcome::Failed(Failure::Incomplete), &words)
            }
            Standing::Ours { .. } | Standing::Done | Standing::Gated | Standing::NotOurs => {
                Self::succeeded(Outcome::Succeeded, Settle::Done)
            }
        }
    }

    /// Children or dependencies bring the issue back by themselves; without any, only a person can.
    fn waiting(&self) -> Verdict {
        let settle = match self.ended.standing {
            Standing::Ours { has_blockers: true } => Settle::Release {
                after: Duration::ZERO,
            },
            Standing::Ours {
                has_blockers: false,
            }
            | Standing::DoneRefused { .. }
            | Standing::Done
            | Standing::Gated
            | Standing::NotOurs => Settle::Hold {
                reason: self
                    .words("the agent waits for something that the tracker does not know of"),
            },
        };
        self.uncounted(Outcome::Waiting, settle)
    }

    fn transient(&self) -> Verdict {
        let verdict = self.counted(
            Outcome::Failed(Failure::Transient),
            &self.words("the agent failed for the moment"),
        );
        match verdict.settle {
            Settle::Release { .. } => Verdict {
                settle: Settle::Release {
                    after: self.wish().max(self.shortest()),
                },
                ..verdict
            },
            Settle::Done | Settle::Hold { .. } | Settle::Leave => verdict,
        }
    }

    fn permanent(&self) -> Verdict {
        let reason = self.words("the agent says that no further try can succeed");
        Verdict {
            outcome: Outcome::Failed(Failure::Permanent),
            settle: Settle::Hold {
                reason: format!("given up: {reason}"),
            },
            charge: Charge::Issue,
            history: self.one_more_failure(),
        }
    }

    fn succeeded(outcome: Outcome, settle: Settle) -> Verdict {
        Verdict {
            outcome,
            settle,
            charge: Charge::Nobody,
            history: History::default(),
        }
    }

    fn uncounted(&self, outcome: Outcome, settle: Settle) -> Verdict {
        Verdict {
            outcome,
            settle,
            charge: Charge::Nobody,
            history: self.history,
        }
    }

    /// The issue keeps its count, and still waits a little: its agent may be the only one.
    fn agent_charged(&self, outcome: Outcome) -> Verdict {
        let settle = Settle::Release {
            after: self.shortest(),
        };
        Verdict {
            outcome,
            settle,
            charge: Charge::Agent,
            history: self.history,
        }
    }

    /// One more failure of the issue, which may be the last.
    fn counted(&self, outcome: Outcome, words: &str) -> Verdict {
        let history = self.one_more_failure();
        let failures = history.failures;
        let settle = if self.policy.max_failures > 0 && failures >= self.policy.max_failures {
            let runs = if failures == 1 {
                "1 failed run".to_owned()
            } else {
                format!("{failures} failed runs in a row")
            };
            Settle::Hold {
                reason: format!("given up after {runs}; the last one: {words}"),
            }
        } else {
            Settle::Release {
                after: delay(&self.ended.issue, failures, self.policy).max(self.wish()),
            }
        };
        Verdict {
            outcome,
            settle,
            charge: Charge::Issue,
            history,
        }
    }

    fn one_more_failure(&self) -> History {
        History {
            failures: self.history.failures.saturating_add(1),
        }
    }

    fn shortest(&self) -> Duration {
        delay(&self.ended.issue, 1, self.policy)
    }

    /// Returns how long the agent wants to be left alone.
    fn wish(&self) -> Duration {
        let wish = self
            .ended
            .report
            .as_ref()
            .and_then(|report| report.retry_after);
        wish.unwrap_or(Duration::ZERO).min(LONGEST_DEFERRAL)
    }

    /// Returns the agent's own words, with its exit status if that is bad, or ours if it had none.
    fn words(&self, ours: &str) -> String {
        let reason = self
            .ended
            .report
            .as_ref()
            .and_then(|report| report.reason.as_deref())
            .map(one_line);
        let words = reason
            .filter(|reason| !reason.is_empty())
            .unwrap_or_else(|| ours.to_owned());
        match self.ended.exit {
            Exit::Code(0) | Exit::NotStarted | Exit::Signal(_) => words,
            Exit::Code(code) => format!("{words} (exit status {code})"),
        }
    }

    fn killed(&self) -> String {
        match self.ended.exit {
            Exit::Signal(signal) => format!("signal {signal} killed it"),
            Exit::Code(_) | Exit::NotStarted => self.words("the agent failed"),
        }
    }
}

/// Returns words from outside as one short line.
fn one_line(words: &str) -> String {
    let words: String = words
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let words = words.trim();
    match words.char_indices().nth(WORDS_IN_A_HOLD) {
        Some((end, _)) => format!("{}…", words[..end].trim_end()),
        None => words.to_owned(),
    }
}

#[cfg(test)]
mod tests;
