//! Owns the question: everything a plan depends on, as one value. It reads nothing by itself; the dispatcher observes
//! the tracker, its own runs and its configuration, and fills this in.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::id::{AgentId, IssueId, RunId, Tag};
use crate::reserve::ReserveState;
use crate::retry::RetryPolicy;
use crate::time::Millis;

/// Everything that decides what starts now. The order of the lists says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct World {
    /// The moment to decide for.
    pub now: Millis,
    /// Every configured agent, also those that can take nothing at the moment: their tags still make labels into needs.
    pub agents: Vec<Agent>,
    /// The issues the tracker calls ready.
    pub ready: Vec<ReadyIssue>,
    /// Everything that fills a slot: live runs, and claims held by claim-only agents.
    pub runs: Vec<LiveRun>,
    /// Issues that are to be left alone for a while after a failed run, as far as the dispatcher itself knows.
    pub waits: BTreeMap<IssueId, Wait>,
    /// The most runs at once over all agents; 0 means that only the agents' own capacities count.
    pub max_concurrent: usize,
    /// What the previous plan returned; the default value at the first.
    pub reserve: ReserveState,
    /// The settings that shape order and retries.
    pub policy: Policy,
}

/// One configured agent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Agent {
    /// Its id in the configuration.
    pub id: AgentId,
    /// How many runs it may have at once; 0 drains it.
    pub capacity: usize,
    /// What it can do.
    pub tags: BTreeSet<Tag>,
    /// Which issues it takes beside those that need its tags.
    pub accept: Accept,
    /// Whether it can take new work.
    pub health: Health,
    /// How work reaches it.
    pub kind: AgentKind,
}

impl Agent {
    /// Returns an agent in good health that runs a command, takes any issue and has no tags.
    pub fn new(id: impl Into<AgentId>, capacity: usize) -> Self {
        Self {
            id: id.into(),
            capacity,
            tags: BTreeSet::new(),
            accept: Accept::Any,
            health: Health::Up,
            kind: AgentKind::Runs,
        }
    }
}

/// Says which issues an agent takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Accept {
    /// Every issue whose needs it meets, also one that needs nothing.
    #[default]
    Any,
    /// Only issues that need at least one of its tags, or that were assigned to it by name.
    TaggedOnly,
}

/// Says whether an agent can take new work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Health {
    /// It can.
    #[default]
    Up,
    /// It finishes what it has and takes nothing new.
    Draining,
    /// Its account is out of quota until then.
    Limited {
        /// When it may be used again.
        until: Millis,
    },
    /// Its command does not exist or cannot be executed.
    Missing,
    /// It failed by its own fault too often; once the time has come it gets one run as a probe.
    Open {
        /// When the probe may start.
        until: Millis,
    },
    /// An external agent that has not been heard of for too long.
    Stale,
}

/// Says how work reaches an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AgentKind {
    /// The dispatcher claims the issue and starts the agent's command.
    Runs,
    /// The dispatcher only claims the issue for it; the agent looks for its claims by itself.
    ClaimOnly,
}

/// One issue that the tracker calls ready.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReadyIssue {
    /// Its full id.
    pub id: IssueId,
    /// Its priority.
    pub priority: Priority,
    /// When it became ready; a failed run does not make it younger.
    pub ready_since: Millis,
    /// Its labels; one that equals a tag of any configured agent is a need.
    pub labels: BTreeSet<String>,
    /// Who it is assigned to: an agent of the pool (`ID` or `agent:ID`) pins it there, anybody else keeps it from us.
    pub assignee: Option<String>,
    /// Agents that failed it since its last success: they get it again only if no other can.
    pub failed_on: BTreeSet<AgentId>,
}

impl ReadyIssue {
    /// Returns an issue without labels, assignee and failures.
    pub fn new(id: impl Into<IssueId>, priority: Priority, ready_since: Millis) -> Self {
        Self {
            id: id.into(),
            priority,
            ready_since,
            labels: BTreeSet::new(),
            assignee: None,
            failed_on: BTreeSet::new(),
        }
    }
}

/// The priority of an issue. Unknown ones are kept as they are and sort with [`Priority::Normal`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Before everything else.
    Critical,
    /// Before the normal ones.
    High,
    /// The default.
    Normal,
    /// After the normal ones.
    Low,
    /// A word from a newer tracker.
    Other(String),
}

impl From<&str> for Priority {
    fn from(word: &str) -> Self {
        match word {
            "critical" => Self::Critical,
            "high" => Self::High,
            "normal" => Self::Normal,
            "low" => Self::Low,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// One run or claim that fills a slot now.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LiveRun {
    /// The issue it works on.
    pub issue: IssueId,
    /// The agent whose slot it fills, also one that is no longer configured.
    pub agent: AgentId,
    /// The run.
    pub run: RunId,
}

/// How long an issue is to be left alone, and after how many failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// When it may start again.
    pub until: Millis,
    /// Counted failures in a row so far.
    pub failures: u32,
}

/// The settings that shape order and retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// How long an eligible issue must have waited before the reserve looks after it.
    pub reserve_after: Duration,
    /// Every how manieth start goes to the issue that became ready first, once such an issue is passed over; 0 turns the
    /// reserve off.
    pub reserve_every: u32,
    /// When and how often failed issues are tried again.
    pub retry: RetryPolicy,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            reserve_after: Duration::from_hours(1),
            reserve_every: 10,
            retry: RetryPolicy::default(),
        }
    }
}
