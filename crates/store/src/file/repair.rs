//! Mending a store: earlier versions of broken files, and one transaction that puts them back.
//!
//! Owns where earlier versions are found, and that whatever is replaced is kept aside first
//! (`docs/design/storage.md` S10). Refuses to decide which version is right: whoever mends says so.

use super::examine::{Depth, Examination};
use super::format::{self, FormatError};
use super::layout;
use super::mark::Mark;
use super::recover::keep_aside;
use super::scan::scan;
use super::session::MAX_WAL;
use super::store::FileStore;
use super::txn::FileTxn;
use super::{apply, load, lock, spool};
use crate::error::{Result, StoreError};
use crate::fs::{self, At, Kind, LockMode, RelPath, Root, absent_ok};
use crate::traits::{Committed, Txn as _};
use jit_core::{Changeset, GateDefinition, Issue, Lease, Snapshot};
use std::collections::BTreeSet;

/// Where an earlier version of a file was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The write-ahead log, or what it held before it was emptied.
    Log,
    /// A copy that was kept aside.
    Backup,
    /// The last commit of git.
    Commit,
    /// The log of events.
    Events,
}

impl Source {
    /// Returns the source as messages name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Log => "the write-ahead log",
            Self::Backup => "a backup",
            Self::Commit => "the last commit",
            Self::Events => "the log of events",
        }
    }
}

/// What a file of the store holds when it is in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// An issue.
    Issue(Box<Issue>),
    /// A gate definition.
    Gate(GateDefinition),
    /// A lease.
    Lease(Box<Lease>),
}

/// What may become of a broken file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Its bytes can be read, so they can be kept aside and replaced.
    Readable,
    /// It is missing, so that nothing is replaced.
    Missing,
    /// It is no plain file, or it can't be opened: only a person can tell what it is.
    OutOfReach,
}

/// Reads what the file at `path`, as problems name it, must hold; `None` when it is not that, or when no record has this
/// path.
pub fn read_record(path: &str, bytes: &[u8]) -> Option<Record> {
    parse(&at_of(path)?, bytes).ok()
}

/// Reads a record although an editor put a byte order mark before it.
pub fn read_after_bom(path: &str, bytes: &[u8]) -> Option<Record> {
    read_record(path, bytes.strip_prefix(b"\xef\xbb\xbf")?)
}

/// Reads an issue that lies under the name of another.
pub fn read_misnamed(bytes: &[u8]) -> Option<Issue> {
    Issue::from_fields(format::read_fields(bytes).ok()?).ok()
}

/// Returns whether a line of a segment is an event.
pub fn is_event_line(line: &[u8]) -> bool {
    super::log::parse(line).is_ok()
}

/// Returns the place that a path of a problem names.
fn at_of(path: &str) -> Option<At> {
    let (root, rest) = if let Some(rest) = path.strip_prefix(".jit/") {
        (Root::Shared, rest)
    } else {
        (Root::Private, path.strip_prefix("<private>/")?)
    };
    Some(At::new(root, RelPath::parse(rest).ok()?))
}

/// Returns the longest file that can be replaced at this place, in bytes: one beyond it is never read whole.
fn longest(at: &At) -> u64 {
    if at.path.as_str().starts_with("events/") {
        super::segment::MAX_SEGMENT_READ
    } else {
        format::MAX_FILE
    }
}

fn parse(at: &At, bytes: &[u8]) -> std::result::Result<Record, FormatError> {
    let stem = at.path.name().trim_end_matches(".json");
    let id = jit_core::IssueId::parse(stem).ok();
    match (at.root, at.path.as_str().split('/').next(), id) {
        (Root::Shared, Some("issues"), Some(id)) if layout::issue(&id) == *at => {
            Ok(Record::Issue(Box::new(format::read_issue(&id, bytes)?)))
        }
        (Root::Shared, Some("gates"), _) => {
            let gate = format::read_gate(bytes)?;
            if layout::gate(&gate.key) == *at {
                Ok(Record::Gate(gate))
            } else {
                Err(FormatError::OtherName(gate.key.to_string()))
            }
        }
        (Root::Private, Some("leases"), Some(id)) => {
            let lease = format::read_lease(bytes)?;
            if lease.issue == id {
                Ok(Record::Lease(Box::new(lease)))
            } else {
                Err(FormatError::OtherName(lease.issue.to_string()))
            }
        }
        _ => Err(FormatError::NotAnObject),
    }
}

impl FileStore {
    /// Returns earlier versions of a broken record that this clone has kept, the newest of the log first, then those of
    /// backups.
    pub fn earlier_versions(&self, path: &str) -> Result<Vec<(Source, Record)>> {
        let Some(at) = at_of(path) else {
            return Ok(Vec::new());
        };
        let fs = &*self.env().fs;
        let wal = layout::wal();
        let bytes = absent_ok(fs::read(fs, &wal, MAX_WAL))
            .map_err(|error| StoreError::io("read", &wal, error))?;
        let mut frames = spool::read(fs)?;
        let in_log = scan(&bytes.unwrap_or_default(), 0).frames.into_iter();
        frames.extend(in_log.map(|(frame, _)| frame));
        let changes = frames.into_iter().rev().flat_map(|frame| frame.changes);
        let posts = changes
            .filter(|change| change.at == at)
            .filter_map(|change| change.post)
            .map(|post| (Source::Log, post));
        let kept = self.backups(&at)?.into_iter();
        let candidates = posts.chain(kept.map(|bytes| (Source::Backup, bytes)));
        Ok(candidates
            .filter_map(|(source, bytes)| Some((source, parse(&at, &bytes).ok()?)))
            .collect())
    }

    /// Returns what was kept aside of a file, the newest first.
    fn backups(&self, at: &At) -> Result<Vec<Vec<u8>>> {
        let fs = &*self.env().fs;
        let top = At::private("backup");
        let failed = |error| StoreError::io("list", &top, error);
        let mut dirs: Vec<(i64, At)> = Vec::new();
        for entry in absent_ok(fs.list(&top))
            .map_err(failed)?
            .unwrap_or_default()
        {
            if let Some(wall_us) = layout::backup_time(&entry.name)
                && let Ok(path) = top.path.join(&entry.name)
            {
                dirs.push((wall_us, At::new(Root::Private, path)));
            }
        }
        dirs.sort();
        let mut found = Vec::new();
        for (_, dir) in dirs.into_iter().rev() {
            let entries = absent_ok(fs.list(&dir)).map_err(failed)?;
            for entry in entries.unwrap_or_default() {
                let of = entry.name.split_once('+').map(|(_, flat)| flat);
                if of != Some(layout::flat(at).as_str()) {
                    continue;
                }
                let Ok(path) = dir.path.join(&entry.name) else {
                    continue;
                };
                let copy = At::new(Root::Private, path);
                let bytes = absent_ok(fs::read(fs, &copy, format::MAX_FILE));
                found.extend(bytes.map_err(|error| StoreError::io("read", &copy, error))?);
            }
        }
        Ok(found)
    }

    /// Returns what may become of a broken file.
    pub fn condition(&self, path: &str) -> Result<(Condition, Vec<u8>)> {
        let Some(at) = at_of(path) else {
            return Ok((Condition::OutOfReach, Vec::new()));
        };
        let fs = &*self.env().fs;
        match absent_ok(fs.stat(&at)) {
            Ok(None) => return Ok((Condition::Missing, Vec::new())),
            Ok(Some(stat)) if stat.kind == Kind::File && stat.len <= longest(&at) => {}
            Ok(Some(_)) => return Ok((Condition::OutOfReach, Vec::new())),
            Err(error) if load::is_local(&error) => return Ok((Condition::OutOfReach, Vec::new())),
            Err(error) => return Err(StoreError::io("look at", &at, error)),
        }
        match absent_ok(fs::read(fs, &at, super::segment::MAX_SEGMENT_READ)) {
            Ok(bytes) => Ok((Condition::Readable, bytes.unwrap_or_default())),
            Err(error) if load::is_local(&error) => Ok((Condition::OutOfReach, Vec::new())),
            Err(error) => Err(StoreError::io("read", &at, error)),
        }
    }

    /// Puts a version of the format in the place of one that can't be read, which is kept aside.
    ///
    /// It comes before any transaction, since none begins in a store whose version nobody knows.
    pub fn restore_format(&self, bytes: &[u8]) -> Result<()> {
        let env = self.env();
        let fs = &*env.fs;
        let _lock = lock::acquire(env, LockMode::Exclusive)?;
        let at = layout::format();
        super::version::FormatVersion::read(&at.to_string(), bytes)?;
        let failed = |error| StoreError::io("read", &at, error);
        if let Some(broken) = absent_ok(fs::read(fs, &at, format::MAX_FILE)).map_err(failed)? {
            let aside = layout::backup(0, env.host.now_us(), &at, "before");
            keep_aside(fs, &aside, &broken)?;
        }
        apply::put(fs, &at, Some(bytes), "format")?;
        let synced = fs.sync_dir(Root::Shared, None);
        synced.map_err(|error| StoreError::io("sync", &at, error))
    }

    /// Brings the files up to the log, as every writer does first, and returns the number of the last transaction.
    pub fn settle(&self) -> Result<u64> {
        let txn = FileTxn::begin(self.env(), self.location().git.as_ref())?;
        Ok(txn.session().mark.seq)
    }

    /// Returns the number of the last transaction.
    pub fn last_transaction(&self) -> Result<u64> {
        let fs = &*self.env().fs;
        let mark = Mark::read(fs).map_err(|error| StoreError::io("read", &Mark::at(), error))?;
        let wal = layout::wal();
        let bytes = absent_ok(fs::read(fs, &wal, MAX_WAL))
            .map_err(|error| StoreError::io("read", &wal, error))?;
        let last = scan(&bytes.unwrap_or_default(), 0).frames.pop();
        let last = last.map_or(0, |(frame, _)| frame.seq);
        Ok(mark.unwrap_or_default().seq.max(last))
    }

    /// Becomes the only writer, to mend what is broken.
    pub fn repair(&self) -> Result<Repair<'_>> {
        let txn = FileTxn::begin(self.env(), self.location().git.as_ref())?;
        Ok(Repair { store: self, txn })
    }
}

/// A transaction that may also replace files which hold no record. Dropping it leaves everything as it was.
#[derive(Debug)]
pub struct Repair<'a> {
    store: &'a FileStore,
    txn: FileTxn,
}

impl<'a> Repair<'a> {
    /// Returns the repair that a transaction carries.
    pub(crate) fn of(store: &'a FileStore, txn: FileTxn) -> Self {
        Self { store, txn }
    }
    /// Looks at everything, while nobody else writes.
    pub fn examine(&self) -> Result<Examination> {
        self.store.examine(Depth::Everything)
    }

    /// Returns the records with everything applied so far.
    pub fn snapshot(&self) -> &Snapshot {
        self.txn.snapshot()
    }

    /// Takes changes to be written.
    pub fn apply(&mut self, changes: &Changeset) {
        self.txn.apply(changes);
    }

    /// Puts this content in the place of a file that holds no record; says whether there is such a place.
    pub fn replace(&mut self, path: &str, content: Vec<u8>) -> bool {
        let at = at_of(path);
        let is_known = at.is_some();
        if let Some(at) = at {
            self.txn.replace_file(at, Some(content));
        }
        is_known
    }

    /// Removes a file, which is kept aside like any other that is changed; says whether there is such a place.
    pub fn remove(&mut self, path: &str) -> bool {
        let at = at_of(path);
        let is_known = at.is_some();
        if let Some(at) = at {
            self.txn.replace_file(at, None);
        }
        is_known
    }

    /// Keeps every file aside that will change, then writes everything applied. Returns where the copies are, if there
    /// was anything to copy.
    pub fn commit(self) -> Result<(Committed, Option<String>)> {
        let env = self.store.env();
        let fs = &*env.fs;
        let session = self.txn.session();
        let (seq, wall_us) = (session.mark.seq + 1, env.host.now_us());
        let files: BTreeSet<At> = self.txn.files().cloned().collect();
        let mut kept = None;
        for at in &files {
            let current = absent_ok(fs::read(fs, at, super::segment::MAX_SEGMENT_READ))
                .map_err(|error| StoreError::io("read", at, error))?;
            if let Some(current) = current {
                let aside = layout::backup(seq, wall_us, at, "before");
                keep_aside(fs, &aside, &current)?;
                kept = aside.path.parent().map(|dir| At::new(Root::Private, dir));
            }
        }
        // A mark that nobody can read would be named again and again until the next writer comes.
        session
            .mark
            .write_and_sync(fs)
            .map_err(|error| StoreError::io("write", &Mark::at(), error))?;
        let committed = Box::new(self.txn).commit()?;
        Ok((committed, kept.map(|at| at.to_string())))
    }
}
