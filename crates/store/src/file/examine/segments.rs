//! Reading the log of events line by line, with every line that is no event named.
//!
//! Owns what a broken segment is reported as. Refuses to order events and to judge what they say.

use super::super::load::{in_threads, is_local};
use super::super::options::Env;
use super::super::segment::{self, MAX_SEGMENT_READ};
use super::super::{layout, log};
use crate::error::{Result, StoreError, told};
use crate::fs::{self, At, Root, absent_ok};
use jit_core::Event;
use jit_core::audit::{self, Finding, Severity};
use std::collections::BTreeMap;

/// From how many segments on reading their lines in several threads pays; each is up to 256 KiB.
const PARALLEL_FROM: usize = 4;

/// A file of events.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// Its path, relative to the directory that holds `.jit`.
    pub path: String,
    /// Its events, as far as they can be read, in the order of the file.
    pub events: Vec<Event>,
}

/// Reads all segments, with what the write-ahead log still has for them.
pub(super) fn read(env: &Env, findings: &mut Vec<Finding>) -> Result<Vec<Segment>> {
    let fs = &*env.fs;
    // The log is read before the segments: what reaches them in between is found complete.
    let pending = log::pending(env)?;
    let mut texts: BTreeMap<At, Vec<u8>> = BTreeMap::new();
    for at in places(env, findings)? {
        match absent_ok(fs::read(fs, &at, MAX_SEGMENT_READ)) {
            Ok(bytes) => {
                texts.extend(bytes.map(|bytes| (at, bytes)));
            }
            Err(error) if is_local(&error) => {
                findings.push(Finding::of_file(
                    "unreadable_segment",
                    Some(at.to_string()),
                    told(&error),
                ));
            }
            Err(error) => return Err(StoreError::io("read", &at, error)),
        }
    }
    segment::overlay(&pending, &mut texts);
    let texts: Vec<(At, Vec<u8>)> = texts.into_iter().collect();
    let read = |(at, bytes): &(At, Vec<u8>)| Ok(parse(at, bytes));
    let parsed = if texts.len() < PARALLEL_FROM {
        texts.iter().map(read).collect::<Result<Vec<_>>>()?
    } else {
        in_threads(&texts, read)?
    };
    let mut segments = Vec::with_capacity(parsed.len());
    for (segment, wrong) in parsed {
        findings.extend(wrong);
        segments.push(segment);
    }
    let views = segments
        .iter()
        .map(|segment| (segment.path.as_str(), &segment.events[..]));
    findings.extend(audit::audit_copies(views));
    Ok(segments)
}

/// Returns the files of the log, and names what else lies between them.
fn places(env: &Env, findings: &mut Vec<Finding>) -> Result<Vec<At>> {
    let fs = &*env.fs;
    let top = layout::events();
    let foreign = |at: &At, message: &str| {
        Finding::of_file("foreign_file", Some(at.to_string()), message.to_owned())
    };
    let mut found = Vec::new();
    let months = absent_ok(fs.list(&top)).map_err(|error| StoreError::io("list", &top, error))?;
    for month in months.unwrap_or_default() {
        if super::places::is_by_product(&month.name) {
            continue;
        }
        let Ok(path) = top.path.join(&month.name) else {
            continue;
        };
        let dir = At::new(Root::Shared, path);
        let is_month =
            month.name.len() == 6 && month.name.bytes().all(|byte| byte.is_ascii_digit());
        if !is_month {
            findings.push(foreign(&dir, "no month of events has this name"));
            continue;
        }
        let entries = match absent_ok(fs.list(&dir)) {
            Ok(entries) => entries.unwrap_or_default(),
            Err(error) if is_local(&error) => {
                let path = Some(dir.to_string());
                findings.push(Finding::of_file("unreadable_directory", path, told(&error)));
                continue;
            }
            Err(error) => return Err(StoreError::io("list", &dir, error)),
        };
        for entry in entries {
            let Ok(path) = dir.path.join(&entry.name) else {
                continue;
            };
            let at = At::new(Root::Shared, path);
            if entry.name.strip_suffix(".jsonl").is_some() {
                found.push(at);
            } else if !super::places::is_by_product(&entry.name) {
                findings.push(foreign(&at, "no file of events has this name"));
            }
        }
    }
    Ok(found)
}

/// Reads the lines of a segment.
fn parse(at: &At, bytes: &[u8]) -> (Segment, Vec<Finding>) {
    let path = at.to_string();
    let mut findings = Vec::new();
    let mut events = Vec::new();
    let whole = log::whole_lines(bytes);
    for (place, line) in whole.split(|byte| *byte == b'\n').enumerate() {
        if line.is_empty() {
            continue;
        }
        match log::parse(line) {
            Ok(event) => events.push(event),
            Err(problem) => {
                let message = format!("line {}: {problem}", place + 1);
                findings.push(Finding::of_file(
                    "unreadable_event",
                    Some(path.clone()),
                    message,
                ));
            }
        }
    }
    if whole.len() < bytes.len() {
        let n_rest = bytes.len() - whole.len();
        findings.push(Finding {
            // A kill leaves this; the log has the events, or they were never acknowledged.
            severity: Severity::Notice,
            ..Finding::of_file(
                "torn_segment",
                Some(path.clone()),
                format!("its last {n_rest} bytes are no whole line, and nobody reads them"),
            )
        });
    }
    findings.extend(audit::audit_segment(&path, &events));
    (Segment { path, events }, findings)
}
