//! A tracker and agents that exist only here. The tracker keeps the rules that a dispatcher relies on, and checks that no
//! dispatcher breaks them.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use jit_dispatch::config::{Config, parse};
use jit_dispatch::executor::{Ended, Executor, ExecutorError};
use jit_dispatch::jit_client::{
    Answer, Claimed, Event, Grant, Held, Issue, JitClient, JitError, JitErrorKind, Listed, Renewed,
    Repository, State,
};
use jit_dispatch::ports::{Clock, Rng};
use jit_dispatch::runner::{Notice, Ports, Runner, Setting, Sink};
use jit_dispatch::settle::Settler;
use jit_dispatch::state::{Conclusion, Record, RunDir, RunLock, StateDir};
use jit_scheduler::retry::{Exit, Stop};
use jit_scheduler::{AgentId, IssueId, Millis, RunId};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

/// The moment at which every simulation begins.
const DAWN: u64 = 1_700_000_000_000;

/// A clock that goes with the runtime's paused one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FakeClock(pub(crate) Instant);

impl Clock for FakeClock {
    fn wall(&self) -> Millis {
        Millis(DAWN).plus(self.boottime())
    }

    fn boottime(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A source of numbers that repeats itself exactly.
#[derive(Debug, Clone)]
pub(crate) struct Seeded(Rc<Cell<u64>>);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Rc::new(Cell::new(
            seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        )))
    }

    pub(crate) fn next(&self) -> u64 {
        let mut x = self.0.get();
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.0.set(x);
        x.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(crate) fn below(&self, bound: u64) -> u64 {
        (self.next() >> 11) % bound
    }

    pub(crate) fn one_in(&self, n: u64) -> bool {
        self.below(n) == 0
    }
}

impl Rng for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let drawn = self.next().to_le_bytes();
            chunk.copy_from_slice(&drawn[..chunk.len()]);
        }
    }
}

/// One issue of the simulated tracker.
#[derive(Debug, Clone, Default)]
pub(crate) struct Task {
    pub(crate) priority: &'static str,
    pub(crate) waits_for: BTreeSet<String>,
    pub(crate) is_done: bool,
    pub(crate) is_held: bool,
    pub(crate) holder: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) epoch: u64,
    pub(crate) not_before: Option<Millis>,
    created: u64,
}

/// What can go wrong between a dispatcher and the tracker.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Weather {
    /// Every call fails.
    pub(crate) is_offline: bool,
    /// One in so many calls is busy, before anything happened; 0 is never.
    pub(crate) busy: u64,
    /// One in so many claims is done and its answer lost; 0 is never.
    pub(crate) lost: u64,
}

/// The simulated tracker, and the truth about everything.
pub(crate) struct World {
    pub(crate) clock: FakeClock,
    pub(crate) chance: Seeded,
    pub(crate) tasks: RefCell<BTreeMap<String, Task>>,
    pub(crate) weather: Cell<Weather>,
    /// Agents at work: the issue of each.
    pub(crate) live: RefCell<Vec<String>>,
    pub(crate) log: RefCell<Vec<String>>,
    listeners: RefCell<Vec<UnboundedSender<Event>>>,
    pub(crate) is_deaf: Cell<bool>,
    /// How long an agent works, and how it ends.
    pub(crate) script: RefCell<Script>,
    pub(crate) calls: Cell<usize>,
}

/// Says how long an agent works on an issue, and how it ends.
pub(crate) type Script = Box<dyn FnMut(&str, &Seeded) -> (Duration, Fate)>;

/// How a simulated run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The agent exits with this status.
    Exit(i32),
    /// The shim dies with its agent.
    ShimDies,
}

impl World {
    pub(crate) fn new(seed: u64) -> Rc<Self> {
        Rc::new(Self {
            clock: FakeClock(Instant::now()),
            chance: Seeded::new(seed),
            tasks: RefCell::default(),
            weather: Cell::default(),
            live: RefCell::default(),
            log: RefCell::default(),
            listeners: RefCell::default(),
            is_deaf: Cell::new(false),
            script: RefCell::new(Box::new(|_, _| (Duration::from_secs(1), Fate::Exit(0)))),
            calls: Cell::new(0),
        })
    }

    /// Adds an issue that waits for `waits_for`.
    pub(crate) fn add(&self, id: &str, priority: &'static str, waits_for: &[&str]) {
        let task = Task {
            priority,
            waits_for: waits_for.iter().map(|id| (*id).to_owned()).collect(),
            created: self.clock.wall().0 + self.tasks.borrow().len() as u64,
            ..Task::default()
        };
        self.tasks.borrow_mut().insert(id.to_owned(), task);
        self.shout("issue.created");
    }

    fn shout(&self, kind: &str) {
        let event = Event {
            kind: kind.to_owned(),
            issue: None,
        };
        self.listeners
            .borrow_mut()
            .retain(|listener| listener.send(event.clone()).is_ok());
    }

    pub(crate) fn is_ready(&self, id: &str) -> bool {
        let tasks = self.tasks.borrow();
        let task = &tasks[id];
        let is_free = !task.is_done && !task.is_held && task.holder.is_none();
        let is_due = task
            .not_before
            .is_none_or(|moment| moment <= self.clock.wall());
        is_free && is_due && task.waits_for.iter().all(|other| tasks[other].is_done)
    }

    pub(crate) fn all_done(&self) -> bool {
        self.tasks.borrow().values().all(|task| task.is_done)
    }

    pub(crate) fn note(&self, words: String) {
        self.log.borrow_mut().push(words);
    }

    fn issue(&self, id: &str) -> Issue {
        let is_ready = self.is_ready(id);
        let tasks = self.tasks.borrow();
        let task = &tasks[id];
        let state = match (task.is_done, &task.holder) {
            (true, _) => State::Done,
            (false, Some(_)) => State::InProgress,
            (false, None) if is_ready => State::Ready,
            (false, None) => State::Open,
        };
        Issue {
            id: IssueId::from(id),
            title: format!("title of {id}"),
            state,
            priority: task.priority.to_owned(),
            assignee: task.holder.clone(),
            labels: BTreeSet::new(),
            epoch: task.epoch,
            ready_since: Some(Millis(task.created)),
            blocked_by: Vec::new(),
            waits_for: Vec::new(),
            lease: None,
            body: String::new(),
        }
    }

    /// What a call costs and risks, before anything is done.
    async fn pass(&self) -> Result<(), JitError> {
        self.calls.set(self.calls.get() + 1);
        tokio::time::sleep(Duration::from_millis(5 + self.chance.below(20))).await;
        let weather = self.weather.get();
        if weather.is_offline || (weather.busy > 0 && self.chance.one_in(weather.busy)) {
            return Err(said(JitErrorKind::Busy, "the store is busy"));
        }
        Ok(())
    }

    /// Does `change` if the lease is current.
    fn write(&self, held: &Held, change: impl FnOnce(&mut Task)) -> Result<Issue, JitError> {
        {
            let mut tasks = self.tasks.borrow_mut();
            let task = tasks
                .get_mut(held.issue.as_str())
                .ok_or_else(|| said(JitErrorKind::NotFound, "no such issue"))?;
            if task.epoch != held.epoch || task.holder.is_none() {
                return Err(said(JitErrorKind::Fenced, "the lease is lost"));
            }
            change(task);
        }
        self.shout("issue.updated");
        Ok(self.issue(held.issue.as_str()))
    }
}

fn said(kind: JitErrorKind, words: &str) -> JitError {
    JitError::Said {
        kind,
        answer: Answer {
            message: words.to_owned(),
            ..Answer::default()
        },
    }
}

/// The way to the simulated tracker.
#[derive(Clone)]
pub(crate) struct FakeJit(pub(crate) Rc<World>);

impl JitClient for FakeJit {
    async fn locate_repository(&self) -> Result<Repository, JitError> {
        unreachable!("the runner is told where the repository is")
    }

    async fn query_ready_issues(&self) -> Result<Listed, JitError> {
        self.0.pass().await?;
        let ids: Vec<String> = self.0.tasks.borrow().keys().cloned().collect();
        let ready = ids.iter().filter(|id| self.0.is_ready(id));
        let listed = Listed {
            issues: ready.map(|id| self.0.issue(id)).collect(),
            malformed: Vec::new(),
        };
        // What was listed may be old when it arrives.
        tokio::time::sleep(Duration::from_millis(self.0.chance.below(20))).await;
        Ok(listed)
    }

    async fn query_assigned_and_ready_issues(&self) -> Result<Listed, JitError> {
        self.query_ready_issues().await
    }

    async fn query_assignee(&self, _: &AgentId) -> Result<Listed, JitError> {
        self.0.pass().await?;
        Ok(Listed::default())
    }

    async fn claim_issue_for_agent(
        &self,
        issue: &IssueId,
        agent: &AgentId,
        grant: &Grant,
    ) -> Result<Claimed, JitError> {
        self.0.pass().await?;
        let id = issue.as_str();
        let is_repeated = self.0.tasks.borrow()[id].key.as_deref() == Some(grant.key.as_str());
        if !is_repeated {
            if !self.0.is_ready(id) {
                return Err(said(JitErrorKind::Conflict, "somebody was faster"));
            }
            let mut tasks = self.0.tasks.borrow_mut();
            let task = tasks.get_mut(id).expect("it is ready");
            task.epoch += 1;
            task.holder = Some(agent.to_string());
            task.key = Some(grant.key.to_string());
        }
        let weather = self.0.weather.get();
        tokio::time::sleep(Duration::from_millis(self.0.chance.below(20))).await;
        if weather.lost > 0 && self.0.chance.one_in(weather.lost) {
            return Err(JitError::TimedOut {
                call: "issue claim".to_owned(),
                after: Duration::from_secs(30),
            });
        }
        let issue = self.0.issue(id);
        Ok(Claimed {
            document: format!("{{\"id\":\"{id}\"}}").into_bytes(),
            issue,
        })
    }

    async fn show(&self, issue: &IssueId) -> Result<Issue, JitError> {
        self.0.pass().await?;
        Ok(self.0.issue(issue.as_str()))
    }

    async fn done(&self, held: &Held) -> Result<Issue, JitError> {
        self.0.pass().await?;
        self.0
            .write(held, |task| (task.is_done, task.holder) = (true, None))
    }

    async fn release(&self, held: &Held, not_before: Option<Millis>) -> Result<Issue, JitError> {
        self.0.pass().await?;
        self.0.write(held, |task| {
            (task.not_before, task.holder) = (not_before, None);
        })
    }

    async fn hold(&self, held: &Held, _: &str) -> Result<Issue, JitError> {
        self.0.pass().await?;
        self.0.write(held, |task| task.is_held = true)
    }

    async fn renew(&self, held: &Held) -> Result<Renewed, JitError> {
        self.0.pass().await?;
        self.0.write(held, |_| ()).map(|_| Renewed {
            cancel_requested: false,
        })
    }

    async fn follow_events(&self, sink: UnboundedSender<Event>) -> Result<(), JitError> {
        if self.0.is_deaf.get() {
            return Err(said(JitErrorKind::Busy, "no stream today"));
        }
        self.0.listeners.borrow_mut().push(sink.clone());
        sink.closed().await;
        Ok(())
    }
}

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
