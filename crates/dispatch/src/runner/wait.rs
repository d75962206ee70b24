//! Owns the time between two looks at the world: what ends it early, and when it ends by itself.

use std::time::Duration;

use jit_scheduler::Millis;

use super::{Input, Runner};
use crate::executor::Executor;
use crate::jit_client::JitClient;
use crate::ports::{Clock, Rng};
use crate::state::IssueHistory;

/// How often runs of earlier dispatchers are looked at, whose end nobody reports.
const FOREIGN_GLANCE: Duration = Duration::from_secs(1);
/// The longest sleep: the sleeper does not notice that the machine was suspended, the boot clock does.
const LONGEST_NAP: Duration = Duration::from_secs(5);

/// Why to look at the world.
pub(super) struct Reason {
    /// Whether what seldom changes has to be asked for, too.
    is_full: bool,
}

impl<C, E, K, R> Runner<C, E, K, R>
where
    C: JitClient + 'static,
    E: Executor + 'static,
    K: Clock + 'static,
    R: Rng + 'static,
{
    /// Waits until there is a reason to look again; returns whether to look at everything.
    pub(super) async fn wait_for_reason(&mut self) -> bool {
        let clock = &self.shared.ports.clock;
        let begun = clock.boottime();
        let regular = begun + self.shared.setting.config.poll_interval;
        let (earliest, mut due) = match (self.outage, self.last_cycle) {
            (Some(wait), _) => (begun + wait, begun + wait),
            (None, Some(cycle)) => (
                cycle.earliest_next(),
                self.next_due(regular).max(cycle.earliest_next()),
            ),
            (None, None) => (begun, begun),
        };
        let mut is_full = due >= regular || self.outage.is_some();
        loop {
            let left = due.saturating_sub(self.shared.ports.clock.boottime());
            let nap = if self.foreign.is_empty() {
                LONGEST_NAP
            } else {
                FOREIGN_GLANCE
            };
            let input = tokio::select! {
                biased;
                input = self.inputs.recv() => input,
                () = tokio::time::sleep(left.min(nap)) => None,
            };
            match input {
                Some(input) => {
                    if let Some(reason) = self.take(input) {
                        is_full |= reason.is_full;
                        due = due.min(earliest);
                    }
                    if self.is_stopping() {
                        return is_full;
                    }
                }
                None if self.shared.ports.clock.boottime() >= due => return is_full,
                None if self.foreign_runs_changed() => due = due.min(earliest),
                None => {}
            }
        }
    }

    /// Returns the next moment, on the boot clock, at which time alone is a reason to look: at the latest `regular`.
    fn next_due(&self, regular: Duration) -> Duration {
        let clock = &self.shared.ports.clock;
        let (wall, boot) = (clock.wall(), clock.boottime());
        // The tracker compares whole moments: a millisecond later it is past them for sure.
        let next = self
            .moments_to_come()
            .min()
            .map(|moment| boot + moment.since(wall) + Duration::from_millis(1));
        regular.min(next.unwrap_or(regular))
    }

    /// Takes one input; returns why it is a reason to look, if it is.
    pub(super) fn take(&mut self, input: Input) -> Option<Reason> {
        match input {
            Input::Store(event) if event.may_ready() => Some(Reason {
                is_full: matches!(
                    event.kind.as_str(),
                    "" | "issue.updated" | "external.changed" | "undo"
                ),
            }),
            Input::Store(_) => None,
            Input::RunEnded(run) => {
                self.run_ended(&run);
                Some(Reason { is_full: false })
            }
            Input::Stop => Some(Reason { is_full: false }),
        }
    }

    /// Returns whether nothing ran, nothing could start, and nothing waited to be tried again, when the tracker was asked.
    pub(super) fn is_idle(&self) -> bool {
        let has_work =
            !self.report.performed.is_empty() || !self.live.is_empty() || !self.foreign.is_empty();
        let is_quiet = self.outage.is_none() && self.inputs.is_empty();
        is_quiet && !has_work && self.moments_to_come().next().is_none()
    }

    /// Returns the moments at which time alone may make an issue ready, as it stood when the tracker was asked.
    fn moments_to_come(&self) -> impl Iterator<Item = Millis> {
        let waits = self.histories.values().filter_map(IssueHistory::not_before);
        let refused = self.refused.values().map(|(_, until)| *until);
        let moments = waits.chain(refused).chain(self.report.wake_at);
        moments.filter(|moment| *moment > self.report.asked_at)
    }
}
