//! What every command brings along beside its own arguments: who, when, and under which conditions.
//!
//! Owns the conditions that any write may carry (`docs/design/tracker.md` section 4). Refuses to read clocks or the
//! environment.

use crate::{Assignee, IssueId, Policy, Timestamp};

/// The present moment, as one host sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Now {
    /// The wall clock.
    pub wall: Timestamp,
    /// Name of this host.
    pub host: String,
    /// Id of this host's current boot.
    pub boot_id: String,
    /// Milliseconds of the boot-time clock, which also counts while the host sleeps.
    pub boottime_ms: u64,
}

/// The epochs that a writer claims to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fence {
    /// From the command line; concerns every issue that the command names.
    pub flag: Option<u64>,
    /// From the environment; concerns every write to that one issue.
    pub environment: Option<(IssueId, u64)>,
}

impl Fence {
    /// Returns the epoch that a write to `issue` is made under, if any.
    pub fn epoch_for(&self, issue: &IssueId) -> Option<u64> {
        let from_environment = || {
            self.environment
                .as_ref()
                .filter(|(id, _)| id == issue)
                .map(|(_, epoch)| *epoch)
        };
        self.flag.or_else(from_environment)
    }

    /// Returns the epoch of the environment when the command line names another one for the same issue: whoever holds
    /// both can't hold either.
    pub fn contradiction(&self, issue: &IssueId) -> Option<u64> {
        let (id, epoch) = self.environment.as_ref()?;
        (id == issue && self.flag.is_some_and(|flag| flag != *epoch)).then_some(*epoch)
    }
}

/// Who asks, when, and under which conditions.
#[derive(Clone, Debug)]
pub struct Request {
    /// Who asks.
    pub actor: Assignee,
    /// The present moment.
    pub now: Now,
    /// The repository's settings.
    pub policy: Policy,
    /// The epochs that the asker claims to hold.
    pub fence: Fence,
    /// The version that the issue must have.
    pub if_etag: Option<String>,
    /// The idempotency key.
    pub key: Option<String>,
    /// Whether to override the rules that may be overridden.
    pub force: bool,
}
