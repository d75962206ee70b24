//! Consistent reading beside a running writer (`docs/design/storage.md` S3).
//!
//! Owns the protocol: what the log and the mark say before and after decides whether what was read in between belongs to
//! one moment. Refuses to write anything at all, and to wait for a writer but as a last resort.

use super::frame::Frame;
use super::index::{Attempt, Index, IndexSource, Pass, Sight, Standing};
use super::load::{Records, problem};
use super::mark::Mark;
use super::options::Env;
use super::recover::{find, trust};
use super::redo::{Fate, Trust, fates};
use super::scan::{Tail, scan};
use super::session::MAX_WAL;
use super::{layout, lock};
use crate::error::{Result, StoreError};
use crate::fs::{self, Access, At, Fs, LockMode, absent_ok};
use jit_core::Snapshot;
use std::sync::Arc;
use std::time::Duration;

/// How often everything is read again because the log was emptied meanwhile.
const MAX_RETRIES: usize = 5;

/// How often the files of new transactions are read again because still newer ones came.
const MAX_CATCH_UPS: usize = 8;

/// What the log and the mark say at one moment.
#[derive(Clone, Debug, PartialEq)]
struct Moment {
    mark: Mark,
    trust: Trust,
    /// Where in the log the frames begin that matter.
    start: u64,
    frames: Vec<Frame>,
    tail: Tail,
}

/// Whether a writer may be at work while somebody looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writers {
    MayWrite,
    AreLockedOut,
}

impl Moment {
    /// Looks at the mark, and at the log from where the mark says.
    fn first(env: &Env) -> Result<Self> {
        let mark = read_mark(&*env.fs)?;
        let trust = trust(&mark, env.host.boot_id());
        let start = if trust == Trust::SameBoot {
            mark.offset
        } else {
            0
        };
        Self::of_log(&*env.fs, mark, trust, start)
    }

    /// Looks again at the same part of the log; `None` when it is another log by now, or the mark does not hold still.
    fn again(&self, env: &Env, writers: Writers) -> Result<Option<Self>> {
        let fs = &*env.fs;
        let mark = read_mark(fs)?;
        let trust = trust(&mark, env.host.boot_id());
        let later = Self::of_log(fs, mark, trust, self.start)?;
        if writers == Writers::AreLockedOut {
            return Ok(Some(later));
        }
        // A log that is emptied and grows again gets a new mark before its first frame: while the mark holds still, the
        // place is the end of a frame.
        Ok((read_mark(fs)? == later.mark).then_some(later))
    }

    fn of_log(fs: &dyn Fs, mark: Mark, trust: Trust, start: u64) -> Result<Self> {
        let (start, bytes) = read_log(fs, start)?;
        let found = scan(&bytes, start);
        let frames = found.frames.into_iter().map(|(frame, _)| frame).collect();
        Ok(Self {
            mark,
            trust,
            start,
            frames,
            tail: found.tail,
        })
    }

    /// Returns whether `later` continues the same log, so that its frames are all that happened in between.
    fn is_continued_by(&self, later: &Self) -> bool {
        let is_same_log = self.mark.boot == later.mark.boot
            && self.mark.is_suspect == later.mark.is_suspect
            && self.start == later.start
            && later.frames.starts_with(&self.frames[..]);
        let first = later.frames.first().map(|frame| frame.seq);
        let follows =
            self.trust != Trust::SameBoot || first.is_none_or(|seq| seq == self.mark.seq + 1);
        let reached = later.frames.last().map_or(self.mark.seq, |frame| frame.seq);
        is_same_log && follows && reached >= later.mark.seq
    }

    /// Returns whether the files hold all that the log knows, so that they can be believed as they are.
    fn is_at_rest(&self) -> bool {
        self.frames.is_empty() && self.tail == Tail::Clean
    }

    fn seqs(&self) -> (u64, Option<u64>) {
        (self.mark.seq, self.frames.last().map(|frame| frame.seq))
    }
}

fn read_mark(fs: &dyn Fs) -> Result<Mark> {
    let mark = Mark::read(fs).map_err(|error| StoreError::io("read", &Mark::at(), error))?;
    Ok(mark.unwrap_or_default())
}

/// Reads the log from `start`; a log shorter than that was emptied, and is read whole.
fn read_log(fs: &dyn Fs, start: u64) -> Result<(u64, Vec<u8>)> {
    let at = layout::wal();
    let failed = |error| StoreError::io("read", &at, error);
    let Some(file) = absent_ok(fs.open(&at, Access::Read)).map_err(failed)? else {
        return Ok((0, Vec::new()));
    };
    let start = if file.opened().map_err(failed)?.len < start {
        0
    } else {
        start
    };
    Ok((
        start,
        fs::read_to_end(&*file, start, MAX_WAL).map_err(failed)?,
    ))
}

/// How often the index is looked at again because somebody was just writing.
const MAX_GLANCES: u32 = 12;

/// Returns the view of one moment: over the index where there is one that fits the files, else over all records.
pub(crate) fn view(env: &Env, sight: Sight) -> Result<Snapshot> {
    let mut may_settle = true;
    for glance in 0..MAX_GLANCES {
        let is_clear = match try_index(env, sight, may_settle)? {
            Glance::View(snapshot) => return Ok(*snapshot),
            Glance::Moved => false,
            Glance::Unsettled => {
                // Whether or not it could be kept: it fits.
                refresh(env, Pass::Names)?;
                may_settle = false;
                true
            }
            Glance::Differs => match refresh(env, Pass::Names)? {
                Refreshed::Yes => true,
                Refreshed::Busy => false,
                Refreshed::No => break,
            },
            Glance::None => break,
        };
        if !is_clear {
            // A transaction takes about that long; reading everything takes longer, and is in the way of the next one.
            std::thread::sleep(Duration::from_millis(1 << (glance / 3)));
        }
    }
    all_files(env, Pass::Names)
}

/// Returns the view of what the files say, and brings the index up to them.
pub(crate) fn view_of_files(env: &Env) -> Result<Snapshot> {
    all_files(env, Pass::Everything)
}

fn all_files(env: &Env, pass: Pass) -> Result<Snapshot> {
    let before = read_mark(&*env.fs)?;
    let records = read(env)?;
    if env.index.is_some() && records.len() >= env.options.index_from {
        rebuild(env, pass, &before, &records);
    }
    Ok(records.into_snapshot().0)
}

/// What the index can say of this moment.
enum Glance {
    /// All that is asked.
    View(Box<Snapshot>),
    /// A transaction came while it was looked at.
    Moved,
    /// Files were changed by somebody else.
    Differs,
    /// Many directories were looked into in vain.
    Unsettled,
    /// Nothing.
    None,
}

fn try_index(env: &Env, sight: Sight, may_settle: bool) -> Result<Glance> {
    if env.index.is_none() {
        return Ok(Glance::None);
    }
    let before = Moment::first(env)?;
    if !before.is_at_rest() {
        return Ok(Glance::None);
    }
    let Ok(index) = Index::open(env, &before.mark) else {
        return Ok(Glance::Differs);
    };
    let Ok(standing) = index.standing(env, sight) else {
        return Ok(Glance::None);
    };
    let after = Moment::first(env)?;
    if before.mark != after.mark || !after.is_at_rest() {
        return Ok(Glance::Moved);
    }
    match standing {
        Standing::Differs => Ok(Glance::Differs),
        Standing::Unsettled if may_settle => Ok(Glance::Unsettled),
        Standing::Unsettled | Standing::Fits => {
            let source = IndexSource::for_reader(index, env, &after.mark);
            Ok(Glance::View(Box::new(Snapshot::over(Arc::new(source)))))
        }
    }
}

/// What became of bringing the index up to the files.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Refreshed {
    Yes,
    /// Somebody else is writing.
    Busy,
    /// There is none that could be.
    No,
}

/// Brings the index up to the files, if nobody else is writing.
fn refresh(env: &Env, pass: Pass) -> Result<Refreshed> {
    let Ok(_lock) = env.fs.lock(LockMode::Exclusive, Duration::ZERO) else {
        return Ok(Refreshed::Busy);
    };
    let moment = Moment::first(env)?;
    if !moment.is_at_rest() {
        return Ok(Refreshed::No);
    }
    let kept = Index::open_to_write(env, &moment.mark, pass, || all_frames(env));
    let kept = kept.and_then(|index| index.keep());
    Ok(if kept.is_ok() {
        Refreshed::Yes
    } else {
        Refreshed::No
    })
}

fn all_frames(env: &Env) -> Attempt<Vec<Frame>> {
    let (_, bytes) = read_log(&*env.fs, 0)?;
    let frames = scan(&bytes, 0).frames.into_iter();
    Ok(frames.map(|(frame, _)| frame).collect())
}

/// Makes the index anew, if nobody else is writing and there is none that can be brought up to the files. That it can't be
/// done is no news to whoever only reads. `records` were read after `before` was the mark.
fn rebuild(env: &Env, pass: Pass, before: &Mark, records: &Records) {
    let attempt = || -> Attempt<()> {
        if refresh(env, pass)? != Refreshed::No {
            return Ok(());
        }
        let Ok(_lock) = env.fs.lock(LockMode::Exclusive, Duration::ZERO) else {
            return Ok(());
        };
        let moment = Moment::first(env)?;
        if moment.is_at_rest() {
            if moment.mark == *before {
                // No transaction has come since they were read; what else has is found by the directories.
                Index::build(env, &moment.mark, || Ok(records))?;
            } else {
                Index::build(env, &moment.mark, || Ok(Records::load(&*env.fs)?))?;
            }
        }
        Ok(())
    };
    let _has_index = attempt().is_ok();
}

/// Reads all records as they were at one moment.
pub(crate) fn read(env: &Env) -> Result<Records> {
    for _ in 0..MAX_RETRIES {
        if let Some(records) = try_read(env, Writers::MayWrite)? {
            return Ok(records);
        }
    }
    let _lock = lock::acquire(env, LockMode::Shared)?;
    try_read(env, Writers::AreLockedOut)?.ok_or_else(|| StoreError::Damaged {
        path: layout::wal().to_string(),
        reason: "it changes although nobody may write".to_owned(),
    })
}

/// Reads one file as the log says that it shall be.
pub(crate) fn read_one(env: &Env, at: &At) -> Result<Option<Vec<u8>>> {
    let moment = Moment::first(env)?;
    let changes = moment
        .frames
        .into_iter()
        .rev()
        .flat_map(|frame| frame.changes);
    match changes.into_iter().find(|change| change.at == *at) {
        Some(change) => Ok(change.post),
        None => absent_ok(fs::read(&*env.fs, at, super::format::MAX_FILE))
            .map_err(|error| StoreError::io("read", at, error)),
    }
}

/// Reads once; `None` when the log was emptied meanwhile or did not come to rest.
fn try_read(env: &Env, writers: Writers) -> Result<Option<Records>> {
    let before = Moment::first(env)?;
    let mut records = Records::load(&*env.fs)?;
    let mut overlaid: Option<Moment> = None;
    for _ in 0..MAX_CATCH_UPS {
        let Some(after) = before.again(env, writers)? else {
            continue;
        };
        if writers == Writers::MayWrite && !before.is_continued_by(&after) {
            return Ok(None);
        }
        // What was laid over counts only if no newer transaction has reached the files since.
        let has_come_to_rest = overlaid
            .as_ref()
            .is_some_and(|last| last.seqs() == after.seqs());
        if has_come_to_rest || (overlaid.is_none() && after.frames.is_empty()) {
            note_damage(&after, &mut records);
            return Ok(Some(records));
        }
        overlay(env, &before, &after, &mut records)?;
        overlaid = Some(after);
    }
    Ok(None)
}

/// Names a log that is broken in its middle.
fn note_damage(moment: &Moment, records: &mut Records) {
    if let Tail::Broken(offset) = moment.tail {
        let message = format!("broken at byte {offset}, with good transactions after it");
        records.add_problem(problem(&layout::wal(), "broken_log", message));
    }
}

/// Lays what the log knows over what was read.
fn overlay(env: &Env, before: &Moment, after: &Moment, records: &mut Records) -> Result<()> {
    let quiet_since_us = after
        .frames
        .last()
        .and_then(|last| after.mark.quiet_since_us(last.seq));
    let is_new = |frame: &&Frame| before.trust != Trust::SameBoot || frame.seq > before.mark.seq;
    let frames: Vec<Frame> = after.frames.iter().filter(is_new).cloned().collect();
    let fates = fates(&frames, before.trust, quiet_since_us, |at| {
        find(&*env.fs, at)
    })
    .map_err(|error| StoreError::at_path("read", "the files named in the log".to_owned(), error))?;
    for (at, fate) in fates {
        match fate {
            Fate::Write { post, .. } => records.overlay(&at, post.as_deref()),
            Fate::Done | Fate::Keep { .. } => {
                let content = absent_ok(fs::read(&*env.fs, &at, super::format::MAX_FILE));
                let content = content.map_err(|error| StoreError::io("read", &at, error))?;
                records.overlay(&at, content.as_deref());
            }
        }
    }
    Ok(())
}
