//! Owns the loop of the dispatcher: one queue of inputs, one look at the world for each, one plan, its actions. Refuses
//! to remember anything that is not in the tracker or in the journals: a dispatcher that is killed loses nothing.

mod cycle;
mod follow;
mod notice;
mod perform;
mod recover;
mod shutdown;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use jit_scheduler::breaker::Breaker;
use jit_scheduler::{AgentId, IssueId, Millis, ReserveState, RunId};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

pub use cycle::{CycleError, CycleReport};
pub use notice::{Notice, Sink, Who};
pub use perform::Performed;
pub use shutdown::OnStop;

use crate::config::Config;
use crate::executor::Executor;
use crate::jit_client::{Event, JitClient};
use crate::ports::{Clock, Rng};
use crate::state::{IssueHistory, StateDir, StateError};

/// How long the dispatcher waits after the tracker failed; doubled up to [`LONGEST_OUTAGE_WAIT`].
const FIRST_OUTAGE_WAIT: Duration = Duration::from_secs(1);
/// The longest such wait.
const LONGEST_OUTAGE_WAIT: Duration = Duration::from_secs(30);
/// How often runs of earlier dispatchers are looked at, whose end nobody reports.
const FOREIGN_GLANCE: Duration = Duration::from_secs(1);
/// The longest sleep: the sleeper does not notice that the machine was suspended, the boot clock does.
const LONGEST_NAP: Duration = Duration::from_secs(5);
/// How often a stop is asked for again while a shim is too young to hear it.
const STOP_GLANCE: Duration = Duration::from_millis(50);

/// Everything that can happen to a dispatcher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// Something happened in the tracker.
    Store(Event),
    /// The owner of a run that this dispatcher started is gone.
    RunEnded(RunId),
    /// A person or the system asked the dispatcher to stop, see [`Stopper`].
    Stop,
}

/// What a dispatcher works with.
pub struct Ports<C, E, K, R> {
    /// The tracker.
    pub client: C,
    /// Where runs are started.
    pub executor: E,
    /// The clock.
    pub clock: K,
    /// The source of run ids.
    pub rng: R,
    /// Who hears of what happens.
    pub sink: Box<dyn Sink>,
}

/// What does not change while a dispatcher works.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The configuration.
    pub config: Config,
    /// The dispatcher's own memory.
    pub state: StateDir,
    /// How runs call `jit`.
    pub jit: Vec<String>,
    /// The directory that agents are pointed at by `JIT_DIR`.
    pub jit_dir: String,
    /// The directory that agents start in.
    pub cwd: PathBuf,
}

/// How long a dispatcher goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// It plans once; then it waits for what it started, or not.
    Once {
        /// The most issues to start.
        max: Option<usize>,
        /// Whether to wait.
        wait: bool,
    },
    /// Until nothing is ready, running, or waiting to be tried again.
    Idle,
    /// Until it is stopped.
    Stopped,
}

/// Shared by everything that happens at the same time.
struct Shared<C, E, K, R> {
    ports: Ports<C, E, K, R>,
    setting: Setting,
    /// How often somebody asked for a stop.
    stops: Rc<Cell<u32>>,
}

/// Asks a dispatcher to stop, also in the middle of a look at the world.
#[derive(Debug, Clone)]
pub struct Stopper {
    stops: Rc<Cell<u32>>,
    inputs: UnboundedSender<Input>,
}

impl Stopper {
    /// Asks once; asking again asks harder.
    pub fn stop(&self) {
        self.stops.set(self.stops.get() + 1);
        // A dispatcher that has already ended need not be woken.
        drop(self.inputs.send(Input::Stop));
    }
}

/// A run that this dispatcher started and that has not ended.
#[derive(Debug, Clone)]
struct Live {
    who: Who,
    since: Duration,
    is_stop_sent: bool,
    /// For a run without an owner that could not be ended: how often, and when to try again.
    trouble: Option<(u32, Duration)>,
}

/// The dispatcher.
pub struct Runner<C, E, K, R> {
    shared: Rc<Shared<C, E, K, R>>,
    inputs: UnboundedReceiver<Input>,
    sender: UnboundedSender<Input>,
    live: BTreeMap<RunId, Live>,
    /// Runs of earlier dispatchers, or of others over the same state, as of the last look.
    foreign: BTreeMap<RunId, Live>,
    breakers: BTreeMap<AgentId, Breaker>,
    histories: BTreeMap<IssueId, IssueHistory>,
    /// Issues that were listed as ready and could not be claimed: how often in a row, and until when to leave them.
    refused: BTreeMap<IssueId, (u32, Millis)>,
    reserve: ReserveState,
    outage: Option<Duration>,
    last_cycle: Option<CycleTimes>,
    report: CycleReport,
}

/// When the last look at the world was, on the boot clock.
#[derive(Debug, Clone, Copy)]
struct CycleTimes {
    begun: Duration,
    ended: Duration,
    is_full: bool,
}

impl CycleTimes {
    /// Looking takes turns with everything else: after a look of one second comes at least one second without.
    fn earliest_next(self) -> Duration {
        self.ended + self.ended.saturating_sub(self.begun).min(FIRST_OUTAGE_WAIT)
    }
}

impl<C, E, K, R> Runner<C, E, K, R>
where
    C: JitClient + 'static,
    E: Executor + 'static,
    K: Clock + 'static,
    R: Rng + 'static,
{
    /// Makes a dispatcher, which reads what its predecessors remembered.
    pub fn new(ports: Ports<C, E, K, R>, setting: Setting) -> Result<Self, StateError> {
        let (sender, inputs) = unbounded_channel();
        Ok(Self {
            histories: IssueHistory::load_all(&setting.state)?,
            shared: Rc::new(Shared {
                ports,
                setting,
                stops: Rc::default(),
            }),
            inputs,
            sender,
            live: BTreeMap::new(),
            foreign: BTreeMap::new(),
            breakers: BTreeMap::new(),
            refused: BTreeMap::new(),
            reserve: ReserveState::default(),
            outage: None,
            last_cycle: None,
            report: CycleReport::default(),
        })
    }

    /// Returns the means to stop it.
    pub fn stopper(&self) -> Stopper {
        Stopper {
            stops: Rc::clone(&self.shared.stops),
            inputs: self.sender.clone(),
        }
    }

    /// Works until `until`, or until it is stopped; returns what the last look at the world came to.
    ///
    /// Must be called within a [`tokio::task::LocalSet`].
    pub async fn run(mut self, until: Until, on_stop: OnStop) -> Result<CycleReport, CycleError> {
        if let Until::Once { max, wait } = until {
            self.cycle(true, max).await?;
            if wait {
                self.wait_for_runs(on_stop).await?;
            }
            return Ok(self.report);
        }
        let follower =
            tokio::task::spawn_local(follow::follow(Rc::clone(&self.shared), self.sender.clone()));
        let result = self.work(until, on_stop).await;
        follower.abort();
        result.map(|()| self.report)
    }

    async fn work(&mut self, until: Until, on_stop: OnStop) -> Result<(), CycleError> {
        let mut is_full = true;
        loop {
            if self.is_stopping() {
                return self.wait_for_runs(on_stop).await;
            }
            self.try_cycle(is_full).await?;
            if until == Until::Idle && self.is_idle() {
                let was_full = self.last_cycle.is_some_and(|cycle| cycle.is_full);
                if was_full {
                    self.tell(&Notice::Idle {
                        held: self.report.held.len(),
                    });
                    return Ok(());
                }
                is_full = true;
                continue;
            }
            is_full = self.wait_for_reason().await;
        }
    }

    /// Looks at the world; an outage of the tracker is told and waited out, not passed on.
    async fn try_cycle(&mut self, is_full: bool) -> Result<(), CycleError> {
        let error = match self.cycle(is_full, None).await {
            Ok(()) => {
                if self.outage.take().is_some() {
                    self.tell(&Notice::StoreUp);
                }
                return Ok(());
            }
            Err(CycleError::Tracker(error)) => error,
            Err(error) => return Err(error),
        };
        let wait = self.outage.map_or(FIRST_OUTAGE_WAIT, |wait| {
            (wait * 2).min(LONGEST_OUTAGE_WAIT)
        });
        self.outage = Some(wait);
        self.tell(&Notice::StoreDown {
            reason: crate::settle::chain(&error),
            retry_in: wait,
        });
        Ok(())
    }

    /// Waits until there is a reason to look again; returns whether to look at everything.
    async fn wait_for_reason(&mut self) -> bool {
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
    fn take(&mut self, input: Input) -> Option<Reason> {
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

    fn is_stopping(&self) -> bool {
        self.shared.stops.get() > 0
    }

    /// Returns whether nothing ran, nothing could start, and nothing waited to be tried again, when the tracker was asked.
    fn is_idle(&self) -> bool {
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

    fn tell(&self, notice: &Notice) {
        self.shared.tell(notice);
    }
}

impl<C, E, K: Clock, R> Shared<C, E, K, R> {
    fn tell(&self, notice: &Notice) {
        self.ports.sink.tell(self.ports.clock.wall(), notice);
    }
}

/// Why to look at the world.
struct Reason {
    is_full: bool,
}
