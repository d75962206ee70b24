//! Owns the journal of one run: append-only JSON lines, on disk before the step that they announce. Whoever finds a run
//! whose owner died reads here how far it came.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jit_scheduler::retry::{Charge, Exit, Outcome, Report, Stop};
use jit_scheduler::{AgentId, IssueId, Millis};
use serde::{Deserialize, Serialize};

use super::{StateError, open_private, words};

/// One step of a run, written before the next one is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// The issue is about to be claimed.
    Reserving(Reserved),
    /// The claim was won under this epoch.
    Claimed {
        /// The fencing token.
        epoch: u64,
    },
    /// A shim owns the run from here on.
    Shim(Started),
    /// The agent's process exists, and is not yet allowed to run.
    Started(Started),
    /// The agent was asked to stop.
    Stopping {
        /// Why.
        stop: Stop,
    },
    /// No process of the run is left.
    Exited(Conclusion),
    /// The tracker has accepted what follows, or said that this run has no say.
    Settled {
        /// How the run counts.
        outcome: Outcome,
        /// Who is to blame.
        charge: Charge,
        /// When the issue may start again, if it waits.
        not_before: Option<Millis>,
        /// Counted failures in a row so far.
        failures: u32,
        /// One line for people.
        note: String,
    },
}

/// Who is to work on what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserved {
    /// The issue.
    pub issue: IssueId,
    /// The agent.
    pub agent: AgentId,
}

/// A process, named so that another one with the same number is told apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// Its number; for an agent also that of its process group.
    pub pid: u32,
    /// When it started, in the kernel's ticks since the machine did.
    pub start_ticks: u64,
    /// The boot it belongs to.
    pub boot_id: String,
}

/// How a run ended, before the tracker was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conclusion {
    /// How the agent's process ended.
    pub exit: Exit,
    /// Why it was stopped, if it was.
    pub stopped: Option<Stop>,
    /// What the agent reported.
    pub report: Option<Report>,
}

/// Everything a journal says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Story {
    /// Who was to work on what.
    pub reserved: Option<Reserved>,
    /// The epoch of the claim, if it was won.
    pub epoch: Option<u64>,
    /// The shim.
    pub shim: Option<Started>,
    /// The agent's process.
    pub started: Option<Started>,
    /// When that was, on the wall clock.
    pub started_at: Option<Millis>,
    /// How the agent ended.
    pub conclusion: Option<Conclusion>,
    /// How the run was settled: always a [`Record::Settled`].
    pub settled: Option<Record>,
}

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// Whether the last line was perhaps not written to its end.
    may_be_torn: bool,
}

/// A line as it is on disk; unknown fields and kinds of a newer version are passed over.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Line {
    v: u32,
    at: u64,
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    issue: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    process: Option<Started>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<ReportLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    charge: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failures: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct ReportLine {
    outcome: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
}

impl Journal {
    /// Opens the journal at `path`, making it if it is not there; a last line that was cut off is closed.
    pub fn open(path: &Path) -> Result<Self, StateError> {
        let mut file = open_private(
            path,
            OpenOptions::new().create(true).read(true).append(true),
        )?;
        if is_torn(&mut file).map_err(StateError::io("read", path))? {
            file.write_all(b"\n")
                .map_err(StateError::io("write", path))?;
        }
        Ok(Self {
            path: path.to_path_buf(),
            file,
            may_be_torn: false,
        })
    }

    /// Appends one record, stamped with `at`; it is on disk when this returns.
    pub fn append(&mut self, at: Millis, record: &Record) -> Result<(), StateError> {
        let line = Line {
            v: 1,
            at: at.0,
            ..Line::from(record)
        };
        let mut text = serde_json::to_vec(&line).expect("a journal line holds only what JSON can");
        text.push(b'\n');
        // A full disk may have taken only a part of the line before.
        if self.may_be_torn
            && is_torn(&mut self.file).map_err(StateError::io("read", &self.path))?
        {
            text.insert(0, b'\n');
        }
        self.may_be_torn = true;
        self.file
            .write_all(&text)
            .map_err(StateError::io("write", &self.path))?;
        self.may_be_torn = false;
        // Knowing the shim's number is a comfort for people; nothing is decided by it after a power cut.
        if matches!(record, Record::Shim(_) | Record::Stopping { .. }) {
            return Ok(());
        }
        self.file
            .sync_data()
            .map_err(StateError::io("write", &self.path))
    }
}

fn is_torn(file: &mut File) -> std::io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

impl Story {
    /// Reads the journal at `path`; lines that were cut off and lines of unknown kinds are passed over.
    pub fn read(path: &Path) -> Result<Self, StateError> {
        let text = std::fs::read(path).map_err(StateError::io("read", path))?;
        let mut story = Self::default();
        for line in text.split(|byte| *byte == b'\n') {
            // A line that was cut off, perhaps within a letter, announces a step that was not taken.
            if let Ok(line) = serde_json::from_slice(line) {
                story.take(&line);
            }
        }
        Ok(story)
    }

    fn take(&mut self, line: &Line) {
        match line.kind.as_str() {
            "reserving" => {
                self.reserved =
                    line.issue
                        .as_deref()
                        .zip(line.agent.as_deref())
                        .map(|(issue, agent)| Reserved {
                            issue: issue.into(),
                            agent: agent.into(),
                        });
            }
            "reserved" => self.epoch = line.epoch,
            "shim" => self.shim.clone_from(&line.process),
            "started" => {
                self.started.clone_from(&line.process);
                self.started_at = Some(Millis(line.at));
            }
            "exited" => self.conclusion = line.conclusion(),
            "settled" => self.settled = line.settled(),
            _ => {}
        }
    }
}

impl Line {
    fn conclusion(&self) -> Option<Conclusion> {
        Some(Conclusion {
            exit: words::exit_from(self.exit.as_deref()?)?,
            stopped: self.stop.as_deref().and_then(words::stop_from),
            report: self.report.as_ref().and_then(ReportLine::report),
        })
    }

    fn settled(&self) -> Option<Record> {
        Some(Record::Settled {
            outcome: words::outcome_from(self.outcome.as_deref()?)?,
            charge: self
                .charge
                .as_deref()
                .and_then(words::charge_from)
                .unwrap_or(Charge::Nobody),
            not_before: self.not_before.map(Millis),
            failures: self.failures.unwrap_or(0),
            note: self.note.clone().unwrap_or_default(),
        })
    }
}

impl From<&Record> for Line {
    fn from(record: &Record) -> Self {
        let kind = |kind: &str| Self {
            kind: kind.to_owned(),
            ..Self::default()
        };
        match record {
            Record::Reserving(reserved) => Self {
                issue: Some(reserved.issue.to_string()),
                agent: Some(reserved.agent.to_string()),
                ..kind("reserving")
            },
            Record::Claimed { epoch } => Self {
                epoch: Some(*epoch),
                ..kind("reserved")
            },
            Record::Shim(process) => Self {
                process: Some(process.clone()),
                ..kind("shim")
            },
            Record::Started(process) => Self {
                process: Some(process.clone()),
                ..kind("started")
            },
            Record::Stopping { stop } => Self {
                stop: Some(words::stop_word(*stop).to_owned()),
                ..kind("stopping")
            },
            Record::Exited(conclusion) => Self {
                exit: Some(words::exit_word(conclusion.exit)),
                stop: conclusion
                    .stopped
                    .map(|stop| words::stop_word(stop).to_owned()),
                report: conclusion.report.as_ref().map(ReportLine::from),
                ..kind("exited")
            },
            Record::Settled {
                outcome,
                charge,
                not_before,
                failures,
                note,
            } => Self {
                outcome: Some(words::outcome_word(*outcome).to_owned()),
                charge: Some(words::charge_word(*charge).to_owned()),
                not_before: not_before.map(|moment| moment.0),
                failures: Some(*failures),
                note: Some(note.clone()),
                ..kind("settled")
            },
        }
    }
}

impl From<&Report> for ReportLine {
    fn from(report: &Report) -> Self {
        Self {
            outcome: words::report_word(report.outcome).to_owned(),
            reason: report.reason.clone(),
            retry_after_ms: report
                .retry_after
                .and_then(|span| u64::try_from(span.as_millis()).ok()),
        }
    }
}

impl ReportLine {
    fn report(&self) -> Option<Report> {
        Some(Report {
            outcome: words::report_from(&self.outcome)?,
            reason: self.reason.clone(),
            retry_after: self.retry_after_ms.map(Duration::from_millis),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reserving(issue: &str) -> Record {
        Record::Reserving(Reserved {
            issue: issue.into(),
            agent: "writer".into(),
        })
    }

    /// Reads a journal that holds `damage` between two good lines.
    fn check(damage: &[u8]) {
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        let path = dir.path().join("journal");
        let mut journal = Journal::open(&path).expect("it can be made");
        journal
            .append(Millis(1), &reserving("a1"))
            .expect("it can be written");
        journal.file.write_all(damage).expect("it can be written");
        // As after a write that failed halfway.
        journal.may_be_torn = true;
        journal
            .append(Millis(2), &Record::Claimed { epoch: 7 })
            .expect("it can be written");
        let story = Story::read(&path).expect("it can be read");
        assert_eq!(
            (story.reserved.is_some(), story.epoch),
            (true, Some(7)),
            "{damage:?}"
        );
    }

    #[test]
    fn a_line_that_was_cut_off_costs_no_other_line() {
        check(b"");
        check(b"{\"v\":1,\"kind\":\"shi");
        check(b"{\"v\":1,\"kind\":\"settled\",\"note\":\"caf\xc3");
        check(b"\xff\xfe\n");
        check(b"\0\0\0\0");
    }
}
