//! Owns `jit-dispatch status`: what the state directory says, and the tracker of claim-only agents. It changes nothing.

use std::path::PathBuf;
use std::process::ExitCode;

use jit_scheduler::{AgentId, Millis};

use super::context::Context;
use super::{CliError, Global};
use crate::config::{Agent, Work};
use crate::jit_client::{JitClient as _, State};
use crate::output::{self, Format};
use crate::runner::Who;
use crate::state::{Happening, StateDir, StateError, Story};

/// How many ended runs are shown.
const RECENT: usize = 10;

/// What a dispatcher's state looks like from outside.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// The directory that holds `.jit`.
    pub root: String,
    /// The store.
    pub store: String,
    /// Where the state is.
    pub state_dir: PathBuf,
    /// Whether a dispatcher is at work.
    pub has_dispatcher: bool,
    /// The pool.
    pub agents: Vec<AgentUse>,
    /// Runs that are not settled.
    pub runs: Vec<RunView>,
    /// The last runs that were settled, the newest last.
    pub recent: Vec<Happening>,
}

/// How full an agent is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentUse {
    /// The agent.
    pub id: AgentId,
    /// What kind of agent it is.
    pub kind: String,
    /// How many runs it may have at once.
    pub capacity: usize,
    /// How many it has.
    pub used: usize,
}

/// A run that is not settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunView {
    /// Which.
    pub who: Who,
    /// The epoch of its lease.
    pub epoch: Option<u64>,
    /// How far it is.
    pub state: RunState,
    /// When its agent was started.
    pub started_at: Option<Millis>,
    /// Where its files are.
    pub dir: PathBuf,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// Its agent has not been started.
    Starting,
    /// Its agent is at work.
    Running,
    /// Its agent has ended, the tracker does not know yet.
    Settling,
    /// Its owner died; the next look of a dispatcher ends it.
    Orphaned,
}

impl RunState {
    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Settling => "settling",
            Self::Orphaned => "orphaned",
        }
    }
}

pub(super) fn run(global: &Global) -> Result<ExitCode, CliError> {
    let context = Context::open(global)?;
    let runs = runs(&context.state)?;
    let mut agents = Vec::new();
    for agent in &context.config.agents {
        agents.push(AgentUse {
            id: agent.id.clone(),
            kind: agent.kind.clone(),
            capacity: agent.capacity,
            used: used(&context, agent, &runs)?,
        });
    }
    let status = Status {
        agents,
        root: context.repository.root.clone(),
        store: context.repository.store.clone(),
        state_dir: context.state.root().to_path_buf(),
        has_dispatcher: context.state.has_dispatcher()?,
        recent: context.state.timeline().last_settled(RECENT)?,
        runs,
    };
    match global.format() {
        Format::Text => output::data_lines(&output::status_text(&status)),
        Format::Json => output::data(&output::json_text(&output::status_object(&status))),
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns how many slots of an agent are filled: by runs, or by the claims that a claim-only agent holds.
fn used(context: &Context, agent: &Agent, runs: &[RunView]) -> Result<usize, CliError> {
    match agent.work {
        Work::Runs(_) => Ok(runs.iter().filter(|run| run.who.agent == agent.id).count()),
        Work::ClaimOnly => {
            let listed = context
                .runtime
                .block_on(context.client.query_assignee(&agent.id))?;
            let claims = listed
                .issues
                .iter()
                .filter(|issue| issue.state == State::InProgress);
            Ok(claims.count())
        }
    }
}

fn runs(state: &StateDir) -> Result<Vec<RunView>, StateError> {
    let mut views = Vec::new();
    for run in state.active_runs()? {
        let dir = state.run(&run);
        let (is_owned, story) = match (dir.try_lock(), dir.story()) {
            (Ok(lock), Ok(story)) => (lock.is_none(), story),
            // It was settled or forgotten while we looked.
            (Err(error), _) | (_, Err(error)) if error.is_absent() => continue,
            (Err(error), _) | (_, Err(error)) => return Err(error),
        };
        if let Some(reserved) = story.reserved.clone().filter(|_| story.settled.is_none()) {
            views.push(RunView {
                who: Who {
                    run,
                    issue: reserved.issue,
                    agent: reserved.agent,
                },
                epoch: story.epoch,
                state: state_of(is_owned, &story),
                started_at: story.started_at,
                dir: dir.path().to_path_buf(),
            });
        }
    }
    Ok(views)
}

fn state_of(is_owned: bool, story: &Story) -> RunState {
    match (is_owned, &story.started, &story.conclusion) {
        (false, ..) => RunState::Orphaned,
        (true, _, Some(_)) => RunState::Settling,
        (true, Some(_), None) => RunState::Running,
        (true, None, None) => RunState::Starting,
    }
}
