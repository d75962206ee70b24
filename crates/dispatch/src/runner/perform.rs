//! Owns the doing of a plan's actions: journal, claim, journal, start (`docs/design/dispatch.md` section 2.4, the dispatch
//! sequence). A claim that is refused is a normal outcome: somebody was faster.

use std::rc::Rc;

use jit_scheduler::{IssueId, RunId, Turn};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{Input, Live, Notice, Runner, Shared, Who};
use crate::config::{Agent, Work};
use crate::error_chain::chain;
use crate::executor::{Ended, Executor};
use crate::jit_client::{Claimed, Grant, Held, JitClient, JitError, JitErrorKind};
use crate::ports::{Clock, Rng};
use crate::run_id;
use crate::state::{
    Happening, Record, Reserved, RunDir, RunLock, RunSpec, SpecLease, SpecLimits, SpecRetry,
    StateError,
};

/// How many claims are under way at once: the store takes them one after the other anyway.
const CLAIMS_AT_ONCE: usize = 4;

/// One action of a plan, with what it takes.
#[derive(Debug, Clone)]
pub(super) struct Task {
    pub(super) issue: IssueId,
    pub(super) agent: Agent,
    pub(super) title: String,
    pub(super) priority: String,
    pub(super) turn: Turn,
}

/// What became of one action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Performed {
    /// A run was started.
    Started {
        /// Which.
        who: Who,
        /// Why it was this issue's turn.
        turn: Turn,
    },
    /// The issue was claimed for an agent that looks for its claims by itself.
    Claimed {
        /// The issue.
        issue: IssueId,
        /// The agent.
        agent: jit_scheduler::AgentId,
    },
    /// The tracker refused the claim.
    Lost {
        /// The issue.
        issue: IssueId,
        /// The tracker's words.
        reason: String,
    },
    /// Nobody knows whether the claim was won; the next look finds out and gives the issue back.
    Uncertain {
        /// The issue.
        issue: IssueId,
        /// What went wrong.
        reason: String,
    },
    /// It was not tried, or nothing of it is left.
    Skipped {
        /// The issue.
        issue: IssueId,
        /// Why.
        reason: String,
    },
}

/// An action that led to a run, with the way to hear of its end.
struct Attempt {
    performed: Performed,
    ended: Option<Ended>,
}

impl From<Performed> for Attempt {
    fn from(performed: Performed) -> Self {
        Self {
            performed,
            ended: None,
        }
    }
}

impl<C, E, K, R> Runner<C, E, K, R>
where
    C: JitClient + 'static,
    E: Executor + 'static,
    K: Clock + 'static,
    R: Rng + 'static,
{
    /// Does all of it, several at once, and returns what became of each in the order of the plan.
    pub(super) async fn perform(&mut self, tasks: Vec<Task>) -> Vec<Performed> {
        let gate = Rc::new(Semaphore::new(CLAIMS_AT_ONCE));
        let mut running = JoinSet::new();
        for (place, task) in tasks.into_iter().enumerate() {
            let (shared, gate) = (Rc::clone(&self.shared), Rc::clone(&gate));
            running.spawn_local(async move {
                let _turn = gate.acquire().await.expect("the gate is never closed");
                (place, shared.attempt(&task).await, task)
            });
        }
        let mut done = Vec::new();
        while let Some(joined) = running.join_next().await {
            let (place, attempt, task) = joined.expect("an action neither panics nor is aborted");
            self.tell_of(&attempt.performed, &task);
            if let (Some(ended), Performed::Started { who, .. }) =
                (attempt.ended, &attempt.performed)
            {
                self.watch(who.clone(), ended);
            }
            done.push((place, attempt.performed));
        }
        done.sort_by_key(|(place, _)| *place);
        done.into_iter().map(|(_, performed)| performed).collect()
    }

    fn watch(&mut self, who: Who, ended: Ended) {
        let (sender, run) = (self.sender.clone(), who.run.clone());
        tokio::task::spawn_local(async move {
            ended.await;
            // Without a receiver there is no dispatcher left that would want to know.
            drop(sender.send(Input::RunEnded(run)));
        });
        let live = Live {
            since: self.shared.ports.clock.boottime(),
            is_stop_sent: false,
            trouble: None,
            who,
        };
        self.live.insert(live.who.run.clone(), live);
    }

    fn tell_of(&self, performed: &Performed, task: &Task) {
        match performed {
            Performed::Started { who, .. } => self.tell(&Notice::Started {
                run: who.clone(),
                title: task.title.clone(),
                priority: task.priority.clone(),
            }),
            Performed::Claimed { issue, agent } => self.tell(&Notice::Claimed {
                issue: issue.clone(),
                agent: agent.clone(),
                title: task.title.clone(),
            }),
            Performed::Lost { issue, reason } => self.tell(&Notice::ClaimLost {
                issue: issue.clone(),
                reason: reason.clone(),
            }),
            Performed::Uncertain { issue, reason } | Performed::Skipped { issue, reason } => {
                self.tell(&Notice::Warning(format!(
                    "issue {issue} was not started: {reason}"
                )));
            }
        }
    }
}

impl<C: JitClient, E: Executor, K: Clock, R: Rng> Shared<C, E, K, R> {
    async fn attempt(&self, task: &Task) -> Attempt {
        if self.stops.get() > 0 {
            return skipped(task, "the dispatcher is stopping");
        }
        match &task.agent.work {
            Work::ClaimOnly => self.claim_only(task).await.into(),
            Work::Runs(argv) => match self.begin(task, argv) {
                Ok((run, lock)) => self.claim_and_start(task, run, lock).await,
                Err(error) => skipped(task, &chain(&error)),
            },
        }
    }

    async fn claim_only(&self, task: &Task) -> Performed {
        let ttl = self.setting.config.lease.claim_ttl;
        let grant = Grant {
            ttl: (!ttl.is_zero()).then_some(ttl),
            key: self.new_run(),
        };
        match self
            .ports
            .client
            .claim_issue_for_agent(&task.issue, &task.agent.id, &grant)
            .await
        {
            Ok(_) => Performed::Claimed {
                issue: task.issue.clone(),
                agent: task.agent.id.clone(),
            },
            Err(error) if error.kind().is_final() => lost(task, &error),
            Err(error) => Performed::Uncertain {
                issue: task.issue.clone(),
                reason: chain(&error),
            },
        }
    }

    /// Writes down what is about to be claimed, before it is.
    fn begin(&self, task: &Task, argv: &[String]) -> Result<(RunDir, RunLock), StateError> {
        let run = self.setting.state.run(&self.new_run());
        let lock = run.create()?;
        run.write_spec(&self.spec(&task.agent, argv))?;
        let reserving = Record::Reserving(Reserved {
            issue: task.issue.clone(),
            agent: task.agent.id.clone(),
        });
        run.journal()?.append(self.ports.clock.wall(), &reserving)?;
        Ok((run, lock))
    }

    async fn claim_and_start(&self, task: &Task, run: RunDir, lock: RunLock) -> Attempt {
        let grant = Grant {
            ttl: Some(self.setting.config.lease.ttl),
            key: run.run().clone(),
        };
        let error = match self
            .ports
            .client
            .claim_issue_for_agent(&task.issue, &task.agent.id, &grant)
            .await
        {
            Ok(claimed) => return self.start(task, &run, lock, &claimed).await,
            Err(error) => error,
        };
        if error.kind() == JitErrorKind::OutcomeUnknown {
            // The journal stays, without an owner: whoever looks next asks again under the same key.
            return Attempt::from(Performed::Uncertain {
                issue: task.issue.clone(),
                reason: chain(&error),
            });
        }
        if let Err(error) = run.forget() {
            self.tell(&Notice::Warning(chain(&error)));
        }
        if error.kind().is_final() {
            lost(task, &error).into()
        } else {
            skipped(task, &chain(&error))
        }
    }

    async fn start(&self, task: &Task, run: &RunDir, lock: RunLock, claimed: &Claimed) -> Attempt {
        let held = Held {
            issue: task.issue.clone(),
            epoch: claimed.issue.epoch,
        };
        match self.hand_over(task, run, lock, claimed) {
            Ok(ended) => Attempt {
                performed: Performed::Started {
                    who: Who {
                        run: run.run().clone(),
                        issue: task.issue.clone(),
                        agent: task.agent.id.clone(),
                    },
                    turn: task.turn,
                },
                ended: Some(ended),
            },
            Err(reason) => {
                // Nothing ran, so nothing is charged. If this fails too, the next look gives the issue back.
                if self.ports.client.release(&held, None).await.is_ok()
                    && let Err(error) = run.forget()
                {
                    self.tell(&Notice::Warning(chain(&error)));
                }
                skipped(task, &reason)
            }
        }
    }

    /// Writes down the claim, then lets the run's own process take over.
    fn hand_over(
        &self,
        task: &Task,
        run: &RunDir,
        lock: RunLock,
        claimed: &Claimed,
    ) -> Result<Ended, String> {
        let epoch = claimed.issue.epoch;
        let now = self.ports.clock.wall();
        let written = run
            .journal()
            .and_then(|mut journal| journal.append(now, &Record::Claimed { epoch }));
        written
            .and_then(|()| run.write_issue(&claimed.document))
            .map_err(|error| chain(&error))?;
        let happening = Happening::of_run("claimed", &task.issue, run.run(), &task.agent.id)
            .with_epoch(epoch)
            .with_data(serde_json::json!({ "priority": claimed.issue.priority }));
        if let Err(error) = self.setting.state.timeline().append(now, happening) {
            self.tell(&Notice::Warning(chain(&error)));
        }
        self.ports
            .executor
            .start(run, lock)
            .map_err(|error| chain(&error))
    }

    fn new_run(&self) -> RunId {
        run_id::generate(self.ports.clock.wall(), &self.ports.rng)
    }

    fn spec(&self, agent: &Agent, argv: &[String]) -> RunSpec {
        let config = &self.setting.config;
        let limits = config.limits_of(agent);
        RunSpec {
            argv: argv.to_vec(),
            cwd: self.setting.cwd.clone(),
            env: agent.env.clone(),
            env_pass: agent.env_pass.clone(),
            jit_dir: self.setting.jit_dir.clone(),
            jit: self.setting.jit.clone(),
            jit_timeout: config.jit.timeout,
            lease: SpecLease {
                ttl: config.lease.ttl,
                renew: config.lease.renew,
            },
            limits: SpecLimits {
                start: limits.start,
                idle: limits.idle,
                total: limits.total,
                kill_grace: limits.kill_grace,
            },
            retry: SpecRetry {
                base: config.retry.base,
                cap: config.retry.cap,
                max_failures: config.retry.max_failures,
            },
        }
    }
}

fn lost(task: &Task, error: &JitError) -> Performed {
    Performed::Lost {
        issue: task.issue.clone(),
        reason: chain(error),
    }
}

fn skipped(task: &Task, reason: &str) -> Attempt {
    Attempt::from(Performed::Skipped {
        issue: task.issue.clone(),
        reason: reason.to_owned(),
    })
}
