//! Writing transactions under the lock: the commit protocol of `docs/design/storage.md` S2.
//!
//! Owns the order of append, sync, apply, mark and checkpoint, and what an error at each of them means. Refuses to know
//! what the files mean.

use super::frame::{ContentHash, EventAppend, FileChange, Frame, MAX_PAYLOAD};
use super::index::Index;
use super::mark::{Mark, SegmentMemory};
use super::options::{Durability, Env, Warning};
use super::scan::{Tail, scan};
use super::{apply, layout, lock, recover, spool};
use crate::error::{Result, StoreError, text_of};
use crate::fs::{self, Access, At, File, LockGuard, LockMode, Root, absent_ok};
use crate::seeded::{self, Bug};
use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

/// How many frames the log holds at most before it is carried out and emptied.
const CHECKPOINT_FRAMES: u32 = 64;

/// How long the log grows before it is emptied, in bytes.
const CHECKPOINT_BYTES: u64 = 256 * 1024;

/// How old its oldest frame gets before it is emptied, microseconds.
const CHECKPOINT_AGE_US: i64 = 30_000_000;

/// Longest log that is read, in bytes.
pub(crate) const MAX_WAL: u64 = 2 * MAX_PAYLOAD;

/// The sole writer of a store, until it is dropped.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) env: Env,
    pub(crate) mark: Mark,
    pub(crate) wal: Option<Box<dyn File>>,
    pub(crate) wal_len: u64,
    pub(crate) warnings: Vec<Warning>,
    /// The index that follows the files, if there is one.
    pub(crate) index: Option<Arc<Index>>,
    /// The log holds a frame that did not reach the files.
    is_pending: bool,
    _lock: LockGuard,
}

impl Session {
    /// Takes the lock and brings the files up to the log.
    pub(crate) fn begin(env: &Env) -> Result<Self> {
        let fs = &*env.fs;
        let lock = lock::acquire(env, LockMode::Exclusive)?;
        refuse_unsafe(env)?;
        let mark = Mark::read(fs).map_err(|error| StoreError::io("read", &Mark::at(), error))?;
        let (wal, wal_len) = open_wal(env)?;
        let mark = mark.unwrap_or_default();
        let mut session = Self {
            env: env.clone(),
            mark,
            wal,
            wal_len,
            warnings: Vec::new(),
            index: None,
            is_pending: false,
            _lock: lock,
        };
        recover::recover(&mut session)?;
        Ok(session)
    }

    /// Writes all of it or nothing; an error but [`StoreError::OutcomeUnknown`] means nothing.
    ///
    /// Returns the number of the transaction. Whatever goes wrong once the log has it is a warning.
    pub(crate) fn commit(
        &mut self,
        changes: Vec<FileChange>,
        events: Option<NewEvents>,
    ) -> Result<u64> {
        if self.is_pending {
            recover::recover(self)?;
            self.is_pending = false;
        }
        let (events, memory) =
            events.map_or((None, None), |new| (Some(new.append), Some(new.memory)));
        let frame = Frame {
            seq: self.mark.seq + 1,
            wall_us: self.env.host.now_us(),
            changes,
            events,
        };
        let bytes = frame.encode();
        if bytes.len() as u64 > MAX_PAYLOAD {
            let path = "the transaction".to_owned();
            return Err(StoreError::TooLarge {
                path,
                len: bytes.len() as u64,
                max: MAX_PAYLOAD,
            });
        }
        if seeded::has(Bug::ApplyFirst) {
            self.write_files(&frame)?;
        }
        self.append(&bytes)?;
        // The commit point. From here on nothing may be reported as failure.
        if let Err(error) = self.apply(&frame, memory) {
            self.is_pending = true;
            if seeded::has(Bug::FailAfterCommit) {
                return Err(error);
            }
            self.warnings.push(Warning::ApplyPending {
                reason: text_of(&error),
            });
            return Ok(frame.seq);
        }
        self.checkpoint_if_due(&frame);
        Ok(frame.seq)
    }

    /// Replaces files one by one without the log, for writes that nothing else depends on.
    pub(crate) fn put_directly(&mut self, files: &[(At, Vec<u8>)]) -> Result<()> {
        for (place, (at, bytes)) in files.iter().enumerate() {
            apply::put(&*self.env.fs, at, Some(bytes), &format!("direct-{place}"))?;
        }
        Ok(())
    }

    /// Puts the frame into the log and, in durable mode, onto the disk.
    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.ensure_wal()?;
        self.make_log_safe()?;
        let start = self.wal_len;
        let is_durable = self.env.is_durable();
        let wal = self.wal.as_mut().expect("the log was just opened");
        let written = fs::write_all_at(&mut **wal, start, bytes);
        let outcome = match written {
            Ok(()) if is_durable => sync_log(&mut **wal),
            other => other,
        };
        let Err(error) = outcome else {
            self.wal_len = start + bytes.len() as u64;
            return Ok(());
        };
        // A failed sync is never tried again on the same bytes: they go, and that has to reach the disk.
        let taken_back = wal
            .set_len(start)
            .and_then(|()| if is_durable { wal.sync_data() } else { Ok(()) });
        if taken_back.is_ok() {
            return Err(StoreError::io("write", &layout::wal(), error));
        }
        self.stop_writers(&error);
        Err(StoreError::OutcomeUnknown(error))
    }

    /// Brings the name of the log to disk, once.
    pub(crate) fn make_log_safe(&mut self) -> Result<()> {
        if self.env.is_durable() && !self.mark.has_safe_log {
            let synced = self.env.fs.sync_dir(Root::Private, None);
            synced.map_err(|error| StoreError::io("sync", &layout::wal(), error))?;
            self.mark.has_safe_log = true;
        }
        Ok(())
    }

    fn ensure_wal(&mut self) -> Result<()> {
        if self.wal.is_some() {
            return Ok(());
        }
        let fs = &*self.env.fs;
        let unwritable = |source| StoreError::StateDirUnwritable {
            path: self.env.private.clone(),
            source,
        };
        fs.make_root(Root::Private).map_err(unwritable)?;
        let wal = fs
            .open(&layout::wal(), Access::Create)
            .map_err(unwritable)?;
        self.wal = Some(wal);
        self.mark.has_safe_log = false;
        self.wal_len = 0;
        Ok(())
    }

    /// Leaves a note that keeps every writer away until a person has looked at the disk.
    fn stop_writers(&mut self, error: &io::Error) {
        let note = || -> io::Result<()> {
            let mut file = self.env.fs.open(&layout::stop_marker(), Access::Create)?;
            fs::write_all_at(&mut *file, 0, error.to_string().as_bytes())
        };
        if let Err(second) = note() {
            // The answer is "unknown" either way; the next writer meets the same disk.
            let reason = format!("the disk error could not be noted: {second}");
            self.warnings.push(Warning::CheckpointFailed { reason });
        }
    }

    /// Gives every file of the frame its content.
    fn write_files(&self, frame: &Frame) -> Result<()> {
        for (place, change) in frame.changes.iter().enumerate() {
            let tag = format!("{}-{place}", frame.seq);
            apply::put(&*self.env.fs, &change.at, change.post.as_deref(), &tag)?;
        }
        Ok(())
    }

    fn apply(&mut self, frame: &Frame, memory: Option<SegmentMemory>) -> Result<()> {
        self.write_files(frame)?;
        let fs = &*self.env.fs;
        let mut memory = memory;
        if let Some(events) = &frame.events {
            let stat = apply::append(fs, events)?;
            if let Some(memory) = &mut memory {
                memory.seen = Some((stat.ino, stat.ctime_ns));
            }
        }
        if let Some(index) = self
            .index
            .take_if(|index| index.record(&self.env, frame).is_err())
        {
            // It no longer knows the last transaction, so the next command brings it up to the files.
            drop(index);
        }
        if self.env.options.durability == Durability::Paranoid {
            apply::sync(fs, std::slice::from_ref(frame), &BTreeSet::new())?;
        }
        let mut mark = self.mark.clone();
        mark.advance(frame, self.wal_len, &*self.env.host);
        if memory.is_some() {
            mark.segment = memory;
        }
        mark.write(fs)
            .map_err(|error| StoreError::io("write", &Mark::at(), error))?;
        self.mark = mark;
        Ok(())
    }

    fn checkpoint_if_due(&mut self, frame: &Frame) {
        let age = frame.wall_us.saturating_sub(self.mark.oldest_us);
        let is_due = self.mark.n_frames >= CHECKPOINT_FRAMES
            || self.wal_len >= CHECKPOINT_BYTES
            || !(0..=CHECKPOINT_AGE_US).contains(&age);
        if !is_due {
            return;
        }
        if let Err(error) = self.checkpoint() {
            self.warnings.push(Warning::CheckpointFailed {
                reason: text_of(&error),
            });
        }
    }

    /// Syncs what the log names and empties it.
    fn checkpoint(&mut self) -> Result<()> {
        let bytes = self.read_wal(0)?;
        let found = scan(&bytes, 0);
        if found.tail != Tail::Clean {
            return Err(damaged_wal(&found.tail));
        }
        let frames: Vec<Frame> = found.frames.into_iter().map(|(frame, _)| frame).collect();
        self.empty_wal(&frames, &BTreeSet::new())
    }

    /// Syncs what the frames name, and `more`, then empties the log.
    pub(crate) fn empty_wal(&mut self, frames: &[Frame], more: &BTreeSet<At>) -> Result<()> {
        let fs = Arc::clone(&self.env.fs);
        self.keep_in_spool(frames);
        if self.env.is_durable()
            && !seeded::has(Bug::SkipFileSync)
            && let Err(error) = apply::sync(&*fs, frames, more)
        {
            // What a failed sync has lost can't be synced later: the next writer writes it anew from the log.
            self.mark.is_suspect = true;
            self.mark
                .write(&*fs)
                .map_err(|error| StoreError::io("write", &Mark::at(), error))?;
            return Err(error);
        }
        if let Some(wal) = &mut self.wal {
            let failed = |error| StoreError::io("empty", &layout::wal(), error);
            wal.set_len(0).map_err(failed)?;
            self.wal_len = 0;
            if self.env.is_durable() {
                wal.sync().map_err(failed)?;
            }
        }
        self.mark.offset = 0;
        self.mark.n_frames = 0;
        self.mark.is_suspect = false;
        self.mark
            .write(&*fs)
            .map_err(|error| StoreError::io("write", &Mark::at(), error))
    }

    /// Keeps what the log is about to forget; where git sees nothing, nothing of it needs keeping.
    fn keep_in_spool(&mut self, frames: &[Frame]) {
        if self.env.private.starts_with(&self.env.shared) {
            return;
        }
        if let Err(error) = spool::keep(&*self.env.fs, frames) {
            self.warnings.push(Warning::NotKept {
                reason: text_of(&error),
            });
        }
    }

    /// Reads the log from an offset on.
    pub(crate) fn read_wal(&self, start: u64) -> Result<Vec<u8>> {
        match &self.wal {
            None => Ok(Vec::new()),
            Some(wal) => fs::read_to_end(&**wal, start, MAX_WAL)
                .map_err(|error| StoreError::io("read", &layout::wal(), error)),
        }
    }
}

impl Drop for Session {
    /// Keeps what the index learned about the files, also where nothing was written: the lock is still held.
    fn drop(&mut self) {
        if let Some(index) = self.index.take() {
            // At worst the next command learns it again.
            let _is_kept = index.keep().is_ok();
        }
    }
}

/// The events of a transaction, placed in a segment, and what to remember of it afterwards.
#[derive(Clone, Debug)]
pub(crate) struct NewEvents {
    pub(crate) append: EventAppend,
    pub(crate) memory: SegmentMemory,
}

/// Brings what was written to the log to disk.
fn sync_log(wal: &mut dyn File) -> io::Result<()> {
    if seeded::has(Bug::SkipLogSync) {
        return Ok(());
    }
    match wal.sync_data() {
        Err(_) if seeded::has(Bug::RetrySync) => wal.sync_data(),
        other => other,
    }
}

/// Returns the error for a log that is broken in its middle.
pub(crate) fn damaged_wal(tail: &Tail) -> StoreError {
    StoreError::Damaged {
        path: layout::wal().to_string(),
        reason: format!("{tail:?}"),
    }
}

fn refuse_unsafe(env: &Env) -> Result<()> {
    let fs = &*env.fs;
    if !env.options.allow_network_fs {
        let name = fs
            .network_name(Root::Shared)
            .map_err(|error| StoreError::at_path("look at", ".jit".to_owned(), error))?;
        if let Some(name) = name {
            return Err(StoreError::NetworkFs(name));
        }
    }
    let marker = layout::stop_marker();
    let note = absent_ok(fs::read(fs, &marker, 4096))
        .map_err(|error| StoreError::io("read", &marker, error))?;
    match note {
        None => Ok(()),
        Some(note) => Err(StoreError::StoppedByDiskError {
            reason: String::from_utf8_lossy(&note).into_owned(),
            marker: env.private.join(marker.path.as_str()),
        }),
    }
}

fn open_wal(env: &Env) -> Result<(Option<Box<dyn File>>, u64)> {
    let at = layout::wal();
    match absent_ok(env.fs.open(&at, Access::Write)) {
        Ok(None) => Ok((None, 0)),
        Ok(Some(wal)) => {
            let len = wal
                .opened()
                .map_err(|error| StoreError::io("look at", &at, error))?
                .len;
            Ok((Some(wal), len))
        }
        Err(source) if source.kind() == io::ErrorKind::PermissionDenied => {
            Err(StoreError::StateDirUnwritable {
                path: env.private.clone(),
                source,
            })
        }
        Err(error) => Err(StoreError::io("open", &at, error)),
    }
}

/// Returns the change of a file whose current content is known.
pub(crate) fn change(at: At, current: Option<&[u8]>, post: Option<Vec<u8>>) -> FileChange {
    FileChange {
        at,
        pre: ContentHash::of_file(current),
        post,
    }
}
