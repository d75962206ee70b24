//! Removing what nobody needs any more: `jit gc`.
//!
//! Owns the ages of answers, copies and temporary files. Refuses to choose tombstones (`jit_core::decide`), and to remove
//! anything that it does not know.

use super::examine::places;
use super::layout;
use super::options::Warning;
use super::store::FileStore;
use super::txn::FileTxn;
use crate::error::{Result, StoreError};
use crate::fs::{At, Fs, Kind, Root, absent_ok};
use crate::traits::Txn as _;
use jit_core::{Changeset, IssueId, Snapshot};
use std::path::Path;
use std::time::Duration;

/// How long answers to keys and copies of replaced files are kept.
const KEPT_FOR: Duration = Duration::from_hours(30 * 24);

/// What sort of thing nobody needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GarbageKind {
    /// The file of an issue that was deleted long ago.
    Tombstone,
    /// The last lease of such an issue.
    Lease,
    /// The answer to an idempotency key, older than any repetition.
    Receipt,
    /// Copies of files that were replaced long ago.
    Backup,
    /// A temporary file of a command that died.
    Leftover,
}

impl GarbageKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Tombstone,
        Self::Lease,
        Self::Receipt,
        Self::Backup,
        Self::Leftover,
    ];

    /// Returns the name used in outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tombstone => "tombstone",
            Self::Lease => "lease",
            Self::Receipt => "receipt",
            Self::Backup => "backup",
            Self::Leftover => "leftover",
        }
    }
}

/// Something that nobody needs any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Garbage {
    /// What it is.
    pub kind: GarbageKind,
    /// The issue concerned.
    pub issue: Option<IssueId>,
    at: At,
}

impl Garbage {
    fn new(kind: GarbageKind, at: At) -> Self {
        Self {
            kind,
            issue: None,
            at,
        }
    }

    /// Returns its path as messages name it.
    pub fn path(&self) -> String {
        self.at.to_string()
    }
}

impl FileStore {
    /// Returns what would go beside these tombstones, and them; never writes.
    pub fn garbage(&self, tombstones: &[IssueId]) -> Result<Vec<Garbage>> {
        let env = self.env();
        let fs = &*env.fs;
        let mut found = Vec::new();
        for id in tombstones {
            let of_issue = |kind, at| Garbage {
                issue: Some(id.clone()),
                ..Garbage::new(kind, at)
            };
            found.push(of_issue(GarbageKind::Tombstone, layout::issue(id)));
            let lease = layout::lease(id);
            let stat = absent_ok(fs.stat(&lease))
                .map_err(|error| StoreError::io("look at", &lease, error))?;
            found.extend(stat.map(|_| of_issue(GarbageKind::Lease, lease)));
        }
        let before_us = env.host.now_us() - i64::try_from(KEPT_FOR.as_micros()).unwrap_or(i64::MAX);
        for at in places::receipts(fs)? {
            if is_older(fs, &at, before_us)? {
                found.push(Garbage::new(GarbageKind::Receipt, at));
            }
        }
        found.extend(old_backups(fs, before_us)?);
        let leftovers = places::leftovers(env)?.into_iter();
        found.extend(leftovers.map(|at| Garbage::new(GarbageKind::Leftover, at)));
        Ok(found)
    }

    /// Removes it all: the tombstones that `choose` names in one transaction, and then the rest, which nothing depends on.
    pub fn collect(
        &self,
        choose: impl FnOnce(&Snapshot) -> Vec<IssueId>,
    ) -> Result<(Vec<Garbage>, Vec<Warning>)> {
        let env = self.env();
        let mut txn = FileTxn::begin(env, self.location().git.as_ref())?;
        let tombstones = choose(txn.snapshot());
        let garbage = self.garbage(&tombstones)?;
        // While the lock is held nobody reads an answer to write by it.
        for thing in &garbage {
            match thing.kind {
                GarbageKind::Receipt | GarbageKind::Leftover => remove(&*env.fs, &thing.at)?,
                GarbageKind::Backup => remove_dir(&env.private, &*env.fs, &thing.at)?,
                GarbageKind::Lease => txn.replace_file(thing.at.clone(), None),
                GarbageKind::Tombstone => {}
            }
        }
        txn.apply(&Changeset {
            removed_issues: tombstones,
            ..Changeset::default()
        });
        let committed = Box::new(txn).commit()?;
        Ok((garbage, committed.warnings))
    }
}

fn is_older(fs: &dyn Fs, at: &At, before_us: i64) -> Result<bool> {
    let stat = absent_ok(fs.stat(at)).map_err(|error| StoreError::io("look at", at, error))?;
    let is_old = |mtime_ns: i64| mtime_ns / 1_000 < before_us;
    Ok(stat.is_some_and(|stat| stat.kind != Kind::Other && is_old(stat.mtime_ns)))
}

/// Returns the directories of copies that were all made before then.
fn old_backups(fs: &dyn Fs, before_us: i64) -> Result<Vec<Garbage>> {
    let top = At::private("backup");
    let mut found = Vec::new();
    let entries = absent_ok(fs.list(&top)).map_err(|error| StoreError::io("list", &top, error))?;
    for entry in entries.unwrap_or_default() {
        let Ok(path) = top.path.join(&entry.name) else {
            continue;
        };
        let at = At::new(Root::Private, path);
        let is_old = match layout::backup_time(&entry.name) {
            Some(wall_us) => wall_us < before_us,
            None => is_older(fs, &at, before_us)?,
        };
        if is_old {
            found.push(Garbage::new(GarbageKind::Backup, at));
        }
    }
    Ok(found)
}

fn remove(fs: &dyn Fs, at: &At) -> Result<()> {
    absent_ok(fs.unlink(at)).map_err(|error| StoreError::io("remove", at, error))?;
    Ok(())
}

/// Removes a directory of copies with the files in it, and nothing below: there is nothing below.
fn remove_dir(private: &Path, fs: &dyn Fs, dir: &At) -> Result<()> {
    let failed = |error| StoreError::io("remove", dir, error);
    for entry in absent_ok(fs.list(dir)).map_err(failed)?.unwrap_or_default() {
        if let Ok(path) = dir.path.join(&entry.name) {
            remove(fs, &At::new(dir.root, path))?;
        }
    }
    absent_ok(std::fs::remove_dir(private.join(dir.path.as_str()))).map_err(failed)?;
    Ok(())
}
