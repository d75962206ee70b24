//! Owns the end of a dispatcher: nothing new is claimed, runs are waited for or stopped, and nothing stays claimed
//! without an owner. Also owns what is learnt when a run ends.

use std::time::Duration;

use jit_scheduler::RunId;
use jit_scheduler::retry::{History, Settle, Verdict};

use super::{CycleError, Notice, Runner};
use crate::error_chain::chain;
use crate::executor::Executor;
use crate::jit_client::JitClient;
use crate::ports::{Clock, Rng};
use crate::state::Record;

/// What a stop means for the runs that are live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnStop {
    /// They are waited for; a second stop kills them.
    Wait,
    /// They are stopped, too.
    Kill,
}

/// How often a stop is asked for again while a shim is too young to hear it.
const STOP_GLANCE: Duration = Duration::from_millis(50);

/// How often a run without an owner is tried to be ended before it is left to the next dispatcher, or to its ttl.
const TRIES_TO_RECOVER: u32 = 3;

/// Stops after which even runs that do not end are left to their shims.
const ENOUGH_STOPS: u32 = 3;

impl<C, E, K, R> Runner<C, E, K, R>
where
    C: JitClient + 'static,
    E: Executor + 'static,
    K: Clock + 'static,
    R: Rng + 'static,
{
    /// Waits until every run that this dispatcher started has ended, stopping them if that was asked for. Runs that
    /// others started and that have an owner go on: another dispatcher may be waiting for them.
    pub(super) async fn wait_for_runs(&mut self, on_stop: OnStop) -> Result<(), CycleError> {
        let mut told = 0;
        loop {
            let stops = self.shared.stops.get();
            let is_kill = stops > u32::from(on_stop == OnStop::Wait);
            if stops > told {
                told = stops;
                self.tell(&Notice::Stopping {
                    live: self.live.len(),
                    is_kill,
                });
            }
            if is_kill {
                self.stop_runs();
                self.recover().await?;
            }
            let is_over = self.live.is_empty() && !(is_kill && self.has_orphans());
            if is_over || stops >= ENOUGH_STOPS {
                break;
            }
            tokio::select! {
                Some(input) = self.inputs.recv() => drop(self.take(input)),
                () = tokio::time::sleep(STOP_GLANCE), if is_kill => {}
            }
        }
        // A run whose shim died too early to look after it would keep its claim.
        self.recover().await
    }

    /// Returns whether some run without an owner is worth another try to end it.
    fn has_orphans(&self) -> bool {
        let mut troubles = self.foreign.values().filter_map(|live| live.trouble);
        troubles.any(|(times, _)| times < TRIES_TO_RECOVER)
    }

    /// Asks every live run of ours to stop that has not been asked yet.
    fn stop_runs(&mut self) {
        let shared = std::rc::Rc::clone(&self.shared);
        for live in self.live.values_mut().filter(|live| !live.is_stop_sent) {
            let dir = shared.setting.state.run(&live.who.run);
            let is_listening = dir.story().is_ok_and(|story| story.shim.is_some());
            // A shim that is not listening yet is asked again at the next glance.
            if !is_listening {
                continue;
            }
            match shared.ports.executor.stop(&dir) {
                Ok(()) => live.is_stop_sent = true,
                Err(error) => shared.tell(&Notice::Warning(chain(&error))),
            }
        }
    }

    /// Learns from the journal of a run that ended.
    pub(super) fn run_ended(&mut self, run: &RunId) {
        let Some(live) = self.live.remove(run) else {
            return;
        };
        let dir = self.shared.setting.state.run(run);
        let settled = match dir.story() {
            Ok(story) => story.settled,
            Err(error) => {
                self.tell(&Notice::Warning(chain(&error)));
                None
            }
        };
        // Without a settled record the shim died; the next look ends the run.
        if let Some(Record::Settled {
            outcome,
            charge,
            not_before,
            failures,
            note,
        }) = settled
        {
            let verdict = Verdict {
                outcome,
                settle: Settle::Leave,
                charge,
                history: History { failures },
            };
            let now = self.shared.ports.clock.wall();
            let breaker = self.breakers.remove(&live.who.agent).unwrap_or_default();
            self.breakers.insert(
                live.who.agent.clone(),
                breaker.after(&verdict, &live.who.issue, now),
            );
            self.tell(&Notice::Settled {
                outcome,
                note,
                not_before,
                took: self
                    .shared
                    .ports
                    .clock
                    .boottime()
                    .saturating_sub(live.since),
                run: live.who.clone(),
            });
        }
        self.recall(&live.who.issue);
    }
}
