//! Owns the timeline: one JSON line for everything that happened to a run, numbered without gaps, written by dispatchers
//! and shims alike. It is for looking back and for checking the invariants; nothing is decided by it.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use jit_scheduler::{AgentId, IssueId, Millis, RunId};
use serde::{Deserialize, Serialize};

use super::{StateError, open_private};
use crate::ports::rfc3339;

/// How much of the end of the file is searched for the last number.
const TAIL: u64 = 16 << 10;

/// The file with the timeline.
#[derive(Debug, Clone)]
pub struct Timeline {
    path: PathBuf,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Happening {
    /// Its number: one more than that of the line before.
    pub seq: u64,
    /// When, RFC 3339 in UTC.
    pub ts: String,
    /// What: `claimed`, `started`, `stopping`, `exited`, `settled`, `recovered` and so on.
    #[serde(rename = "type")]
    pub kind: String,
    /// The issue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issue: Option<String>,
    /// The run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The epoch of the run's lease.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
    /// What there is to say beside that: an outcome, a reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<serde_json::Value>,
}

impl Happening {
    /// Makes a line about a run.
    pub fn of_run(kind: &str, issue: &IssueId, run: &RunId, agent: &AgentId) -> Self {
        Self {
            kind: kind.to_owned(),
            issue: Some(issue.to_string()),
            run: Some(run.to_string()),
            agent: Some(agent.to_string()),
            ..Self::default()
        }
    }

    /// Makes a line about the dispatcher itself.
    pub fn of_dispatcher(kind: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            ..Self::default()
        }
    }

    /// Adds the epoch.
    #[must_use]
    pub fn with_epoch(mut self, epoch: u64) -> Self {
        self.epoch = Some(epoch);
        self
    }

    /// Adds what else there is to say.
    #[must_use]
    pub fn with_data(mut self, data: serde_json::Value) -> Self {
        self.data = Some(data);
        self
    }
}

impl Timeline {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Appends one line, stamped with `at`; returns it with its number.
    pub fn append(&self, at: Millis, mut happening: Happening) -> Result<Happening, StateError> {
        let mut file = open_private(
            &self.path,
            OpenOptions::new().create(true).read(true).append(true),
        )?;
        file.lock().map_err(StateError::io("lock", &self.path))?;
        let end = end_of(&mut file).map_err(StateError::io("read", &self.path))?;
        happening.seq = end.last + 1;
        happening.ts = rfc3339(at);
        let mut text = serde_json::to_vec(&happening).expect("a timeline holds only what JSON can");
        text.push(b'\n');
        if end.is_torn {
            text.insert(0, b'\n');
        }
        file.write_all(&text)
            .map_err(StateError::io("write", &self.path))?;
        Ok(happening)
    }

    /// Returns the last `count` lines of the kind `settled`, the newest last.
    pub fn last_settled(&self, count: usize) -> Result<Vec<Happening>, StateError> {
        let text = match std::fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(StateError::io("read", &self.path)(error)),
        };
        // A line that was cut off, perhaps within a letter, costs no other line.
        let mut found: Vec<Happening> = text
            .split(|byte| *byte == b'\n')
            .rev()
            .filter_map(|line| serde_json::from_slice(line).ok())
            .filter(|happening: &Happening| happening.kind == "settled")
            .take(count)
            .collect();
        found.reverse();
        Ok(found)
    }
}

struct End {
    last: u64,
    is_torn: bool,
}

fn end_of(file: &mut File) -> std::io::Result<End> {
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail)?;
    let last = tail.split(|byte| *byte == b'\n').rev().find_map(|line| {
        let happening: Happening = serde_json::from_slice(line).ok()?;
        Some(happening.seq)
    });
    Ok(End {
        last: last.unwrap_or(0),
        is_torn: tail.last().is_some_and(|byte| *byte != b'\n'),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_line_that_was_cut_off_costs_no_other_line() {
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        let path = dir.path().join("events.jsonl");
        let timeline = Timeline::new(path.clone());
        let settled = || Happening::of_dispatcher("settled");
        let append = |at| {
            timeline
                .append(Millis(at), settled())
                .expect("it can be written")
                .seq
        };
        assert_eq!(append(1), 1);
        let mut file = OpenOptions::new()
            .append(true)
            .open(&path)
            .expect("it was made");
        file.write_all(b"{\"seq\":2,\"type\":\"settled\",\"data\":{\"note\":\"caf\xc3")
            .expect("it can be written");
        assert_eq!(append(2), 2);
        let found = timeline.last_settled(10).expect("it can be read");
        let numbers: Vec<u64> = found.iter().map(|happening| happening.seq).collect();
        assert_eq!(numbers, [1, 2]);
    }
}
