//! Owns one look at the world and what follows from it: orphans first, then the plan, then its actions. No two
//! dispatchers over the same state look at the same time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jit_scheduler::{Held, IssueId, LiveRun, Millis, Plan, RunId, Wait, World, audit, plan};

use super::{CycleTimes, Notice, Runner};
use crate::config::Work;
use crate::executor::Executor;
use crate::jit_client::{Issue, JitClient, JitError, State};
use crate::observe::Observation;
use crate::ports::{Clock, Rng};
use crate::runner::perform::{Performed, Task};
use crate::state::{Happening, IssueHistory, StateError};

/// The first time to leave an issue alone that was listed as ready and could not be claimed.
const FIRST_REFUSAL_WAIT: Duration = Duration::from_millis(250);

/// What a look at the world came to.
#[derive(Debug, Clone, Default)]
pub struct CycleReport {
    /// How many issues were ready.
    pub ready: usize,
    /// What was done.
    pub performed: Vec<Performed>,
    /// What stays where it is, and why.
    pub held: Vec<Held>,
    /// When time alone may let a held issue start.
    pub wake_at: Option<Millis>,
    /// When the tracker was asked: what became ready later is not among the answers.
    pub asked_at: Millis,
}

/// Why a look at the world came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum CycleError {
    /// The tracker cannot be asked.
    #[error(transparent)]
    Tracker(#[from] JitError),
    /// The dispatcher's own memory cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
}

/// What the tracker said.
struct Answers {
    ready: Vec<Issue>,
    claims: Vec<LiveRun>,
}

impl<C, E, K, R> Runner<C, E, K, R>
where
    C: JitClient + 'static,
    E: Executor + 'static,
    K: Clock + 'static,
    R: Rng + 'static,
{
    /// Returns what would start now, and the titles of the issues; touches nothing.
    pub async fn preview(&mut self) -> Result<(Plan, BTreeMap<IssueId, Issue>), CycleError> {
        self.find_foreign()?;
        let answers = self.ask(true).await?;
        let plan = plan(&self.world(&answers));
        Ok((
            plan,
            answers
                .ready
                .into_iter()
                .map(|issue| (issue.id.clone(), issue))
                .collect(),
        ))
    }

    pub(super) async fn cycle(
        &mut self,
        is_full: bool,
        max: Option<usize>,
    ) -> Result<(), CycleError> {
        let state = self.shared.setting.state.clone();
        let locked = tokio::task::spawn_blocking(move || state.lock_cycle()).await;
        let lock = locked.expect("locking neither panics nor is aborted")?;
        let result = self.look_and_act(is_full, max).await;
        drop(lock);
        let ended = self.shared.ports.clock.boottime();
        self.last_cycle = Some(CycleTimes {
            ended,
            asking: self.asking,
        });
        result
    }

    async fn look_and_act(&mut self, is_full: bool, max: Option<usize>) -> Result<(), CycleError> {
        self.report = CycleReport::default();
        self.recover().await?;
        let asked_at = self.shared.ports.clock.wall();
        let begun = self.shared.ports.clock.boottime();
        let answers = self.ask(is_full).await?;
        self.asking = self.shared.ports.clock.boottime().saturating_sub(begun);
        let world = self.world(&answers);
        let plan = plan(&world);
        if !plan.actions.is_empty() {
            // Whoever checks the order later must know what could be seen when it was decided.
            let counts =
                serde_json::json!({ "ready": world.ready.len(), "actions": plan.actions.len() });
            let happening = Happening::of_dispatcher("cycle").with_data(counts);
            self.shared
                .setting
                .state
                .timeline()
                .append(asked_at, happening)?;
        }
        debug_assert!(
            audit(&world, &plan).is_empty(),
            "the plan breaks its own rules: {:?}",
            audit(&world, &plan)
        );
        self.reserve = plan.reserve;
        let listed: BTreeSet<&IssueId> = world.ready.iter().map(|issue| &issue.id).collect();
        self.refused.retain(|issue, _| listed.contains(issue));
        let tasks = self.tasks(&plan.actions, &answers.ready, max);
        let performed = self.perform(tasks).await;
        self.report = CycleReport {
            ready: world.ready.len(),
            performed,
            held: plan.held,
            wake_at: plan.wake_at,
            asked_at,
        };
        self.learn_from_refusals();
        Ok(())
    }

    fn tasks(
        &self,
        actions: &[jit_scheduler::Action],
        ready: &[Issue],
        max: Option<usize>,
    ) -> Vec<Task> {
        let issues: BTreeMap<&IssueId, &Issue> =
            ready.iter().map(|issue| (&issue.id, issue)).collect();
        let tasks = actions
            .iter()
            .take(max.unwrap_or(usize::MAX))
            .filter_map(|action| {
                let assignment = action.assignment();
                let agent = self
                    .shared
                    .setting
                    .config
                    .agents
                    .iter()
                    .find(|agent| agent.id == assignment.agent)?;
                let issue = issues.get(&assignment.issue)?;
                Some(Task {
                    issue: assignment.issue.clone(),
                    agent: agent.clone(),
                    title: issue.title.clone(),
                    priority: issue.priority.clone(),
                    turn: assignment.turn,
                })
            });
        tasks.collect()
    }

    /// Asks for the ready issues; a full look also for those that are assigned, to agents of the pool or to others.
    async fn ask(&self, is_full: bool) -> Result<Answers, CycleError> {
        let client = &self.shared.ports.client;
        let listed = if is_full {
            client.query_assigned_and_ready_issues().await?
        } else {
            client.query_ready_issues().await?
        };
        for malformed in &listed.malformed {
            self.tell(&Notice::Warning(format!(
                "the tracker listed something that is no issue: {malformed}"
            )));
        }
        let mut answers = Answers {
            ready: listed.issues,
            claims: Vec::new(),
        };
        let agents = &self.shared.setting.config.agents;
        for agent in agents.iter().filter(|agent| agent.work == Work::ClaimOnly) {
            let listed = client.query_assignee(&agent.id).await?;
            let claims = listed
                .issues
                .into_iter()
                .filter(|issue| issue.state == State::InProgress);
            answers.claims.extend(claims.map(|issue| LiveRun {
                run: RunId::from(format!("claim-{}", issue.id)),
                issue: issue.id,
                agent: agent.id.clone(),
            }));
        }
        Ok(answers)
    }

    fn world(&self, answers: &Answers) -> World {
        let live = self
            .live
            .values()
            .chain(self.foreign.values())
            .map(|live| LiveRun {
                issue: live.who.issue.clone(),
                agent: live.who.agent.clone(),
                run: live.who.run.clone(),
            });
        let now = self.shared.ports.clock.wall();
        let waits = self.refused.iter().map(|(issue, (times, until))| {
            let wait = Wait {
                until: *until,
                failures: *times,
            };
            (issue.clone(), wait)
        });
        Observation {
            now,
            config: &self.shared.setting.config,
            ready: &answers.ready,
            runs: live.chain(answers.claims.iter().cloned()).collect(),
            histories: &self.histories,
            waits: waits.filter(|(_, wait)| wait.until > now).collect(),
            breakers: &self.breakers,
            reserve: self.reserve.clone(),
        }
        .world()
    }

    fn learn_from_refusals(&mut self) {
        for performed in std::mem::take(&mut self.report.performed) {
            match &performed {
                Performed::Lost { issue, .. }
                | Performed::Uncertain { issue, .. }
                | Performed::Skipped { issue, .. } => self.leave_alone(issue),
                Performed::Started { who, .. } => drop(self.refused.remove(&who.issue)),
                Performed::Claimed { issue, .. } => drop(self.refused.remove(issue)),
            }
            self.report.performed.push(performed);
        }
    }

    /// Leaves an issue alone for a moment that is listed as ready and could not be started, longer each time: asking
    /// faster would not make the list and the claim agree.
    pub(super) fn leave_alone(&mut self, issue: &IssueId) {
        let times = self.refused.get(issue).map_or(0, |(times, _)| *times);
        let wait = FIRST_REFUSAL_WAIT.saturating_mul(1 << times.min(16));
        let wait = wait.min(self.shared.setting.config.poll_interval);
        let until = self.shared.ports.clock.wall().plus(wait);
        self.refused
            .insert(issue.clone(), (times.saturating_add(1), until));
    }

    /// Reads again what is remembered of `issue`.
    pub(super) fn recall(&mut self, issue: &IssueId) {
        match IssueHistory::load(&self.shared.setting.state, issue) {
            Ok(history) if history == IssueHistory::default() => drop(self.histories.remove(issue)),
            Ok(history) => drop(self.histories.insert(issue.clone(), history)),
            Err(error) => self.tell(&Notice::Warning(crate::error_chain::chain(&error))),
        }
    }
}
