//! What a store stands on: file systems, locks, space, the index.
//!
//! Owns the questions to the operating system for `jit doctor`. Refuses to judge the answers.

use super::layout;
use super::store::FileStore;
use crate::error::{Result, StoreError};
use crate::fs::{LockError, LockGuard, LockMode, Root, absent_ok};
use rustix::fs::Access;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A directory that a store lives in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ground {
    /// The directory.
    pub path: PathBuf,
    /// The name of the network file system that it is on, if it is on one.
    pub network: Option<&'static str>,
    /// Why it can't be written, if it can't.
    pub unwritable: Option<String>,
    /// How many bytes are free for this user.
    pub free_bytes: u64,
    /// How many more files there can be; none where the file system has no such limit.
    pub free_files: Option<u64>,
}

/// Where the index stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexState {
    /// There is none; a small store needs none.
    Absent,
    /// It is there.
    Present,
    /// Its file is something else.
    Broken,
}

impl FileStore {
    /// Looks at the directories that the store lives in; one that is not there yet is left out.
    pub fn grounds(&self) -> Result<Vec<Ground>> {
        let env = self.env();
        let mut grounds = Vec::new();
        for (root, path) in [(Root::Shared, &env.shared), (Root::Private, &env.private)] {
            let failed = |error| StoreError::at_path("look at", path.display().to_string(), error);
            if absent_ok(env.fs.stat_root(root)).map_err(failed)?.is_none() {
                continue;
            }
            let space = rustix::fs::statvfs(path).map_err(|errno| failed(errno.into()))?;
            let allowed = rustix::fs::access(path, Access::WRITE_OK | Access::EXEC_OK);
            grounds.push(Ground {
                path: path.clone(),
                network: env.fs.network_name(root).map_err(failed)?,
                unwritable: allowed.err().map(|errno| errno.to_string()),
                free_bytes: space.f_bavail.saturating_mul(space.f_frsize),
                free_files: (space.f_files > 0).then_some(space.f_favail),
            });
        }
        Ok(grounds)
    }

    /// Returns where the index stands.
    pub fn index_state(&self) -> Result<IndexState> {
        const MAGIC: &[u8] = b"SQLite format 3\0";
        let path = self.env().private.join(layout::INDEX);
        let failed = |error| StoreError::at_path("read", path.display().to_string(), error);
        let found = absent_ok(std::fs::symlink_metadata(&path)).map_err(failed)?;
        match found {
            None => Ok(IndexState::Absent),
            Some(found) if !found.is_file() => Ok(IndexState::Broken),
            // One that was begun and never filled is as good as none.
            Some(found) if found.len() == 0 => Ok(IndexState::Absent),
            Some(_) => {
                let mut head = Vec::new();
                let file = std::fs::File::open(&path).map_err(failed)?;
                let mut first = file.take(MAGIC.len() as u64);
                first.read_to_end(&mut head).map_err(failed)?;
                Ok(if head == MAGIC {
                    IndexState::Present
                } else {
                    IndexState::Broken
                })
            }
        }
    }

    /// Takes the lock of writers if nobody has it; `None` when somebody does.
    pub fn try_lock(&self) -> Result<Option<LockGuard>> {
        let env = self.env();
        match env.fs.lock(LockMode::Exclusive, Duration::ZERO) {
            Ok(guard) => Ok(Some(guard)),
            Err(LockError::Timeout { .. }) => Ok(None),
            Err(LockError::Io(error)) => {
                let path = env.shared.display().to_string();
                Err(StoreError::at_path("lock", path, error))
            }
        }
    }

    /// Returns the path of the index, for messages.
    pub fn index_path(&self) -> PathBuf {
        Path::new(&self.env().private).join(layout::INDEX)
    }
}
