//! Owns what a run leaves behind: the verdict on its end is carried to the tracker, again and again until the tracker
//! accepts it or says that this run has no say. Refuses to judge: that is `jit_scheduler::retry`.

mod standing;

use std::time::Duration;

use jit_scheduler::Millis;
use jit_scheduler::retry::{
    Charge, Ended, Exit, History, Outcome, ReportedOutcome, RetryPolicy, Settle, Standing, Verdict,
    judge,
};

use self::standing::standing_of;
use crate::error_chain::chain;
use crate::jit_client::{Held, Issue, JitClient, JitError, JitErrorKind, State, parse_issue};
use crate::output;
use crate::ports::Clock;
use crate::state::{
    Conclusion, Happening, IssueHistory, Journal, Record, Reserved, RunDir, StateError, Story,
    outcome_word,
};

/// The first wait after the tracker could not be reached; each further one doubles it.
const FIRST_RETRY: Duration = Duration::from_millis(200);
/// The longest wait.
const LONGEST_RETRY: Duration = Duration::from_secs(30);
/// How often a verdict is given anew because the issue stands differently than was thought.
const MAX_ROUNDS: usize = 4;

/// Why a run is not settled yet.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// The tracker cannot be reached, or has not decided.
    #[error("the tracker has not accepted the end of the run")]
    Tracker(#[from] JitError),
    /// The run's own files cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// The journal does not tell enough.
    #[error("the journal of run {0} does not say what to settle")]
    NothingToSettle(String),
}

/// Settles one run.
pub struct Settler<'a, C, K> {
    /// The run.
    pub run: &'a RunDir,
    /// The tracker.
    pub client: &'a C,
    /// The clock.
    pub clock: &'a K,
    /// When and how often failed issues are tried again.
    pub policy: RetryPolicy,
}

/// What the tracker accepted.
struct Accepted {
    verdict: Verdict,
    not_before: Option<Millis>,
    note: String,
}

/// What was remembered of the issue when the run was judged.
struct Memory {
    old: IssueHistory,
    before: History,
    body: String,
}

impl<C: JitClient, K: Clock> Settler<'_, C, K> {
    /// Settles, and tries again as long as nobody has decided. Gives up only if the run's directory is gone: then
    /// nobody is left who wants to know.
    pub async fn settle_until_accepted(
        &self,
        story: &Story,
        journal: &mut Journal,
    ) -> Result<(), SettleError> {
        let mut wait = FIRST_RETRY;
        loop {
            match self.settle(story, journal).await {
                Ok(()) => return Ok(()),
                Err(error @ SettleError::NothingToSettle(_)) => return Err(error),
                Err(error) if !self.run.path().exists() => return Err(error),
                Err(error) => output::shim_log(&format!(
                    "{}; next try in {} s",
                    chain(&error),
                    wait.as_secs_f64()
                )),
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_RETRY);
        }
    }

    /// Settles once; doing it again after a success, or after a crash at any point, comes to the same.
    pub async fn settle(&self, story: &Story, journal: &mut Journal) -> Result<(), SettleError> {
        let nothing = || SettleError::NothingToSettle(self.run.run().to_string());
        let reserved = story.reserved.as_ref().ok_or_else(nothing)?;
        let conclusion = story.conclusion.as_ref().ok_or_else(nothing)?;
        let held = Held {
            issue: reserved.issue.clone(),
            epoch: story.epoch.ok_or_else(nothing)?,
        };
        let body = self.body();
        let remembered =
            IssueHistory::load(self.run.state(), &held.issue).unwrap_or_else(|error| {
                output::shim_log(&format!("{}; counting from zero", chain(&error)));
                IssueHistory::default()
            });
        let before = remembered.before(self.run.run(), &body);
        let accepted = self.agree(&held, conclusion, before).await?;
        let memory = Memory {
            old: remembered,
            before,
            body,
        };
        self.remember(memory, reserved, &accepted)?;
        self.write_down(reserved, held.epoch, accepted, journal)
    }

    /// Judges and writes, until the tracker and the verdict agree on how the issue stands.
    async fn agree(
        &self,
        held: &Held,
        conclusion: &Conclusion,
        before: History,
    ) -> Result<Accepted, SettleError> {
        let mut ended = Ended {
            issue: held.issue.clone(),
            exit: conclusion.exit,
            stopped: conclusion.stopped,
            report: conclusion.report.clone(),
            standing: self.first_standing(held, conclusion).await?,
        };
        for _ in 0..MAX_ROUNDS {
            let verdict = judge(&ended, before, &self.policy);
            let error = match self.apply(held, &verdict.settle).await {
                Ok((not_before, note)) => {
                    return Ok(Accepted {
                        verdict,
                        not_before,
                        note,
                    });
                }
                Err(error) if error.kind().is_final() => error,
                Err(error) => return Err(error.into()),
            };
            ended.standing = match self.standing(held).await? {
                Standing::Ours { .. } if verdict.settle == Settle::Done => Standing::DoneRefused {
                    reason: error.to_string(),
                },
                // It says that it is ours and yet refuses: only a person can sort that out.
                Standing::Ours { .. } => Standing::NotOurs,
                other => other,
            };
        }
        ended.standing = Standing::NotOurs;
        Ok(Accepted {
            verdict: judge(&ended, before, &self.policy),
            not_before: None,
            note: "the tracker kept changing its mind".to_owned(),
        })
    }

    /// After a run that ended well the tracker need not be asked first: it says so if the issue is not ours.
    async fn first_standing(
        &self,
        held: &Held,
        conclusion: &Conclusion,
    ) -> Result<Standing, JitError> {
        let is_content = conclusion
            .report
            .as_ref()
            .is_none_or(|report| report.outcome == ReportedOutcome::Done);
        if conclusion.exit == Exit::Code(0) && conclusion.stopped.is_none() && is_content {
            return Ok(Standing::Ours {
                has_blockers: false,
            });
        }
        self.standing(held).await
    }

    async fn standing(&self, held: &Held) -> Result<Standing, JitError> {
        let issue = match self.client.show(&held.issue).await {
            Ok(issue) => issue,
            Err(error) if error.kind() == JitErrorKind::NotFound => return Ok(Standing::NotOurs),
            Err(error) => return Err(error),
        };
        match standing_of(&issue, held) {
            Standing::Ours {
                has_blockers: false,
            } => Ok(Standing::Ours {
                has_blockers: self.waits_for_another(&issue).await?,
            }),
            other => Ok(other),
        }
    }

    /// Returns whether another issue keeps this one from being ready: the tracker says so itself only of open issues.
    async fn waits_for_another(&self, issue: &Issue) -> Result<bool, JitError> {
        for other in &issue.waits_for {
            match self.client.show(other).await {
                Ok(other) if other.state.is_resolved() => {}
                Err(error) if error.kind() != JitErrorKind::NotFound => return Err(error),
                // One that is missing keeps others waiting, too.
                Ok(_) | Err(_) => return Ok(true),
            }
        }
        Ok(false)
    }

    /// Writes what the verdict says; returns until when the issue waits, and a line for people.
    async fn apply(
        &self,
        held: &Held,
        settle: &Settle,
    ) -> Result<(Option<Millis>, String), JitError> {
        match settle {
            Settle::Done => {
                let issue = self.client.done(held).await?;
                let note = if issue.state == State::Gated {
                    "waits for its exit gates"
                } else {
                    "done"
                };
                Ok((None, note.to_owned()))
            }
            Settle::Release { after } if after.is_zero() => {
                self.client.release(held, None).await?;
                Ok((None, "given back".to_owned()))
            }
            Settle::Release { after } => {
                let moment = self.clock.wall().plus(*after);
                self.client.release(held, Some(moment)).await?;
                Ok((
                    Some(moment),
                    format!("given back, to wait {:.1} s", after.as_secs_f64()),
                ))
            }
            Settle::Hold { reason } => {
                // The hold comes first, so that there is no moment at which somebody could take the issue.
                self.client.hold(held, reason).await?;
                self.client.release(held, None).await?;
                Ok((None, reason.clone()))
            }
            Settle::Leave => Ok((None, "left as it is".to_owned())),
        }
    }

    /// Returns the digest of the issue as it was claimed.
    fn body(&self) -> String {
        let document = std::fs::read(self.run.issue_path()).unwrap_or_default();
        parse_issue(&document)
            .map(|issue| issue.body)
            .unwrap_or_default()
    }

    fn remember(
        &self,
        memory: Memory,
        reserved: &Reserved,
        accepted: &Accepted,
    ) -> Result<(), StateError> {
        let Memory { old, before, body } = memory;
        let verdict = &accepted.verdict;
        if verdict.outcome == Outcome::Lost {
            return Ok(());
        }
        let is_success = matches!(
            verdict.outcome,
            Outcome::Succeeded | Outcome::SucceededWithWarning
        );
        let history = if is_success || verdict.is_dead() {
            // Whoever lifts the hold of an issue that was given up gives it a fresh start.
            IssueHistory::default()
        } else {
            let mut failed_on = if before.failures == 0 {
                std::collections::BTreeSet::new()
            } else {
                old.failed_on
            };
            if verdict.charge != Charge::Nobody {
                failed_on.insert(reserved.agent.to_string());
            }
            IssueHistory {
                failures: verdict.history.failures,
                failures_before: before.failures,
                last_run: self.run.run().to_string(),
                failed_on,
                not_before: accepted.not_before.map(|moment| moment.0),
                body,
            }
        };
        history.store(self.run.state(), &reserved.issue)
    }

    fn write_down(
        &self,
        reserved: &Reserved,
        epoch: u64,
        accepted: Accepted,
        journal: &mut Journal,
    ) -> Result<(), SettleError> {
        let Accepted {
            verdict,
            not_before,
            note,
        } = accepted;
        let happening =
            Happening::of_run("settled", &reserved.issue, self.run.run(), &reserved.agent)
                .with_epoch(epoch)
                .with_data(serde_json::json!({
                    "outcome": outcome_word(verdict.outcome),
                    "failures": verdict.history.failures,
                    "not_before": not_before.map(crate::ports::rfc3339),
                    "note": note,
                }));
        if let Err(error) = self
            .run
            .state()
            .timeline()
            .append(self.clock.wall(), happening)
        {
            output::shim_log(&chain(&error));
        }
        let record = Record::Settled {
            outcome: verdict.outcome,
            charge: verdict.charge,
            not_before,
            failures: verdict.history.failures,
            note,
        };
        journal.append(self.clock.wall(), &record)?;
        Ok(self.run.retire()?)
    }
}
