//! Event segments: where the next events go, and how they get back after a crash (`docs/design/storage.md` S8).
//!
//! Owns the rule that no segment is ever extended on two branches, and the logical clock. Refuses to know what the events
//! say beyond their `lc`.

use super::frame::{EventAppend, Frame};
use super::mark::{EventClock, SegmentMemory};
use super::options::Env;
use super::redo::Trust;
use super::session::NewEvents;
use super::{apply, layout};
use crate::error::{Result, StoreError};
use crate::fs::{self, At, Fs, Kind, RelPath, Root, absent_ok};
use jit_core::{EventId, Timestamp};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Length from which on a segment is not extended, in bytes.
const MAX_SEGMENT: u64 = 256 * 1024;

/// Longest segment that is read, in bytes: one transaction may be longer than [`MAX_SEGMENT`].
pub(crate) const MAX_SEGMENT_READ: u64 = 1 << 30;

/// Longest line of an event, in bytes.
pub(crate) const MAX_LINE: usize = 1024 * 1024;

/// Chooses the segment for these lines and says what to remember of it.
pub(crate) fn place(
    env: &Env,
    memory: Option<&SegmentMemory>,
    ts: Timestamp,
    bytes: Vec<u8>,
) -> Result<NewEvents> {
    let month = ts.month();
    let jit_path = env.shared.display().to_string();
    let root = env.fs.stat_root(Root::Shared);
    let jit_ino = root
        .map_err(|error| StoreError::at_path("look at", jit_path.clone(), error))?
        .ino;
    let is_ours =
        |memory: &&SegmentMemory| memory.jit_ino == jit_ino && memory.jit_path == jit_path;
    if let Some(memory) = memory.filter(is_ours)
        && let Some(segment) = continued(&*env.fs, memory, &month)?
    {
        let crc = crc32c::crc32c_append(memory.crc, &bytes);
        let (offset, len) = (memory.len, memory.len + bytes.len() as u64);
        let memory = SegmentMemory {
            len,
            crc,
            ..memory.clone()
        };
        return Ok(NewEvents {
            append: EventAppend {
                segment,
                offset,
                bytes,
            },
            memory,
        });
    }
    let random = env
        .host
        .random()
        .map_err(|error| StoreError::at_path("draw", "random bits".to_owned(), error))?;
    let path = format!("events/{month}/{}.jsonl", EventId::new(ts, random));
    let memory = SegmentMemory {
        path: path.clone(),
        len: bytes.len() as u64,
        crc: crc32c::crc32c(&bytes),
        jit_ino,
        jit_path,
        seen: None,
    };
    Ok(NewEvents {
        append: EventAppend {
            segment: RelPath::known(&path),
            offset: 0,
            bytes,
        },
        memory,
    })
}

/// Returns the remembered segment when it still holds exactly what this clone last wrote to it.
fn continued(fs: &dyn Fs, memory: &SegmentMemory, month: &str) -> Result<Option<RelPath>> {
    let Some(segment) = memory.rel_path() else {
        return Ok(None);
    };
    if memory.len >= MAX_SEGMENT || segment.parent().as_ref().map(RelPath::name) != Some(month) {
        return Ok(None);
    }
    let at = At::new(Root::Shared, segment.clone());
    let failed = |error| StoreError::io("read", &at, error);
    let Some(stat) = absent_ok(fs.stat(&at)).map_err(failed)? else {
        return Ok(None);
    };
    if stat.kind != Kind::File || stat.len != memory.len {
        return Ok(None);
    }
    if memory.seen == Some((stat.ino, stat.ctime_ns)) {
        return Ok(Some(segment));
    }
    let bytes = fs::read(fs, &at, MAX_SEGMENT_READ).map_err(failed)?;
    Ok(
        (bytes.len() as u64 == memory.len && crc32c::crc32c(&bytes) == memory.crc)
            .then_some(segment),
    )
}

/// Brings the segments up to the frames and returns segments that the frames do not name.
pub(crate) fn redo(fs: &dyn Fs, frames: &[Frame], trust: Trust) -> Result<BTreeSet<At>> {
    let mut more = BTreeSet::new();
    for (seq, run) in runs(frames) {
        let at = At::new(Root::Shared, run.segment.clone());
        let found = absent_ok(fs::read(fs, &at, MAX_SEGMENT_READ))
            .map_err(|error| StoreError::io("read", &at, error))?;
        match remainder(found.as_deref().unwrap_or_default(), &run) {
            Remainder::Complete if trust == Trust::Suspect => {
                apply::put(fs, &at, found.as_deref(), &format!("segment-{seq}"))?;
            }
            Remainder::Complete => {}
            Remainder::Torn => {
                apply::complete(fs, &run)?;
            }
            Remainder::Foreign => {
                let place = At::new(Root::Shared, aside(&run.segment, seq));
                apply::put(fs, &place, Some(&run.bytes), &format!("segment-{seq}"))?;
                more.insert(place);
            }
        }
    }
    Ok(more)
}

/// Lays the events of the frames over segments as they were read, for readers, who leave the files alone.
pub(crate) fn overlay(frames: &[Frame], segments: &mut BTreeMap<At, Vec<u8>>) {
    for (seq, run) in runs(frames) {
        let found = segments
            .entry(At::new(Root::Shared, run.segment.clone()))
            .or_default();
        match remainder(found, &run) {
            Remainder::Complete => {}
            Remainder::Torn => {
                let offset = usize::try_from(run.offset).expect("it lies inside what was read");
                found.truncate(offset);
                found.extend_from_slice(&run.bytes);
            }
            Remainder::Foreign => {
                let place = At::new(Root::Shared, aside(&run.segment, seq));
                segments.insert(place, run.bytes);
            }
        }
    }
}

/// Joins what consecutive frames append to one segment.
fn runs(frames: &[Frame]) -> Vec<(u64, EventAppend)> {
    let mut runs: Vec<(u64, EventAppend)> = Vec::new();
    for frame in frames {
        let Some(events) = &frame.events else {
            continue;
        };
        let continues = |run: &EventAppend| {
            run.segment == events.segment && run.offset + run.bytes.len() as u64 == events.offset
        };
        match runs.last_mut() {
            Some((_, run)) if continues(run) => run.bytes.extend_from_slice(&events.bytes),
            _ => runs.push((frame.seq, events.clone())),
        }
    }
    runs
}

/// How a segment stands to what the log appends to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Remainder {
    /// It holds it.
    Complete,
    /// It holds a part of it, or zeros where it belongs.
    Torn,
    /// It holds something else there, or less than it held before.
    Foreign,
}

fn remainder(found: &[u8], run: &EventAppend) -> Remainder {
    let Some(tail) = usize::try_from(run.offset)
        .ok()
        .and_then(|offset| found.get(offset..))
    else {
        return Remainder::Foreign;
    };
    if tail.starts_with(&run.bytes) {
        return Remainder::Complete;
    }
    let is_ours = |(found, wanted): (&u8, &u8)| found == wanted || *found == 0;
    if tail.len() <= run.bytes.len() && tail.iter().zip(&run.bytes).all(is_ours) {
        Remainder::Torn
    } else {
        Remainder::Foreign
    }
}

/// Returns a name that follows from the segment and the transaction, so that doing it twice makes one file.
fn aside(segment: &RelPath, seq: u64) -> RelPath {
    let mut hasher = blake3::Hasher::new();
    hasher
        .update(segment.as_str().as_bytes())
        .update(&seq.to_le_bytes());
    let hash = hasher.finalize().to_hex();
    let stem = segment.as_str().trim_end_matches(".jsonl");
    RelPath::known(&format!("{stem}-{}.jsonl", &hash[..8]))
}

/// The one member of an event that the clock needs.
#[derive(Deserialize)]
struct Clocked {
    lc: u64,
}

/// Brings the clock up to all events, reading only what has changed since it was last right.
pub(crate) fn observe(fs: &dyn Fs, clock: &mut EventClock) -> Result<()> {
    let top = layout::events();
    let months = absent_ok(fs.list(&top))
        .map_err(|error| StoreError::io("list", &top, error))?
        .unwrap_or_default();
    for month in months {
        let Ok(path) = top.path.join(&month.name) else {
            continue;
        };
        let dir = At::new(Root::Shared, path);
        let stat = fs
            .stat(&dir)
            .map_err(|error| StoreError::io("look at", &dir, error))?;
        let seen = (stat.ino, stat.ctime_ns);
        if stat.kind != Kind::Directory || clock.months.get(&month.name) == Some(&seen) {
            continue;
        }
        let known = clock.months.get(&month.name).map(|(_, ctime_ns)| *ctime_ns);
        clock.lc = clock.lc.max(greatest_in(fs, &dir, known)?);
        clock.months.insert(month.name, seen);
    }
    Ok(())
}

/// Returns the greatest clock in the segments of a month that are not older than `since`, nanoseconds since 1970.
fn greatest_in(fs: &dyn Fs, dir: &At, since: Option<i64>) -> Result<u64> {
    let mut greatest = 0;
    for entry in fs
        .list(dir)
        .map_err(|error| StoreError::io("list", dir, error))?
    {
        let Ok(path) = dir.path.join(&entry.name) else {
            continue;
        };
        let at = At::new(Root::Shared, path);
        let failed = |error| StoreError::io("read", &at, error);
        let Some(stat) = absent_ok(fs.stat(&at)).map_err(failed)? else {
            continue;
        };
        if stat.kind != Kind::File || since.is_some_and(|since| stat.ctime_ns < since) {
            continue;
        }
        let bytes = fs::read(fs, &at, MAX_SEGMENT_READ).map_err(failed)?;
        let clocks = bytes
            .split(|byte| *byte == b'\n')
            .filter_map(|line| serde_json::from_slice::<Clocked>(line).ok());
        greatest = clocks.map(|line| line.lc).fold(greatest, u64::max);
    }
    Ok(greatest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_completed_only_where_it_is_ours() {
        let run = EventAppend {
            segment: RelPath::known("events/202601/x.jsonl"),
            offset: 4,
            bytes: b"new\n".to_vec(),
        };
        let check = |found: &[u8], expected: Remainder| {
            assert_eq!(remainder(found, &run), expected, "{found:?}");
        };
        check(b"old\nnew\n", Remainder::Complete);
        check(b"old\nnew\nmore\n", Remainder::Complete);
        check(b"old\n", Remainder::Torn);
        check(b"old\nne", Remainder::Torn);
        check(b"old\n\0\0w\n", Remainder::Torn);
        check(b"old\nother\n", Remainder::Foreign);
        check(b"ol", Remainder::Foreign);
        check(b"", Remainder::Foreign);
    }

    #[test]
    fn readers_see_events_that_only_the_log_holds() {
        let frame = Frame {
            seq: 7,
            wall_us: 0,
            changes: Vec::new(),
            events: Some(EventAppend {
                segment: RelPath::known("events/202601/x.jsonl"),
                offset: 4,
                bytes: b"new\n".to_vec(),
            }),
        };
        let check = |found: &[u8], expected: &[&[u8]]| {
            let at = At::shared("events/202601/x.jsonl");
            let mut segments = BTreeMap::from([(at, found.to_vec())]);
            overlay(std::slice::from_ref(&frame), &mut segments);
            let mut texts: Vec<Vec<u8>> = segments.into_values().collect();
            texts.sort();
            assert_eq!(texts, expected, "{found:?}");
        };
        check(b"old\n", &[b"old\nnew\n"]);
        check(b"old\nn", &[b"old\nnew\n"]);
        check(b"old\nnew\nmore\n", &[b"old\nnew\nmore\n"]);
        check(b"old\nother\n", &[b"new\n", b"old\nother\n"]);
        check(b"", &[b"", b"new\n"]);
    }
}
