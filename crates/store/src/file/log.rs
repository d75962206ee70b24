//! Reading events: segments in order of arrival, from a cursor on.
//!
//! Owns cursors and the rule that each id is shown once. Refuses to wait: see `watch`.

use super::frame::Frame;
use super::layout;
use super::mark::Mark;
use super::options::Env;
use super::recover::trust;
use super::redo::Trust;
use super::scan::scan;
use super::segment::{self, MAX_SEGMENT_READ};
use super::session::MAX_WAL;
use crate::error::{Result, StoreError};
use crate::fs::{self, Access, At, Fs, Root, absent_ok};
use crate::traits::{Cursor, Events};
use jit_core::{Event, Value};
use std::collections::{BTreeMap, BTreeSet};

/// How far each segment has been read, by a short hash of its path.
type Positions = BTreeMap<String, u64>;

/// First characters of every cursor: the version of its form.
const PREFIX: &str = "c1";

/// Characters of an event's id, and of a segment's name, that tell the time.
const TIME_LENGTH: usize = 10;

/// Characters of the hash that names a segment in a cursor.
const NAME_LENGTH: usize = 10;

/// Reads all events after the cursor; without one also those of transactions that only the log holds yet.
///
/// The cursor does not count the latter: should the disk refuse them, others will take their place. Whoever goes on from it
/// is shown them again when they have arrived.
pub(crate) fn read(env: &Env, since: Option<&Cursor>) -> Result<Events> {
    let fs = &*env.fs;
    let mut positions = since.map_or(Ok(Positions::new()), decode)?;
    // The log is read before the segments: what reaches them in between is found complete.
    let pending = since.map_or_else(|| pending(env), |_| Ok(Vec::new()))?;
    let mut texts = BTreeMap::new();
    for at in segments(fs)? {
        let name = name_of(&at);
        let start = positions.get(&name).copied().unwrap_or(0);
        let bytes = read_from(fs, &at, start)?;
        let reached = start + whole_lines(&bytes).len() as u64;
        if reached > 0 {
            positions.insert(name, reached);
        }
        texts.insert(at, bytes);
    }
    segment::overlay(&pending, &mut texts);
    Ok(listed(&texts, &positions))
}

/// Reads the `n` newest events, from as few segments as hold them.
pub(crate) fn newest(env: &Env, n: usize) -> Result<Events> {
    let fs = &*env.fs;
    let all = || {
        let mut all = read(env, None)?;
        all.keep_newest(n);
        Ok(all)
    };
    if !pending(env)?.is_empty() {
        return all();
    }
    let mut positions = Positions::new();
    let mut texts = BTreeMap::new();
    let mut found = BTreeSet::new();
    for at in segments(fs)?.into_iter().rev() {
        let reached = if found.len() < n {
            let bytes = read_from(fs, &at, 0)?;
            let lines = whole_lines(&bytes);
            for event in lines
                .split(|byte| *byte == b'\n')
                .filter_map(|line| parse(line).ok())
            {
                // A copy from an older segment, as a cherry-pick makes them: only all segments tell which came first.
                if event.id.to_string()[..TIME_LENGTH]
                    < at.path.name()[..TIME_LENGTH.min(at.path.name().len())]
                {
                    return all();
                }
                found.insert(event.id);
            }
            let reached = lines.len() as u64;
            texts.insert(at.clone(), bytes);
            reached
        } else {
            end_of(fs, &at)?
        };
        if reached > 0 {
            positions.insert(name_of(&at), reached);
        }
    }
    let mut events = listed(&texts, &positions);
    events.keep_newest(n);
    Ok(events)
}

/// Returns where the last whole line of a segment ends.
fn end_of(fs: &dyn Fs, at: &At) -> Result<u64> {
    let failed = |error| StoreError::io("read", at, error);
    let Some(file) = absent_ok(fs.open(at, Access::Read)).map_err(failed)? else {
        return Ok(0);
    };
    let len = file.opened().map_err(failed)?.len;
    let mut last = [0];
    let is_whole =
        len > 0 && file.read_at(len - 1, &mut last).map_err(failed)? == 1 && last == [b'\n'];
    if is_whole {
        return Ok(len);
    }
    let bytes = fs::read_to_end(&*file, 0, MAX_SEGMENT_READ).map_err(failed)?;
    Ok(whole_lines(&bytes).len() as u64)
}

fn name_of(at: &At) -> String {
    blake3::hash(at.path.as_str().as_bytes()).to_hex()[..NAME_LENGTH].to_owned()
}

/// Returns the events of these segments, each id once.
fn listed(texts: &BTreeMap<At, Vec<u8>>, positions: &Positions) -> Events {
    let (mut events, mut problems, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (at, bytes) in texts {
        let lines = whole_lines(bytes).split(|byte| *byte == b'\n');
        for line in lines.filter(|line| !line.is_empty()) {
            match parse(line) {
                Ok(event) => {
                    if seen.insert(event.id) {
                        events.push(event);
                    }
                }
                Err(problem) => problems.push(format!("{at}: {problem}")),
            }
        }
    }
    Events {
        events,
        cursor: encode(positions),
        problems,
    }
}

/// Returns the transactions that are committed and may not have reached the segments.
pub(super) fn pending(env: &Env) -> Result<Vec<Frame>> {
    let fs = &*env.fs;
    let mark = Mark::read(fs).map_err(|error| StoreError::io("read", &Mark::at(), error))?;
    let mark = mark.unwrap_or_default();
    let at = layout::wal();
    let bytes = absent_ok(fs::read(fs, &at, MAX_WAL))
        .map_err(|error| StoreError::io("read", &at, error))?;
    let frames = scan(&bytes.unwrap_or_default(), 0).frames.into_iter();
    let trust = trust(&mark, env.host.boot_id());
    let is_pending = |frame: &Frame| trust != Trust::SameBoot || frame.seq > mark.seq;
    Ok(frames.map(|(frame, _)| frame).filter(is_pending).collect())
}

/// Leaves out a line without its end: it is still being written.
pub(super) fn whole_lines(bytes: &[u8]) -> &[u8] {
    let last = bytes.iter().rposition(|byte| *byte == b'\n');
    &bytes[..last.map_or(0, |last| last + 1)]
}

pub(super) fn parse(line: &[u8]) -> std::result::Result<Event, String> {
    let value: Value = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    let Value::Object(fields) = value else {
        return Err("a line is not an object".to_owned());
    };
    Event::from_fields(fields).map_err(|error| error.to_string())
}

/// Returns all segments, the oldest first.
fn segments(fs: &dyn Fs) -> Result<Vec<At>> {
    let top = layout::events();
    let mut found = Vec::new();
    let months = absent_ok(fs.list(&top)).map_err(|error| StoreError::io("list", &top, error))?;
    for month in months.unwrap_or_default() {
        let Ok(path) = top.path.join(&month.name) else {
            continue;
        };
        let is_month =
            month.name.len() == 6 && month.name.bytes().all(|byte| byte.is_ascii_digit());
        if !is_month {
            continue;
        }
        let dir = At::new(Root::Shared, path);
        let entries =
            absent_ok(fs.list(&dir)).map_err(|error| StoreError::io("list", &dir, error))?;
        let names = entries
            .unwrap_or_default()
            .into_iter()
            .filter(|entry| entry.name.strip_suffix(".jsonl").is_some());
        found.extend(
            names
                .filter_map(|entry| dir.path.join(&entry.name).ok())
                .map(|path| At::new(Root::Shared, path)),
        );
    }
    Ok(found)
}

/// Reads a segment from an offset on; one that has gone or become shorter has nothing new.
fn read_from(fs: &dyn Fs, at: &At, start: u64) -> Result<Vec<u8>> {
    let failed = |error| StoreError::io("read", at, error);
    match absent_ok(fs.open(at, Access::Read)).map_err(failed)? {
        None => Ok(Vec::new()),
        Some(file) => fs::read_to_end(&*file, start, MAX_SEGMENT_READ).map_err(failed),
    }
}

fn encode(positions: &Positions) -> Cursor {
    let parts = positions
        .iter()
        .map(|(name, offset)| format!(".{name}{offset:x}"));
    Cursor(std::iter::once(PREFIX.to_owned()).chain(parts).collect())
}

fn decode(cursor: &Cursor) -> Result<Positions> {
    let bad = || StoreError::BadCursor(cursor.as_str().escape_default().to_string());
    let mut parts = cursor.as_str().split('.');
    if parts.next() != Some(PREFIX) {
        return Err(bad());
    }
    let read = |part: &str| {
        let (name, offset) = part.split_at_checked(NAME_LENGTH)?;
        Some((name.to_owned(), u64::from_str_radix(offset, 16).ok()?))
    };
    parts.map(|part| read(part).ok_or_else(bad)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_foreign_text_is_refused() {
        let positions = Positions::from([
            ("0123456789".to_owned(), 4096),
            ("abcdefabcd".to_owned(), 1),
        ]);
        assert_eq!(decode(&encode(&positions)).unwrap(), positions);
        assert_eq!(encode(&Positions::new()).as_str(), "c1");
        for text in [
            "",
            "c2",
            "c1.",
            "c1.0123456789",
            "c1.0123456789xyz",
            "c1.\u{e9}",
            "0",
        ] {
            assert!(decode(&Cursor::from_text(text)).is_err(), "{text}");
        }
    }
}
