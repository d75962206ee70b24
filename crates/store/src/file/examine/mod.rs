//! Looking at everything that a store consists of, for `jit validate`.
//!
//! Owns what is wrong with files as files: names, kinds, the log, the mark, the segments. Refuses to use any index, to
//! write, and to judge issues: that is the audit's (`jit_core::audit`).

pub(super) mod places;
mod segments;

use super::frame::Frame;
use super::mark::Mark;
use super::options::Env;
use super::recover::trust;
use super::redo::Trust;
use super::scan::{Tail, scan};
use super::session::MAX_WAL;
use super::store::FileStore;
use super::{format, layout, reader};
use crate::error::{Result, StoreError};
use crate::fs::{self, Fs, absent_ok};
use jit_core::audit::{Finding, History, Severity};
use jit_core::{Event, Receipt, Snapshot};
use std::collections::BTreeSet;

pub use segments::Segment;

/// How much of a store is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// The files of records.
    Records,
    /// The log of events, the answers to keys, the write-ahead log, the mark and what lies around too.
    Everything,
}

/// What a store holds, read from its files, with what is wrong with them.
#[derive(Debug)]
pub struct Examination {
    /// The records; files that can't be read are among its problems.
    pub snapshot: Snapshot,
    /// The log of events, in order of arrival; empty unless everything was looked at.
    pub segments: Vec<Segment>,
    /// What is wrong beside the problems of the snapshot.
    pub findings: Vec<Finding>,
}

impl Examination {
    /// Returns the events of the log as they stand in it; copies come again.
    pub fn lines(&self) -> impl Iterator<Item = &Event> {
        self.segments.iter().flat_map(|segment| &segment.events)
    }

    /// Returns the events of the log, each once.
    pub fn events(&self) -> Vec<Event> {
        let mut seen = BTreeSet::new();
        let events = self.segments.iter().flat_map(|segment| &segment.events);
        events
            .filter(|event| seen.insert(event.id))
            .cloned()
            .collect()
    }
}

impl FileStore {
    /// Reads the store from its files, whatever any index says, and tells what is wrong with them.
    ///
    /// A store that only newer programs may read is an error; a version that can't be read is a finding.
    pub fn examine(&self, depth: Depth) -> Result<Examination> {
        let env = self.env();
        let mut findings = Vec::new();
        findings.extend(version(self)?);
        let in_the_way = places::in_place_of_directories(&*env.fs)?;
        if !in_the_way.is_empty() {
            // Without them nothing can be said of the rest, least of all that records or events are missing.
            findings.extend(in_the_way);
            return Ok(Examination {
                snapshot: Snapshot::new(Vec::new(), Vec::new(), Vec::new(), Vec::new()),
                segments: Vec::new(),
                findings,
            });
        }
        let snapshot = reader::read(env)?.into_snapshot().0;
        let mut segments = Vec::new();
        if depth == Depth::Everything {
            // The segments are read after the records: a write in between is in them, and takes nothing from what they
            // account for.
            segments = segments::read(env, &mut findings)?;
            findings.extend(places::audit(env)?);
            findings.extend(log(env)?);
            findings.extend(receipts(&*env.fs)?);
            findings.extend(places::missing_issues_dir(
                env,
                &History::new(segments.iter().flat_map(|segment| &segment.events)),
            )?);
        }
        Ok(Examination {
            snapshot,
            segments,
            findings,
        })
    }
}

/// Returns what is wrong with the version of the format.
fn version(store: &FileStore) -> Result<Option<Finding>> {
    let path = layout::format().to_string();
    match store.format() {
        Ok(version) => Ok(version.check_write().err().map(|error| match error {
            StoreError::FormatTooOld { .. } => {
                Finding::of_file("older_format", Some(path), error.to_string())
            }
            _ => Finding {
                severity: Severity::Notice,
                ..Finding::of_file("newer_format", Some(path), error.to_string())
            },
        })),
        Err(StoreError::Damaged { reason, .. }) => {
            Ok(Some(Finding::of_file("broken_format", Some(path), reason)))
        }
        Err(StoreError::Io { source, .. }) => Ok(Some(Finding::of_file(
            "broken_format",
            Some(path),
            source.to_string(),
        ))),
        Err(error) => Err(error),
    }
}

/// Returns what is wrong with the write-ahead log and the mark. A log that is broken in its middle is a problem of the
/// snapshot already.
fn log(env: &Env) -> Result<Vec<Finding>> {
    let fs = &*env.fs;
    let mut findings = Vec::new();
    let raw = absent_ok(fs::read(fs, &Mark::at(), format::MAX_FILE))
        .map_err(|error| StoreError::io("read", &Mark::at(), error))?;
    let mark = Mark::read(fs).map_err(|error| StoreError::io("read", &Mark::at(), error))?;
    if raw.is_some() && mark.is_none() {
        let message =
            "it can't be read; the next writer carries out the whole log again".to_owned();
        findings.push(Finding::of_file(
            "broken_mark",
            Some(Mark::at().to_string()),
            message,
        ));
    }
    let mark = mark.unwrap_or_default();
    let at = layout::wal();
    let bytes = absent_ok(fs::read(fs, &at, MAX_WAL))
        .map_err(|error| StoreError::io("read", &at, error))?;
    let found = scan(&bytes.unwrap_or_default(), 0);
    let notice = |code, message: String| Finding {
        severity: Severity::Notice,
        ..Finding::of_file(code, Some(at.to_string()), message)
    };
    if let Tail::Torn(offset) = found.tail {
        findings.push(notice(
            "torn_log",
            format!("a transaction that was never acknowledged begins at byte {offset}"),
        ));
    }
    let is_new = trust(&mark, env.host.boot_id()) != Trust::SameBoot;
    let is_pending = |frame: &&(Frame, u64)| is_new || frame.0.seq > mark.seq;
    let n_pending = found.frames.iter().filter(is_pending).count();
    if n_pending > 0 {
        findings.push(notice(
            "pending_log",
            format!("{n_pending} transactions are to be carried out, or looked at after a restart"),
        ));
    }
    let marker = layout::stop_marker();
    let note = absent_ok(fs::read(fs, &marker, 4096))
        .map_err(|error| StoreError::io("read", &marker, error))?;
    if let Some(note) = note {
        let message = format!(
            "writing stopped after a disk error: {}",
            String::from_utf8_lossy(&note)
        );
        findings.push(Finding::of_file(
            "stopped",
            Some(marker.to_string()),
            message,
        ));
    }
    Ok(findings)
}

/// Returns the answers to keys that can't be read.
fn receipts(fs: &dyn Fs) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for at in places::receipts(fs)? {
        let read = absent_ok(fs::read(fs, &at, format::MAX_FILE));
        let problem = match read {
            Ok(None) => continue,
            Ok(Some(bytes)) => match format::read_receipt(&bytes) {
                Ok(receipt) => misplaced(&at, &receipt),
                Err(error) => Some(error.to_string()),
            },
            Err(error) if super::load::is_local(&error) => Some(error.to_string()),
            Err(error) => return Err(StoreError::io("read", &at, error)),
        };
        findings.extend(
            problem.map(|message| {
                Finding::of_file("unreadable_receipt", Some(at.to_string()), message)
            }),
        );
    }
    Ok(findings)
}

fn misplaced(at: &crate::fs::At, receipt: &Receipt) -> Option<String> {
    (layout::receipt(&receipt.key) != *at)
        .then(|| format!("it answers to the key `{}`", receipt.key.escape_debug()))
}
