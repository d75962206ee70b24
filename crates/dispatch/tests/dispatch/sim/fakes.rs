//! Agents that exist only here, and a bench to put a dispatcher on. Every start is checked against the rules.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use jit_dispatch::config::{Config, parse};
use jit_dispatch::executor::{Ended, Executor, ExecutorError};
use jit_dispatch::ports::Clock as _;
use jit_dispatch::runner::{Notice, Ports, Runner, Setting, Sink};
use jit_dispatch::settle::Settler;
use jit_dispatch::state::{Conclusion, Record, RunDir, RunLock, StateDir};
use jit_scheduler::retry::{Exit, Stop};
use jit_scheduler::{Millis, RunId};

use super::chance::{FakeClock, Seeded};
use super::tracker::{FakeJit, Fate, World};

/// Agents that only exist as a time and an end.
#[derive(Clone)]
pub(crate) struct FakeExecutor {
    pub(crate) world: Rc<World>,
    stops: Rc<RefCell<BTreeMap<RunId, Rc<tokio::sync::Notify>>>>,
    policy: jit_scheduler::retry::RetryPolicy,
}

impl Executor for FakeExecutor {
    fn start(&self, run: &RunDir, lock: RunLock) -> Result<Ended, ExecutorError> {
        let story = run.story()?;
        let issue = story
            .reserved
            .as_ref()
            .map(|reserved| reserved.issue.to_string())
            .unwrap_or_default();
        self.world.begin(&issue, story.epoch);
        let stop = Rc::new(tokio::sync::Notify::new());
        self.stops
            .borrow_mut()
            .insert(run.run().clone(), Rc::clone(&stop));
        // The shim writes this when it can hear a stop; who it is does not matter here.
        let clock = self.world.clock;
        run.journal()?.append(
            clock.wall(),
            &Record::Shim(jit_dispatch::executor::group::identify(1).expect("there is an init")),
        )?;
        let (shim, run) = (self.clone(), run.clone());
        let (sender, ended) = tokio::sync::oneshot::channel();
        tokio::task::spawn_local(async move {
            shim.live(&run, &issue, lock, &stop).await;
            // A dispatcher that was killed does not listen.
            let _ = sender.send(());
        });
        Ok(Box::pin(async move { drop(ended.await) }))
    }

    fn stop(&self, run: &RunDir) -> Result<(), ExecutorError> {
        if let Some(stop) = self.stops.borrow().get(run.run()) {
            stop.notify_one();
        }
        Ok(())
    }
}

impl FakeExecutor {
    async fn live(&self, run: &RunDir, issue: &str, lock: RunLock, stop: &tokio::sync::Notify) {
        let (span, fate) = (self.world.script.borrow_mut())(issue, &self.world.chance);
        let stopped = tokio::select! {
            () = tokio::time::sleep(span) => None,
            () = stop.notified() => Some(Stop::Operator),
        };
        self.world.end(issue);
        if fate == Fate::ShimDies && stopped.is_none() {
            return;
        }
        let conclusion = Conclusion {
            exit: match fate {
                Fate::Exit(code) if stopped.is_none() => Exit::Code(code),
                Fate::Exit(_) | Fate::ShimDies => Exit::Signal(15),
            },
            stopped,
            report: None,
        };
        let mut journal = run.journal().expect("the state is on this disk");
        let clock = self.world.clock;
        journal
            .append(clock.wall(), &Record::Exited(conclusion))
            .expect("the state is on this disk");
        let settler = Settler {
            run,
            client: &FakeJit(Rc::clone(&self.world)),
            clock: &clock,
            policy: self.policy,
        };
        let story = run.story().expect("the state is on this disk");
        settler
            .settle_until_accepted(&story, &mut journal)
            .await
            .expect("the tracker comes back");
        drop(lock);
    }
}

impl World {
    fn begin(&self, issue: &str, epoch: Option<u64>) {
        let tasks = self.tasks.borrow();
        let task = &tasks[issue];
        assert!(
            task.waits_for.iter().all(|other| tasks[other].is_done),
            "{issue} starts before what it waits for"
        );
        assert_eq!(epoch, Some(task.epoch), "{issue} starts under an old lease");
        let mut live = self.live.borrow_mut();
        assert!(
            !live.iter().any(|other| other == issue),
            "{issue} runs twice at once"
        );
        live.push(issue.to_owned());
        self.note(format!("{issue}+"));
    }

    fn end(&self, issue: &str) {
        self.live.borrow_mut().retain(|other| other != issue);
        self.note(format!("{issue}-"));
    }
}

/// Keeps what a dispatcher told.
#[derive(Clone, Default)]
pub(crate) struct Ear(pub(crate) Rc<RefCell<Vec<Notice>>>);

impl Sink for Ear {
    fn tell(&self, _: Millis, notice: &Notice) {
        self.0.borrow_mut().push(notice.clone());
    }
}

pub(crate) type FakeRunner = Runner<FakeJit, FakeExecutor, FakeClock, Seeded>;

/// Everything that a dispatcher needs, with `agents` as its configuration.
pub(crate) struct Bench {
    pub(crate) world: Rc<World>,
    pub(crate) ear: Ear,
    pub(crate) config: Config,
    executor: FakeExecutor,
    state: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new(world: &Rc<World>, config: &str) -> Self {
        let config = parse("dispatch.toml", config)
            .expect("a test writes a valid configuration")
            .config;
        Self {
            world: Rc::clone(world),
            ear: Ear::default(),
            executor: FakeExecutor {
                world: Rc::clone(world),
                stops: Rc::default(),
                policy: config.retry.policy(),
            },
            config,
            state: tempfile::TempDir::new().expect("a directory can be made"),
        }
    }

    pub(crate) fn state(&self) -> StateDir {
        StateDir::open("/simulated/.jit", Some(self.state.path().into()), None)
            .expect("it can be made")
    }

    /// Makes a dispatcher, the first or one more.
    pub(crate) fn runner(&self) -> FakeRunner {
        let ports = Ports {
            client: FakeJit(Rc::clone(&self.world)),
            executor: self.executor.clone(),
            clock: self.world.clock,
            rng: self.world.chance.clone(),
            sink: Box::new(self.ear.clone()),
        };
        let setting = Setting {
            config: self.config.clone(),
            state: self.state(),
            jit: vec!["jit".to_owned()],
            jit_dir: "/simulated".to_owned(),
            cwd: "/".into(),
        };
        Runner::new(ports, setting).expect("the state can be read")
    }
}

/// Runs a simulation on one thread, with a clock that jumps to the next moment at which something happens.
pub(crate) fn simulate<T>(simulation: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build();
    let runtime = runtime.expect("a runtime can be made");
    tokio::task::LocalSet::new().block_on(&runtime, simulation)
}
