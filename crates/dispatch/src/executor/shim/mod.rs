//! Owns one run from the claim to the settling, as a process of its own that lives on when the dispatcher dies
//! (`docs/design/dispatch.md` section 2.2). Refuses to choose what runs.

mod agent;
mod gate;
mod lease;
mod logs;
mod report;
mod watch;

use std::cell::RefCell;
use std::fs::File;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use jit_scheduler::retry::{Exit, Stop};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch as tokio_watch};
use tokio::task::LocalSet;

pub use gate::pass;

use self::agent::{Agent, Setting};
use self::logs::Progress;
use self::watch::{Over, Signals, Watch};
use super::group;
use crate::error_chain::chain;
use crate::jit_client::{Held, JitClient};
use crate::output;
use crate::ports::Clock;
use crate::settle::{SettleError, Settler};
use crate::state::{
    Conclusion, Happening, Journal, Record, Reserved, RunDir, RunLock, RunSpec, StateError, Story,
};

/// Why a shim cannot do its work.
#[derive(Debug, thiserror::Error)]
pub enum ShimError {
    /// The directory is not that of a run.
    #[error("`{}` is not the directory of a run", .0.display())]
    NoRun(PathBuf),
    /// Another process owns the run.
    #[error("run {0} is owned by another process")]
    Owned(String),
    /// The journal does not say that the run was claimed and is yet to start.
    #[error("run {0} is not waiting to be started")]
    NotWaiting(String),
    /// The run's files cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// The system refused something.
    #[error("the shim cannot {action}")]
    System {
        /// What was to be done.
        action: &'static str,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The end of the run could not be written down.
    #[error(transparent)]
    Settle(#[from] SettleError),
}

fn system(action: &'static str) -> impl FnOnce(std::io::Error) -> ShimError {
    move |source| ShimError::System { action, source }
}

/// A run that was claimed and is about to start.
pub struct Shim<K> {
    run: RunDir,
    spec: RunSpec,
    reserved: Reserved,
    held: Held,
    journal: RefCell<Journal>,
    clock: K,
    /// Dropped last, and with the process: whoever can take it knows that the run has no owner.
    _lock: RunLock,
}

impl<K: Clock + Copy + 'static> Shim<K> {
    /// Takes over the run whose directory is `path`.
    pub fn take_over(path: &Path, clock: K) -> Result<Self, ShimError> {
        let path = path.canonicalize().map_err(system("find its run"))?;
        let run = RunDir::at(&path).ok_or_else(|| ShimError::NoRun(path.clone()))?;
        leave_the_dispatchers_session()?;
        let lock = take_lock(&run)?;
        let story = run.story()?;
        let is_waiting =
            story.started.is_none() && story.conclusion.is_none() && story.settled.is_none();
        let (Some(reserved), Some(epoch), true) = (story.reserved, story.epoch, is_waiting) else {
            return Err(ShimError::NotWaiting(run.run().to_string()));
        };
        let journal = run.journal()?;
        Ok(Self {
            spec: run.read_spec()?,
            held: Held {
                issue: reserved.issue.clone(),
                epoch,
            },
            run,
            reserved,
            journal: RefCell::new(journal),
            clock,
            _lock: lock,
        })
    }

    /// Returns what the run was told.
    pub fn spec(&self) -> &RunSpec {
        &self.spec
    }

    /// Runs the agent to its end and settles what follows from it.
    pub async fn run<C: JitClient + Clone + 'static>(
        self,
        client: C,
        own_program: &Path,
    ) -> Result<(), ShimError> {
        let signals = listen().map_err(system("listen for signals"))?;
        // Only now may anybody be told whom to signal.
        if let Some(identity) = group::identify(std::process::id()) {
            self.write(&Record::Shim(identity))?;
        }
        let tasks = LocalSet::new();
        let conclusion = tasks
            .run_until(self.run_agent(client.clone(), own_program, signals))
            .await?;
        // The renewals end here: settling ends the lease.
        drop(tasks);
        if let Err(error) = self.write(&Record::Exited(conclusion.clone())) {
            // Without the record a successor would not know the end; we still do, and go on trying to tell it.
            output::shim_log(&chain(&error));
        }
        self.tell(
            "exited",
            serde_json::json!({ "exit": crate::state::exit_word(conclusion.exit) }),
        );
        let story = Story {
            reserved: Some(self.reserved.clone()),
            epoch: Some(self.held.epoch),
            conclusion: Some(conclusion),
            ..Story::default()
        };
        let (run, clock) = (&self.run, &self.clock);
        let settler = Settler {
            run,
            client: &client,
            clock,
            policy: self.spec.retry.policy(),
        };
        let mut journal = self.journal.into_inner();
        settler.settle_until_accepted(&story, &mut journal).await?;
        Ok(())
    }

    async fn run_agent<C: JitClient + 'static>(
        &self,
        client: C,
        own_program: &Path,
        signals: Signals,
    ) -> Result<Conclusion, ShimError> {
        let setting = Setting {
            run: &self.run,
            spec: &self.spec,
            reserved: &self.reserved,
            epoch: self.held.epoch,
        };
        let agent = match Agent::spawn(&setting, own_program) {
            Ok(agent) => agent,
            Err(error) => {
                output::shim_log(&format!(
                    "the agent cannot be started in `{}`: {error}",
                    self.spec.cwd.display()
                ));
                return Ok(Conclusion {
                    exit: Exit::NotStarted,
                    stopped: None,
                    report: None,
                });
            }
        };
        self.watch(client, agent, signals).await
    }

    async fn watch<C: JitClient + 'static>(
        &self,
        client: C,
        mut agent: Agent,
        signals: Signals,
    ) -> Result<Conclusion, ShimError> {
        self.write(&Record::Started(agent.identity.clone()))?;
        self.tell("started", serde_json::json!({ "pid": agent.identity.pid }));
        let progress = Rc::new(Progress::default());
        let (drain, is_over) = tokio_watch::channel(false);
        let pumps = self.start_pumps(&agent, &progress, &is_over)?;
        let (sender, news) = mpsc::unbounded_channel();
        let (clock, held, lease) = (self.clock, self.held.clone(), self.spec.lease);
        tokio::task::spawn_local(async move {
            // While this process lives the lease is renewed; after a reboot it can't live.
            let own = group::identify(std::process::id());
            lease::keep(&client, &clock, (&held, own.as_ref()), lease, sender).await;
        });
        // An agent that cannot be let through has died at its gate; waiting for it says how.
        if let Err(error) = agent.let_through() {
            output::shim_log(&format!("the agent died before it could start: {error}"));
        }
        let mut watch = Watch::new(
            agent,
            self.clock,
            self.spec.limits,
            (progress, news),
            signals,
        );
        let over = watch
            .run(|stop| self.note_stop(stop))
            .await
            .map_err(system("stop the agent"))?;
        drain.send_replace(true);
        for pump in pumps {
            let failure = match pump.await {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => error.to_string(),
                Err(error) => error.to_string(),
            };
            output::shim_log(&format!("the agent's output is not complete: {failure}"));
        }
        Ok(self.conclude(over))
    }

    fn start_pumps(
        &self,
        agent: &Agent,
        progress: &Rc<Progress>,
        is_over: &tokio_watch::Receiver<bool>,
    ) -> Result<Vec<tokio::task::JoinHandle<std::io::Result<()>>>, ShimError> {
        let pipes = [(&agent.stdout, "stdout.log"), (&agent.stderr, "stderr.log")];
        pipes
            .into_iter()
            .map(|(pipe, name)| {
                let pipe = pipe
                    .try_clone()
                    .map_err(system("read the agent's output"))?;
                let path = self.run.path().join(name);
                let pump = logs::pump(pipe, path, Rc::clone(progress), self.clock, is_over.clone());
                Ok(tokio::task::spawn_local(pump))
            })
            .collect()
    }

    fn conclude(&self, over: Over) -> Conclusion {
        Conclusion {
            exit: over.exit,
            stopped: over.stopped,
            report: report::read(&self.run.result_path()),
        }
    }

    fn note_stop(&self, stop: Stop) {
        if let Err(error) = self.write(&Record::Stopping { stop }) {
            output::shim_log(&chain(&error));
        }
        self.tell(
            "stopping",
            serde_json::json!({ "why": crate::state::stop_word(stop) }),
        );
    }

    fn write(&self, record: &Record) -> Result<(), StateError> {
        self.journal.borrow_mut().append(self.clock.wall(), record)
    }

    /// Adds a line to the timeline; nothing depends on it, so a failure is only noted.
    fn tell(&self, kind: &str, data: serde_json::Value) {
        let happening = Happening::of_run(
            kind,
            &self.reserved.issue,
            self.run.run(),
            &self.reserved.agent,
        )
        .with_epoch(self.held.epoch)
        .with_data(data);
        if let Err(error) = self
            .run
            .state()
            .timeline()
            .append(self.clock.wall(), happening)
        {
            output::shim_log(&chain(&error));
        }
    }
}

/// Puts the shim out of reach of the dispatcher's terminal, and makes the agent's orphans its own to bury.
fn leave_the_dispatchers_session() -> Result<(), ShimError> {
    match rustix::process::setsid() {
        // The executor made us the leader of a group, which is out of reach of the terminal's signals, too.
        Ok(_) | Err(rustix::io::Errno::PERM) => {}
        Err(error) => return Err(system("leave the dispatcher's session")(error.into())),
    }
    #[cfg(target_os = "linux")]
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))
        .map_err(|error| system("adopt the agent's orphans")(error.into()))?;
    Ok(())
}

fn take_lock(run: &RunDir) -> Result<RunLock, ShimError> {
    let stdin = std::io::stdin()
        .as_fd()
        .try_clone_to_owned()
        .map_err(system("take over the lock"))?;
    if let Some(lock) = RunLock::inherited(File::from(stdin), run)? {
        return Ok(lock);
    }
    run.try_lock()?
        .ok_or_else(|| ShimError::Owned(run.run().to_string()))
}

fn listen() -> std::io::Result<Signals> {
    Ok(Signals {
        child: signal(SignalKind::child())?,
        terminate: signal(SignalKind::terminate())?,
        interrupt: signal(SignalKind::interrupt())?,
        hangup: signal(SignalKind::hangup())?,
    })
}
