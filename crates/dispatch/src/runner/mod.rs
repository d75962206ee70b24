//! Owns the loop of the dispatcher: one queue of inputs, one look at the world for each, one plan, its actions. Refuses
//! to remember anything that is not in the tracker or in the journals: a dispatcher that is killed loses nothing.

mod cycle;
mod follow;
mod notice;
mod perform;
mod recover;
mod shutdown;
mod wait;

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
    /// Runs without an owner whose files cannot be used: how often that was seen, and when to try again.
    unreadable: BTreeMap<RunId, (u32, Duration)>,
    breakers: BTreeMap<AgentId, Breaker>,
    histories: BTreeMap<IssueId, IssueHistory>,
    /// Issues that were listed as ready and could not be claimed: how often in a row, and until when to leave them.
    refused: BTreeMap<IssueId, (u32, Millis)>,
    reserve: ReserveState,
    outage: Option<Duration>,
    last_cycle: Option<CycleTimes>,
    asking: Duration,
    report: CycleReport,
}

/// When the last look at the world was, on the boot clock.
#[derive(Debug, Clone, Copy)]
struct CycleTimes {
    ended: Duration,
    /// How long the tracker took to list what is ready.
    asking: Duration,
}

impl CycleTimes {
    /// Asking takes turns with everything else: after a list that took a second comes at least a second without.
    fn earliest_next(self) -> Duration {
        self.ended + self.asking.min(FIRST_OUTAGE_WAIT)
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
            unreadable: BTreeMap::new(),
            breakers: BTreeMap::new(),
            refused: BTreeMap::new(),
            reserve: ReserveState::default(),
            outage: None,
            last_cycle: None,
            asking: Duration::ZERO,
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
            } else if self.is_stopping() {
                // What interrupted us may have reached a call of the tracker, too, and left a claim without an owner.
                self.recover().await?;
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
            self.try_cycle(is_full).await;
            let is_over = until == Until::Idle && self.is_idle();
            let has_nothing = self.report.performed.is_empty() && self.report.held.is_empty();
            if (has_nothing || is_over) && !is_full && self.outage.is_none() {
                // Before it rests, it looks whether something waits for an agent by name.
                is_full = true;
                continue;
            }
            if is_over {
                self.tell(&Notice::Idle {
                    held: self.report.held.len(),
                });
                return Ok(());
            }
            is_full = self.wait_for_reason().await;
        }
    }

    /// Looks at the world; an outage of the tracker, or of the disk, is told and waited out.
    async fn try_cycle(&mut self, is_full: bool) {
        let Err(error) = self.cycle(is_full, None).await else {
            if self.outage.take().is_some() {
                self.tell(&Notice::OutageOver);
            }
            return;
        };
        let wait = self.outage.map_or(FIRST_OUTAGE_WAIT, |wait| {
            (wait * 2).min(LONGEST_OUTAGE_WAIT)
        });
        self.outage = Some(wait);
        self.tell(&Notice::Outage {
            reason: crate::error_chain::chain(&error),
            retry_in: wait,
        });
    }

    fn is_stopping(&self) -> bool {
        self.shared.stops.get() > 0
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
