//! Carrying a transaction from the log into the files.
//!
//! Owns replacing files by rename, appending to segments and syncing both. Refuses to decide what is written.

use super::frame::{EventAppend, Frame};
use super::layout;
use crate::error::{Result, StoreError};
use crate::fs::{self, Access, At, Fs, RelPath, Root, Stat, absent_ok};
use std::collections::BTreeSet;
use std::io;

/// From how many files on a sync of the whole file system costs less than one of each.
const SYNC_EACH: usize = 256;

/// Gives a file its content, or removes it, in one step that a reader sees whole or not at all.
///
/// `tag` makes the name of the temporary file unique under the lock.
pub(crate) fn put(fs: &dyn Fs, at: &At, post: Option<&[u8]>, tag: &str) -> Result<()> {
    let Some(bytes) = post else {
        absent_ok(fs.unlink(at)).map_err(|error| StoreError::io("remove", at, error))?;
        return Ok(());
    };
    let temporary = At::new(at.root, layout::temporary(at.root, tag));
    write_new(fs, &temporary, bytes).map_err(|error| StoreError::io("write", &temporary, error))?;
    rename_into(fs, &temporary, &at.path).map_err(|error| StoreError::io("replace", at, error))
}

/// Writes a file that must be new; one that a dead writer left under the same name goes first.
fn write_new(fs: &dyn Fs, at: &At, bytes: &[u8]) -> io::Result<()> {
    let mut file = match fs.open(at, Access::New) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let parent = at
                .path
                .parent()
                .expect("temporary files lie in a directory of their own");
            fs::make_dirs(fs, at.root, &parent)?;
            fs.open(at, Access::New)?
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs.unlink(at)?;
            fs.open(at, Access::New)?
        }
        Err(error) => return Err(error),
    };
    fs::write_all_at(&mut *file, 0, bytes)
}

fn rename_into(fs: &dyn Fs, from: &At, to: &RelPath) -> io::Result<()> {
    match fs.rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if let Some(parent) = to.parent() {
                fs::make_dirs(fs, from.root, &parent)?;
            }
            fs.rename(from, to)
        }
        other => other,
    }
}

/// Writes the lines at the end of the segment and returns how the segment looks then.
///
/// A segment that has another length than it had a moment ago is somebody else's now, and is left alone.
pub(crate) fn append(fs: &dyn Fs, events: &EventAppend) -> Result<Stat> {
    write_lines(fs, events, |len| len == events.offset)
}

/// Writes the lines at their place in a segment that may hold a part of them.
pub(crate) fn complete(fs: &dyn Fs, events: &EventAppend) -> Result<Stat> {
    write_lines(fs, events, |len| len >= events.offset)
}

fn write_lines(
    fs: &dyn Fs,
    events: &EventAppend,
    is_expected: impl Fn(u64) -> bool,
) -> Result<Stat> {
    let at = At::new(Root::Shared, events.segment.clone());
    let failed = |error| StoreError::io("append to", &at, error);
    let mut file = match fs.open(&at, Access::Create) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let parent = events
                .segment
                .parent()
                .expect("segments lie in the directory of a month");
            fs::make_dirs(fs, Root::Shared, &parent).map_err(failed)?;
            fs.open(&at, Access::Create).map_err(failed)?
        }
        other => other.map_err(failed)?,
    };
    if !is_expected(file.opened().map_err(failed)?.len) {
        let reason = "its length changed while it was extended".to_owned();
        return Err(StoreError::Damaged {
            path: at.to_string(),
            reason,
        });
    }
    fs::write_all_at(&mut *file, events.offset, &events.bytes).map_err(failed)?;
    file.stat().map_err(failed)
}

/// Waits until every file that the frames name, and the name of it, is on disk.
pub(crate) fn sync(fs: &dyn Fs, frames: &[Frame], more: &BTreeSet<At>) -> Result<()> {
    let segments = frames.iter().filter_map(|frame| frame.events.as_ref());
    let segments = segments.map(|events| At::new(Root::Shared, events.segment.clone()));
    let changed = frames
        .iter()
        .flat_map(|frame| &frame.changes)
        .map(|change| change.at.clone());
    let files: BTreeSet<At> = changed
        .chain(segments)
        .chain(more.iter().cloned())
        .collect();
    if files.len() > SYNC_EACH {
        for root in [Root::Shared, Root::Private] {
            match fs.sync_all(root) {
                Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                    return sync_each(fs, &files);
                }
                other => other.map_err(|error| {
                    StoreError::at_path("sync", format!("{root:?} directory"), error)
                })?,
            }
        }
        return Ok(());
    }
    sync_each(fs, &files)
}

fn sync_each(fs: &dyn Fs, files: &BTreeSet<At>) -> Result<()> {
    let mut dirs = BTreeSet::new();
    for at in files {
        sync_file(fs, at).map_err(|error| StoreError::io("sync", at, error))?;
        let mut dir = at.path.parent();
        while let Some(parent) = dir {
            dir = parent.parent();
            dirs.insert((at.root, Some(parent)));
        }
        dirs.insert((at.root, None));
    }
    // Deepest first is not needed: a name that is on disk in a directory that is not yet costs nothing.
    for (root, dir) in dirs {
        let shown = dir.as_ref().map_or("", RelPath::as_str);
        absent_ok(fs.sync_dir(root, dir.as_ref()))
            .map_err(|error| StoreError::at_path("sync", format!("{root:?}/{shown}"), error))?;
    }
    Ok(())
}

fn sync_file(fs: &dyn Fs, at: &At) -> io::Result<()> {
    match absent_ok(fs.open(at, Access::Read))? {
        Some(mut file) => file.sync(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::sim::SimFs;

    #[test]
    fn lines_go_only_where_they_were_meant_to() {
        let events = |offset| EventAppend {
            segment: RelPath::known("events/202601/x.jsonl"),
            offset,
            bytes: b"new\n".to_vec(),
        };
        let fs = SimFs::new();
        let text = || fs::read(&fs, &At::shared("events/202601/x.jsonl"), 100).unwrap();
        append(&fs, &events(0)).unwrap();
        append(&fs, &events(4)).unwrap();
        for offset in [0, 4, 9] {
            append(&fs, &events(offset)).unwrap_err();
        }
        complete(&fs, &events(9)).unwrap_err();
        assert_eq!(text(), b"new\nnew\n");
        complete(&fs, &events(4)).unwrap();
        assert_eq!(text(), b"new\nnew\n");
    }
}
