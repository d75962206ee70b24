//! Owns what is remembered of an issue between its runs: counted failures, who failed it, and until when it waits.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use jit_scheduler::retry::History;
use jit_scheduler::{AgentId, IssueId, Millis, RunId};
use serde::{Deserialize, Serialize};

use super::{StateDir, StateError, write_whole};

/// What is remembered of an issue. There is a file for it only while there is something to remember.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct IssueHistory {
    /// Counted failures in a row.
    pub failures: u32,
    /// The same before `last_run`, so that settling that run twice counts it once.
    pub failures_before: u32,
    /// The run that was counted last.
    pub last_run: String,
    /// The agents that failed it in this series.
    pub failed_on: BTreeSet<String>,
    /// When it may start again, in milliseconds since 1970.
    pub not_before: Option<u64>,
    /// The digest of the issue's body in that run: another body is another task, and starts a new series.
    pub body: String,
}

impl IssueHistory {
    /// Returns what is remembered of `issue`; nothing is the default.
    pub fn load(state: &StateDir, issue: &IssueId) -> Result<Self, StateError> {
        let path = path(state, issue);
        match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| StateError::Damaged {
                path,
                reason: error.to_string(),
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(StateError::io("read", &path)(error)),
        }
    }

    /// Returns what is remembered of every issue; damaged files count as nothing remembered.
    pub fn load_all(state: &StateDir) -> Result<BTreeMap<IssueId, Self>, StateError> {
        let dir = state.histories();
        let mut all = BTreeMap::new();
        for entry in std::fs::read_dir(&dir).map_err(StateError::io("list", &dir))? {
            let name = entry.map_err(StateError::io("list", &dir))?.file_name();
            if let Some(issue) = name
                .to_str()
                .and_then(|name| name.strip_suffix(".json"))
                .map(IssueId::from)
                && let Ok(history) = Self::load(state, &issue)
            {
                all.insert(issue, history);
            }
        }
        Ok(all)
    }

    /// Returns the count that a run of an issue with this `body` starts from.
    pub fn before(&self, run: &RunId, body: &str) -> History {
        let failures = if self.last_run == run.as_str() {
            self.failures_before
        } else {
            self.failures
        };
        History {
            failures: if self.body == body { failures } else { 0 },
        }
    }

    /// Returns the agents that failed the issue in this series.
    pub fn failed_on(&self) -> BTreeSet<AgentId> {
        self.failed_on
            .iter()
            .map(|agent| AgentId::from(agent.as_str()))
            .collect()
    }

    /// Returns when the issue may start again.
    pub fn not_before(&self) -> Option<Millis> {
        self.not_before.map(Millis)
    }

    /// Writes it, or removes the file if there is nothing to remember.
    pub fn store(&self, state: &StateDir, issue: &IssueId) -> Result<(), StateError> {
        let path = path(state, issue);
        if self.failures > 0 || self.not_before.is_some() || !self.failed_on.is_empty() {
            let text = serde_json::to_vec_pretty(self).expect("a history holds only what JSON can");
            return write_whole(&path, &text);
        }
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(StateError::io("remove", &path)(error))
            }
            _ => Ok(()),
        }
    }
}

fn path(state: &StateDir, issue: &IssueId) -> PathBuf {
    state.histories().join(format!("{issue}.json"))
}
