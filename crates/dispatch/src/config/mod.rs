//! Owns `dispatch.toml` as typed values: what is configured, with every default filled in. Refuses to act on any of it.
//!
//! `read` turns text into [`Config`], `locate` finds the file, `trust` says whether a found file may be believed.

mod agent;
mod locate;
mod read;
mod section;
mod trust;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use jit_scheduler::{Accept, AgentId, Tag};

pub use locate::{Source, load, repository_root};
pub use read::{Parsed, parse};
pub use trust::{Tracked, is_tracked};

/// Everything that `dispatch.toml` decides (`docs/design/dispatch.md` section 2.11).
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The longest time between two looks at the tracker; events wake the dispatcher sooner.
    pub poll_interval: Duration,
    /// The most runs at once over all agents; 0 leaves it to the agents' capacities.
    pub max_concurrent: usize,
    /// How `jit` is called.
    pub jit: JitSettings,
    /// Leases of claimed issues.
    pub lease: Lease,
    /// Limits of a run that its agent does not set for itself.
    pub limits: Limits,
    /// Retries after failed runs.
    pub retry: Retry,
    /// The reserve for issues that have waited too long.
    pub reserve: Reserve,
    /// The pool, in the order of the file.
    pub agents: Vec<Agent>,
}

/// How `jit` is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JitSettings {
    /// The argument vector before the subcommand; none means that the program is looked for.
    pub command: Option<Vec<String>>,
    /// How long one call may take.
    pub timeout: Duration,
}

/// Leases of claimed issues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// How long a lease lives without renewal.
    pub ttl: Duration,
    /// How often a run renews it.
    pub renew: Duration,
    /// How long the claim of a claim-only agent lives without its own renewal; zero means for ever.
    pub claim_ttl: Duration,
}

/// Limits of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How long an agent may take to come to life.
    pub start: Duration,
    /// How long an agent may show no progress.
    pub idle: Duration,
    /// How long a run may take in all.
    pub total: Duration,
    /// How long an agent may take to end after it was asked to.
    pub kill_grace: Duration,
}

/// Retries after failed runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// The delay after the first failure.
    pub base: Duration,
    /// The longest delay.
    pub cap: Duration,
    /// Counted failures in a row after which an issue is given up; 0 means never.
    pub max_failures: u32,
}

/// The reserve for issues that have waited too long.
#[derive(Debug, Clone, PartialEq)]
pub struct Reserve {
    /// The part of the starts that it may take, from 0 (off) to 1.
    pub share: f64,
    /// How long an issue must have waited.
    pub after: Duration,
}

/// One agent of the pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// Its name, unique in the pool.
    pub id: AgentId,
    /// What kind of agent it is: a free word.
    pub kind: String,
    /// How many runs it may have at once; 0 drains it.
    pub capacity: usize,
    /// What it can do.
    pub tags: BTreeSet<Tag>,
    /// Which issues it takes.
    pub accept: Accept,
    /// How work reaches it.
    pub work: Work,
    /// Environment that it gets beside the usual.
    pub env: BTreeMap<String, String>,
    /// Names of variables that it gets from the dispatcher's own environment.
    pub env_pass: BTreeSet<String>,
    /// Its own idle limit.
    pub idle: Option<Duration>,
    /// Its own limit for the whole run.
    pub total: Option<Duration>,
}

/// How work reaches an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// The dispatcher starts this argument vector; `{issue_id}` in it becomes the id of the issue.
    Runs(Vec<String>),
    /// The dispatcher only claims issues for it.
    ClaimOnly,
}

impl Config {
    /// Returns the settings that shape the scheduler's decisions.
    pub fn policy(&self) -> jit_scheduler::Policy {
        jit_scheduler::Policy {
            reserve_after: self.reserve.after,
            reserve_every: self.reserve.every(),
            retry: self.retry.policy(),
        }
    }

    /// Returns the limits of a run of `agent`.
    pub fn limits_of(&self, agent: &Agent) -> Limits {
        Limits {
            idle: agent.idle.unwrap_or(self.limits.idle),
            total: agent.total.unwrap_or(self.limits.total),
            ..self.limits.clone()
        }
    }
}

impl Retry {
    /// Returns the settings as the scheduler takes them.
    pub fn policy(&self) -> jit_scheduler::retry::RetryPolicy {
        jit_scheduler::retry::RetryPolicy {
            base: self.base,
            cap: self.cap,
            max_failures: self.max_failures,
        }
    }
}

impl Reserve {
    /// Returns every how manieth start the reserve takes, 0 for never.
    pub fn every(&self) -> u32 {
        if self.share <= 0.0 {
            return 0;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the share lies in 0..=1, a tiny one saturates, which is as good as never"
        )]
        let every = (1.0 / self.share).round() as u32;
        every.max(1)
    }
}

/// Something odd in a configuration that does not keep it from being used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Where, such as `dispatch.toml:3:1`.
    pub place: String,
    /// What, as a fragment of a sentence.
    pub text: String,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// No file was named and none was found.
    #[error("no dispatch.toml in `{}` or its parents up to the root of the repository", .0.display())]
    NotFound(PathBuf),
    /// The file cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The text is not a valid configuration.
    #[error("{place}: {message}")]
    Invalid {
        /// File, line and column.
        place: String,
        /// What is wrong.
        message: String,
    },
    /// The file was found by itself and git tracks it: its author may be a stranger.
    #[error("`{}` is tracked by git, so it may come from somebody else, and it names commands to run", .0.display())]
    Untrusted(PathBuf),
    /// It cannot be said whether git tracks the file.
    #[error("cannot tell whether git tracks `{}`: {reason}", path.display())]
    TrustUnknown {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        reason: String,
    },
}
