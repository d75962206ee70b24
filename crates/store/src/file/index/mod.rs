//! The index: what the issue files say, in a form that answers without reading them all (`docs/design/storage.md` S6).
//!
//! Owns a `SQLite` database beside the log, and the rules by which it is believed. It is a cache: whoever finds it missing,
//! broken or busy reads the files instead, so no error in here is ever an error of a command. Refuses to hold anything that
//! the files do not say.
//!
//! Whoever writes to it holds the store's lock. `check` finds what differs from the files, `rows` brings a row up to a
//! file, `source` answers a snapshot's questions.

mod check;
mod rows;
mod schema;
mod source;

use super::frame::Frame;
use super::load::Records;
use super::mark::Mark;
use super::options::Env;
use crate::fs::{Kind, Root, Stat};
use rusqlite::{Connection, TransactionBehavior};
use std::borrow::Borrow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) use source::{IndexSource, Seen, Sight};

/// Why the index could not be used. Nobody is told: the files answer instead.
#[derive(Debug)]
pub(crate) struct Unusable;

impl From<rusqlite::Error> for Unusable {
    fn from(_: rusqlite::Error) -> Self {
        Self
    }
}

impl From<crate::error::StoreError> for Unusable {
    fn from(_: crate::error::StoreError) -> Self {
        Self
    }
}

impl From<std::io::Error> for Unusable {
    fn from(_: std::io::Error) -> Self {
        Self
    }
}

pub(crate) type Attempt<T> = std::result::Result<T, Unusable>;

/// What tells one version of a file from another without reading it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stamp {
    ino: i64,
    len: i64,
    mtime: i64,
    ctime: i64,
}

impl Stamp {
    /// The stamp that no file has: it has to be looked at again.
    const UNKNOWN: Self = Self {
        ino: 0,
        len: 0,
        mtime: 0,
        ctime: 0,
    };

    /// Returns the stamp of a file, unless it is so young at `now_ns` that it can change once more without its times
    /// telling.
    fn of(stat: &Stat, now_ns: i64) -> Self {
        let coarse = stat.mtime_ns % 1_000_000_000 == 0 && stat.ctime_ns % 1_000_000_000 == 0;
        let slack = if coarse { 2_000_000_000 } else { 20_000_000 };
        let newest = stat.mtime_ns.max(stat.ctime_ns);
        if stat.kind == Kind::Other || newest > now_ns - slack {
            return Self::UNKNOWN;
        }
        Self::exact(stat)
    }

    fn exact(stat: &Stat) -> Self {
        Self {
            ino: stat.ino.cast_signed(),
            len: stat.len.cast_signed(),
            mtime: stat.mtime_ns,
            ctime: stat.ctime_ns,
        }
    }
}

/// How the index stands to the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It says what they say.
    Fits,
    /// It says what they say, but it took long to find that out, and need not the next time.
    Unsettled,
    /// It says something else.
    Differs,
}

/// How much is looked at when the index is brought up to the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pass {
    /// What moved a directory.
    Names,
    /// Every file, also one that was edited in place.
    Everything,
}

/// An open index, inside a transaction.
#[derive(Debug)]
pub(crate) struct Index {
    connection: Mutex<Connection>,
    has_ended: AtomicBool,
}

impl Index {
    /// Opens the index for a reader, as it is: the transaction that begins here shows one moment until it is dropped.
    pub(crate) fn open(env: &Env, mark: &Mark) -> Attempt<Self> {
        let path = env.index.as_ref().ok_or(Unusable)?;
        let connection = schema::open(path)?;
        connection.execute_batch("BEGIN")?;
        let meta = schema::read_meta(&connection)?;
        if !meta.is_of(env)? || meta.seq != mark.seq.cast_signed() {
            return Err(Unusable);
        }
        Ok(Self::from(connection))
    }

    /// Opens the index for the holder of the store's lock, and brings it up to the files. `log` holds transactions that it
    /// may not know yet.
    pub(crate) fn open_to_write(
        env: &Env,
        mark: &Mark,
        pass: Pass,
        log: impl FnOnce() -> Attempt<Vec<Frame>>,
    ) -> Attempt<Self> {
        let path = env.index.as_ref().ok_or(Unusable)?;
        let connection = schema::open(path)?;
        connection.execute_batch("BEGIN IMMEDIATE")?;
        let meta = schema::read_meta(&connection)?;
        if !meta.is_of(env)? {
            return Err(Unusable);
        }
        let missed = match pass {
            Pass::Names => missed(meta.seq, mark, log)?,
            Pass::Everything => None,
        };
        let depth = match missed {
            Some(_) => check::Depth::Names,
            None => check::Depth::Everything,
        };
        check::differences(&connection, env, depth)?.write(&connection)?;
        match missed {
            // The files were looked at; leases lie in no directory that is.
            Some(frames) => {
                for frame in &frames {
                    rows::record_leases(&connection, &*env.fs, &frame.changes)?;
                }
            }
            None => rows::reload_leases(&connection, &*env.fs)?,
        }
        if meta.seq != mark.seq.cast_signed() {
            schema::set_seq(&connection, mark.seq)?;
        }
        Ok(Self::from(connection))
    }

    /// Makes the index anew from everything that `load` reads under the store's lock; it is not asked where no index can be
    /// written.
    pub(crate) fn build<R: Borrow<Records>>(
        env: &Env,
        mark: &Mark,
        load: impl FnOnce() -> Attempt<R>,
    ) -> Attempt<()> {
        let path = env.index.as_ref().ok_or(Unusable)?;
        let mut connection = schema::create(path)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        schema::reset(&transaction)?;
        rows::put_all(&transaction, env, load()?.borrow())?;
        schema::write_meta(&transaction, env, mark)?;
        // The directories are stamped by looking at them once more: what came in between is found by that.
        check::differences(&transaction, env, check::Depth::Names)?.write(&transaction)?;
        transaction.commit()?;
        Ok(())
    }

    /// Takes over what a transaction has brought into the files. The caller holds the store's lock, and the index was
    /// opened to write.
    pub(crate) fn record(&self, env: &Env, frame: &Frame) -> Attempt<()> {
        let connection = self.connection();
        rows::record(&connection, &*env.fs, &frame.changes)?;
        schema::set_seq(&connection, frame.seq)?;
        self.end(&connection)
    }

    /// Ends the transaction, if it has not ended yet, and keeps what it wrote.
    pub(crate) fn keep(&self) -> Attempt<()> {
        if self.has_ended() {
            return Ok(());
        }
        self.end(&self.connection())
    }

    fn end(&self, connection: &Connection) -> Attempt<()> {
        self.has_ended.store(true, Ordering::Relaxed);
        connection.execute_batch("COMMIT")?;
        Ok(())
    }

    /// Returns whether its transaction has ended, so that nothing may be written to it any more.
    fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Relaxed)
    }

    /// Takes over prolonged leases.
    pub(crate) fn renew(&self, leases: &[&jit_core::Lease]) -> Attempt<()> {
        let connection = self.connection();
        for lease in leases {
            rows::put_lease(&connection, lease)?;
        }
        self.end(&connection)
    }

    /// Compares the index with the files that a reader relies on.
    pub(crate) fn standing(&self, env: &Env, sight: Sight) -> Attempt<Standing> {
        let depth = match sight {
            Sight::Names => check::Depth::Names,
            Sight::Unresolved => check::Depth::Unresolved,
        };
        let found = check::differences(&self.connection(), env, depth)?;
        Ok(if found.matters() {
            Standing::Differs
        } else if found.is_worth_keeping() {
            Standing::Unsettled
        } else {
            Standing::Fits
        })
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Connection> for Index {
    fn from(connection: Connection) -> Self {
        Self {
            connection: Mutex::new(connection),
            has_ended: AtomicBool::new(false),
        }
    }
}

/// Returns the transactions after `known` up to the mark, if the log still holds all of them.
fn missed(
    known: i64,
    mark: &Mark,
    log: impl FnOnce() -> Attempt<Vec<Frame>>,
) -> Attempt<Option<Vec<Frame>>> {
    if known == mark.seq.cast_signed() {
        return Ok(Some(Vec::new()));
    }
    let is_missed = |frame: &Frame| frame.seq.cast_signed() > known && frame.seq <= mark.seq;
    let frames: Vec<Frame> = log()?.into_iter().filter(is_missed).collect();
    let n_missed = mark.seq.cast_signed().saturating_sub(known);
    let has_all = i64::try_from(frames.len()).is_ok_and(|n| n == n_missed);
    Ok(has_all.then_some(frames))
}

/// Returns the inode of the shared directory, by which a copied index is recognised.
fn home(env: &Env) -> Attempt<i64> {
    Ok(env.fs.stat_root(Root::Shared)?.ino.cast_signed())
}
