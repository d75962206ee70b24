//! Bringing the files up to the log after a crash (`docs/design/storage.md` S4).
//!
//! Owns the order of steps, so that dying in any of them and starting over ends the same. Refuses to delete anything that
//! it does not know: what stands in the way is kept aside.

use super::frame::Frame;
use super::mark::{EventClock, Mark};
use super::options::Warning;
use super::redo::{Fate, Found, Trust, fates};
use super::scan::{Tail, scan};
use super::segment;
use super::session::{Session, damaged_wal};
use super::{apply, layout, merging, spool};
use crate::error::{Result, StoreError};
use crate::fs::{self, Access, At, Fs, absent_ok};
use crate::seeded::{self, Bug};
use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

/// Longest file that is compared with the log, in bytes.
const MAX_FILE: u64 = 64 * 1024 * 1024;

/// Carries out what the log says and the files lack; does nothing when they agree.
pub(crate) fn recover(session: &mut Session) -> Result<()> {
    let trust = trust(&session.mark, session.env.host.boot_id());
    let start = if trust == Trust::SameBoot && session.mark.offset <= session.wal_len {
        session.mark.offset
    } else {
        0
    };
    if start == session.wal_len {
        return note_empty_log(session, trust);
    }
    let mut found = scan(&session.read_wal(start)?, start);
    if start > 0 && found.tail != Tail::Clean {
        // Nothing is cut off on the word of the mark alone.
        found = scan(&session.read_wal(0)?, 0);
    }
    match found.tail {
        Tail::Clean => {}
        Tail::Torn(offset) => cut(session, offset)?,
        Tail::Broken(_) => return Err(damaged_wal(&found.tail)),
    }
    let is_new = |frame: &Frame| trust != Trust::SameBoot || frame.seq > session.mark.seq;
    let frames: Vec<Frame> = found
        .frames
        .into_iter()
        .map(|(frame, _)| frame)
        .filter(is_new)
        .collect();
    let Some(last) = frames.last() else {
        return note_empty_log(session, trust);
    };
    session.make_log_safe()?;
    sync_wal(session)?;
    sweep(&*session.env.fs)?;
    let quiet_since_us = session.mark.quiet_since_us(last.seq);
    // From here on a directory that changed late proves nothing about the user, also if this is cut short.
    session.mark.settled_us = None;
    session
        .mark
        .write_and_sync(&*session.env.fs)
        .map_err(|error| StoreError::io("write", &Mark::at(), error))?;
    let written = redo(session, &frames, trust, quiet_since_us)?;
    conclude(session, &frames, trust, &written)
}

/// Notes that the frames were carried out; after a restart the log is emptied, for nothing in it is needed any more.
fn conclude(
    session: &mut Session,
    frames: &[Frame],
    trust: Trust,
    written: &BTreeSet<At>,
) -> Result<()> {
    // Where the segments stand, and what their events say, has to be looked at anew.
    session.mark.segment = None;
    session.mark.clock = EventClock::default();
    match trust {
        Trust::SameBoot => {
            let host = Arc::clone(&session.env.host);
            for frame in frames {
                session.mark.advance(frame, session.wal_len, &*host);
            }
            write_mark(session)
        }
        Trust::Restarted | Trust::Suspect => {
            session
                .env
                .host
                .boot_id()
                .clone_into(&mut session.mark.boot);
            let last_seq = frames.last().map_or(0, |frame| frame.seq);
            session.mark.seq = last_seq.max(session.mark.seq);
            session.mark.settled_us = Some(session.env.host.now_us());
            session.empty_wal(frames, written)
        }
    }
}

/// Returns how far the mark can be believed in this boot.
pub(crate) fn trust(mark: &Mark, boot: &str) -> Trust {
    if mark.is_suspect {
        Trust::Suspect
    } else if mark.boot == boot || seeded::has(Bug::TrustAfterRestart) {
        Trust::SameBoot
    } else {
        Trust::Restarted
    }
}

/// Adopts an empty log, and mends a mark that points behind its end: the next frame would seem to be applied already.
fn note_empty_log(session: &mut Session, trust: Trust) -> Result<()> {
    if trust == Trust::SameBoot && session.mark.offset <= session.wal_len {
        return Ok(());
    }
    session.mark.offset = session.wal_len;
    session.mark.n_frames = 0;
    if trust == Trust::SameBoot {
        return write_mark(session);
    }
    // The mark may be older than the events that it speaks of.
    session.mark.clock = EventClock::default();
    session
        .env
        .host
        .boot_id()
        .clone_into(&mut session.mark.boot);
    Ok(())
}

fn write_mark(session: &Session) -> Result<()> {
    session
        .mark
        .write(&*session.env.fs)
        .map_err(|error| StoreError::io("write", &Mark::at(), error))
}

/// Removes a frame that was never finished, so that the next one does not begin behind it.
fn cut(session: &mut Session, offset: u64) -> Result<()> {
    if seeded::has(Bug::KeepTornFrame) {
        return Ok(());
    }
    if let Some(wal) = &mut session.wal {
        wal.set_len(offset)
            .map_err(|error| StoreError::io("cut", &layout::wal(), error))?;
        session.wal_len = offset;
    }
    Ok(())
}

/// A frame that its writer did not live to sync must be on disk before the first file follows it.
fn sync_wal(session: &mut Session) -> Result<()> {
    let is_durable = session.env.is_durable();
    match &mut session.wal {
        Some(wal) if is_durable => wal
            .sync_data()
            .map_err(|error| StoreError::io("sync", &layout::wal(), error)),
        _ => Ok(()),
    }
}

/// Removes temporary files that dead writers left.
fn sweep(fs: &dyn Fs) -> Result<()> {
    for dir in [At::shared("local/tmp"), At::private("tmp")] {
        let failed = |error| StoreError::io("clear", &dir, error);
        for entry in absent_ok(fs.list(&dir))
            .map_err(failed)?
            .unwrap_or_default()
        {
            if let Ok(path) = dir.path.join(&entry.name) {
                absent_ok(fs.unlink(&At::new(dir.root, path))).map_err(failed)?;
            }
        }
    }
    Ok(())
}

/// Writes what the frames say and returns the files that were written beside those that they name.
fn redo(
    session: &mut Session,
    frames: &[Frame],
    trust: Trust,
    quiet_since_us: Option<i64>,
) -> Result<BTreeSet<At>> {
    let fs = Arc::clone(&session.env.fs);
    let fates = fates(frames, trust, quiet_since_us, |at| find(&*fs, at)).map_err(|error| {
        StoreError::at_path("read", "the files named in the log".to_owned(), error)
    })?;
    let (seq, wall_us) = frames
        .last()
        .map_or((0, 0), |frame| (frame.seq, frame.wall_us));
    let mut written = BTreeSet::new();
    for (place, (at, fate)) in fates.into_iter().enumerate() {
        let tag = format!("redo-{place}");
        match fate {
            Fate::Done => {}
            Fate::Write {
                post,
                saves_current,
            } => {
                if saves_current {
                    let current = fs::read(&*fs, &at, MAX_FILE)
                        .map_err(|error| StoreError::io("read", &at, error))?;
                    let saved =
                        keep_aside(&*fs, &layout::backup(seq, wall_us, &at, "found"), &current)?;
                    session.warnings.push(Warning::Restored {
                        path: at.to_string(),
                        saved,
                    });
                }
                apply::put(&*fs, &at, post.as_deref(), &tag)?;
            }
            Fate::Keep { post } => {
                if trust == Trust::SameBoot
                    && let Some(warning) =
                        merge_edit(session, (seq, wall_us), &at, post.as_deref())?
                {
                    session.warnings.push(warning);
                    continue;
                }
                let saved = match post {
                    Some(post) => {
                        keep_aside(&*fs, &layout::backup(seq, wall_us, &at, "log"), &post)?
                    }
                    None => "nowhere, as it was to be removed".to_owned(),
                };
                session.warnings.push(Warning::ExternalEdit {
                    path: at.to_string(),
                    saved,
                });
            }
        }
    }
    written.extend(segment::redo(&*fs, frames, trust)?);
    Ok(written)
}

/// Merges an edit that was made in the window between the log and the file, where the log still has the version that it was
/// made from; the edit itself is kept aside.
///
/// Dying in it and starting over is harmless: what was merged is an edit of no version that the log knows, so it stays.
fn merge_edit(
    session: &Session,
    (seq, wall_us): (u64, i64),
    at: &At,
    post: Option<&[u8]>,
) -> Result<Option<Warning>> {
    let Some(post) = post else {
        return Ok(None);
    };
    let fs = &*session.env.fs;
    let found =
        absent_ok(fs::read(fs, at, MAX_FILE)).map_err(|error| StoreError::io("read", at, error))?;
    let Some(found) = found else {
        return Ok(None);
    };
    let logged = scan(&session.read_wal(0)?, 0).frames.into_iter();
    let frames = logged.map(|(frame, _)| frame).chain(spool::read(fs)?);
    let changes = frames.flat_map(|frame| frame.changes);
    let earlier = changes.filter_map(|change| change.post.filter(|_| change.at == *at));
    let Some(merged) = merging::merge_edit(at, earlier, [post, &found]) else {
        return Ok(None);
    };
    let saved = keep_aside(fs, &layout::backup(seq, wall_us, at, "found"), &found)?;
    apply::put(fs, at, Some(&merged), "redo-merged")?;
    let path = at.to_string();
    Ok(Some(Warning::Merged { path, saved }))
}

/// Returns what a file holds, or since when it can be missing.
pub(crate) fn find(fs: &dyn Fs, at: &At) -> io::Result<Found> {
    if let Some(file) = absent_ok(fs.open(at, Access::Read))? {
        let ctime_ns = file.opened()?.ctime_ns;
        let bytes = fs::read_to_end(&*file, 0, MAX_FILE)?;
        return Ok(Found::Content { bytes, ctime_ns });
    }
    let mut dir = at.path.parent();
    while let Some(path) = dir {
        let above = path.parent();
        if let Some(stat) = absent_ok(fs.stat(&At::new(at.root, path)))? {
            return Ok(Found::Missing {
                dir_ctime_ns: stat.ctime_ns,
            });
        }
        dir = above;
    }
    let root = absent_ok(fs.stat_root(at.root))?;
    Ok(Found::Missing {
        dir_ctime_ns: root.map_or(0, |stat| stat.ctime_ns),
    })
}

/// Writes a copy that nobody looks for but a person, makes sure of it, and says where it is.
pub(crate) fn keep_aside(fs: &dyn Fs, at: &At, bytes: &[u8]) -> Result<String> {
    let failed = |error| StoreError::io("write", at, error);
    if let Some(parent) = at.path.parent() {
        fs::make_dirs(fs, at.root, &parent).map_err(failed)?;
    }
    let mut file = fs.open(at, Access::Create).map_err(failed)?;
    fs::write_all_at(&mut *file, 0, bytes).map_err(failed)?;
    file.set_len(bytes.len() as u64).map_err(failed)?;
    file.sync().map_err(failed)?;
    let mut dir = at.path.parent();
    while let Some(path) = dir {
        fs.sync_dir(at.root, Some(&path)).map_err(failed)?;
        dir = path.parent();
    }
    fs.sync_dir(at.root, None).map_err(failed)?;
    Ok(at.to_string())
}
