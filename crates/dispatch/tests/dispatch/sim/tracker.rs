//! A tracker that exists only here. It keeps the rules that a dispatcher relies on, and knows the truth about everything.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use jit_dispatch::jit_client::{
    Answer, Claimed, Event, Grant, Held, Issue, JitClient, JitError, JitErrorKind, Listed, Renewed,
    Repository, State,
};
use jit_dispatch::ports::Clock as _;
use jit_dispatch::state::Started;
use jit_scheduler::{AgentId, IssueId, Millis};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::chance::{FakeClock, Seeded};

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

    async fn renew(&self, held: &Held, _: Option<&Started>) -> Result<Renewed, JitError> {
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
