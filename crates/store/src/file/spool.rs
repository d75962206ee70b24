//! The spool: what the log held before it was emptied (`docs/design/storage.md` S13).
//!
//! Owns the private copy of every recent change to a shared file, from which `jit recover` brings back what git has removed
//! before anybody committed it. It is insurance, not truth: it is never read to answer a question about issues, and nothing
//! waits for it to reach the disk. Refuses to decide what is lost: see `lost`.

use super::frame::{FileChange, Frame, MAGIC};
use super::layout;
use crate::error::{Result, StoreError};
use crate::fs::{self, Access, At, Fs, Root, absent_ok};
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// How long the spool and its files get, in bytes.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// From which length on a file is not extended.
    part: u64,
    /// From which length of all files together on they are compacted, to half of it.
    total: u64,
}

/// The limits of every store.
const LIMITS: Limits = Limits {
    part: 1024 * 1024,
    total: 64 * 1024 * 1024,
};

/// Longest file of the spool that is read, in bytes: one transaction may be longer than a file gets by others.
const MAX_READ: u64 = 2 * super::frame::MAX_PAYLOAD;

/// Keeps what these frames say about shared files.
///
/// Keeping the same frame twice is harmless; what a death leaves half written is skipped by [`read`].
pub(crate) fn keep(fs: &dyn Fs, frames: &[Frame]) -> Result<()> {
    keep_within(fs, frames, LIMITS)
}

fn keep_within(fs: &dyn Fs, frames: &[Frame], limits: Limits) -> Result<()> {
    let bytes: Vec<u8> = frames
        .iter()
        .filter_map(shared_part)
        .flat_map(|frame| frame.encode())
        .collect();
    if bytes.is_empty() {
        return Ok(());
    }
    let parts = parts(fs)?;
    let (number, start) = match parts.last_key_value() {
        Some((number, len)) if *len < limits.part => (*number, *len),
        Some((number, _)) => (number + 1, 0),
        None => (1, 0),
    };
    append(fs, number, start, &bytes)?;
    let is_new = start == 0;
    let total = parts.values().sum::<u64>() + bytes.len() as u64;
    if is_new && total > limits.total {
        compact(fs, limits.total / 2)?;
    }
    Ok(())
}

/// Returns every frame of the spool once, the oldest first.
pub(crate) fn read(fs: &dyn Fs) -> Result<Vec<Frame>> {
    let mut frames = Vec::new();
    let mut seen = BTreeSet::new();
    for number in parts(fs)?.into_keys() {
        let at = layout::spooled(number);
        let bytes = absent_ok(fs::read(fs, &at, MAX_READ))
            .map_err(|error| StoreError::io("read", &at, error))?;
        for frame in whole_frames(&bytes.unwrap_or_default()) {
            if seen.insert((frame.seq, frame.wall_us)) {
                frames.push(frame);
            }
        }
    }
    Ok(frames)
}

/// Returns the numbers of the spool's files with their lengths.
fn parts(fs: &dyn Fs) -> Result<BTreeMap<u64, u64>> {
    let dir = layout::spool();
    let entries = absent_ok(fs.list(&dir)).map_err(|error| StoreError::io("list", &dir, error))?;
    let mut parts = BTreeMap::new();
    for entry in entries.unwrap_or_default() {
        let Ok(number) = entry.name.parse() else {
            continue;
        };
        let at = layout::spooled(number);
        let stat =
            absent_ok(fs.stat(&at)).map_err(|error| StoreError::io("look at", &at, error))?;
        parts.extend(stat.map(|stat| (number, stat.len)));
    }
    Ok(parts)
}

/// Leaves out what is private to the clone, which git can't remove.
fn shared_part(frame: &Frame) -> Option<Frame> {
    let is_shared = |change: &&FileChange| change.at.root == Root::Shared;
    let changes: Vec<_> = frame.changes.iter().filter(is_shared).cloned().collect();
    let has_any = !changes.is_empty() || frame.events.is_some();
    has_any.then(|| Frame {
        changes,
        ..frame.clone()
    })
}

fn append(fs: &dyn Fs, number: u64, start: u64, bytes: &[u8]) -> Result<()> {
    let at = layout::spooled(number);
    let failed = |error| StoreError::io("append to", &at, error);
    let mut file = match fs.open(&at, Access::Create) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::make_dirs(fs, Root::Private, &layout::spool().path).map_err(failed)?;
            fs.open(&at, Access::Create).map_err(failed)?
        }
        other => other.map_err(failed)?,
    };
    fs::write_all_at(&mut *file, start, bytes).map_err(failed)
}

/// Returns the good frames, also those behind something broken.
fn whole_frames(bytes: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    let mut at = 0;
    while let Some(found) = bytes[at..]
        .windows(MAGIC.len())
        .position(|window| window == MAGIC)
    {
        at += found;
        match Frame::decode(&bytes[at..]) {
            Some((frame, len)) => {
                at += len;
                frames.push(frame);
            }
            None => at += 1,
        }
    }
    frames
}

/// Writes the spool anew: of each file only the last version, all events, and of these the newest up to `limit` bytes.
fn compact(fs: &dyn Fs, limit: u64) -> Result<()> {
    let old: Vec<u64> = parts(fs)?.into_keys().collect();
    let frames = read(fs)?;
    let mut newest_first: Vec<Vec<u8>> = Vec::new();
    let mut seen: BTreeSet<At> = BTreeSet::new();
    let mut total = 0;
    for mut frame in frames.into_iter().rev() {
        frame
            .changes
            .retain(|change| seen.insert(change.at.clone()));
        let Some(frame) = shared_part(&frame) else {
            continue;
        };
        let bytes = frame.encode();
        total += bytes.len() as u64;
        // The newest stays, whatever its length.
        if total > limit && !newest_first.is_empty() {
            break;
        }
        newest_first.push(bytes);
    }
    let next = old.last().map_or(1, |last| last + 1);
    let bytes: Vec<u8> = newest_first.into_iter().rev().flatten().collect();
    append(fs, next, 0, &bytes)?;
    let at = layout::spooled(next);
    let synced = fs.open(&at, Access::Write).and_then(|mut file| file.sync());
    synced.map_err(|error| StoreError::io("sync", &at, error))?;
    for number in old {
        let at = layout::spooled(number);
        absent_ok(fs.unlink(&at)).map_err(|error| StoreError::io("remove", &at, error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::frame::tests::frame;
    use super::*;
    use crate::fs::sim::SimFs;

    fn store() -> SimFs {
        let fs = SimFs::new();
        super::super::init::make(&fs).unwrap();
        fs
    }

    /// A frame that gives a file this content.
    fn change(seq: u64, name: &str, text: &str) -> Frame {
        let mut frame = frame(seq);
        frame.changes.truncate(1);
        frame.changes[0].at = At::shared(name);
        frame.changes[0].post = Some(text.as_bytes().to_vec());
        frame.events = None;
        frame
    }

    fn texts(fs: &SimFs) -> Vec<String> {
        let frames = read(fs).unwrap();
        let changes = frames.into_iter().flat_map(|frame| frame.changes);
        changes
            .map(|change| {
                let text = String::from_utf8(change.post.unwrap_or_default()).unwrap();
                format!("{} {text}", change.at.path)
            })
            .collect()
    }

    #[test]
    fn only_shared_files_are_kept_and_each_frame_once() {
        let fs = store();
        keep(&fs, &[frame(1)]).unwrap();
        keep(&fs, &[frame(1), frame(2)]).unwrap();
        let frames = read(&fs).unwrap();
        assert_eq!(frames.iter().map(|it| it.seq).collect::<Vec<_>>(), [1, 2]);
        for kept in frames {
            assert_eq!(kept.events, frame(1).events);
            assert_eq!(kept.changes, frame(1).changes[..1]);
        }
    }

    #[test]
    fn what_was_cut_short_hides_nothing_that_follows() {
        let whole = change(1, "issues/aa/aa.json", "one").encode();
        for cut in 0..whole.len() {
            let fs = store();
            append(&fs, 1, 0, &whole[..cut]).unwrap();
            keep(&fs, &[change(2, "issues/aa/aa.json", "two")]).unwrap();
            assert_eq!(texts(&fs), ["issues/aa/aa.json two"], "cut at {cut}");
        }
    }

    #[test]
    fn a_compacted_spool_has_the_last_version_of_each_file() {
        let fs = store();
        let frames = [
            change(1, "issues/aa/aa.json", "old"),
            change(2, "issues/bb/bb.json", "b"),
            change(3, "issues/aa/aa.json", "new"),
        ];
        keep(&fs, &frames).unwrap();
        compact(&fs, 1 << 20).unwrap();
        assert_eq!(texts(&fs), ["issues/bb/bb.json b", "issues/aa/aa.json new"]);
        assert_eq!(parts(&fs).unwrap().len(), 1);
        // What no longer fits goes, the oldest first.
        compact(&fs, 1).unwrap();
        assert_eq!(texts(&fs), ["issues/aa/aa.json new"]);
    }

    #[test]
    fn the_spool_never_outgrows_its_limit() {
        let fs = store();
        let limits = Limits {
            part: 1_000,
            total: 20_000,
        };
        let text = "x".repeat(300);
        for seq in 0..300 {
            let name = format!("issues/aa/{seq}.json");
            keep_within(&fs, &[change(seq, &name, &text)], limits).unwrap();
            let total: u64 = parts(&fs).unwrap().values().sum();
            assert!(total <= limits.total + 2 * limits.part, "{total} bytes");
        }
        assert!(texts(&fs).last().unwrap().starts_with("issues/aa/299.json"));
    }
}
