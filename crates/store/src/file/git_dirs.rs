//! Git's directories, as its own pointer files name them.
//!
//! Owns reading `.git`, `commondir` and the like. Refuses to run git and to look for a store.

use crate::error::{Result, StoreError};
use std::io;
use std::path::{Component, Path, PathBuf};

/// Longest pointer file that is read, in bytes.
const MAX_POINTER: u64 = 64 * 1024;

/// Git's directories for one worktree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitDirs {
    /// The one of the worktree, with `HEAD`, `index` and `MERGE_HEAD`.
    pub dir: PathBuf,
    /// The one that all worktrees of the clone share.
    pub common: PathBuf,
    /// The top of the worktree.
    pub worktree: PathBuf,
}

/// Reads which git directories a directory is the top of.
pub(super) fn git_dirs(dir: &Path) -> Result<Option<GitDirs>> {
    let dot = dir.join(".git");
    let found = if dot.is_dir() {
        dot
    } else if dot.is_file() {
        let Some(text) = read_pointer(&dot)? else {
            return Ok(None);
        };
        let Some(target) = text.strip_prefix("gitdir: ") else {
            let reason = "it does not begin with `gitdir: `".to_owned();
            return Err(StoreError::Damaged {
                path: dot.display().to_string(),
                reason,
            });
        };
        normal(&dir.join(target.trim_end_matches(['\n', '\r'])))
    } else if is_git_dir(dir) {
        dir.to_owned()
    } else {
        return Ok(None);
    };
    let common = match read_pointer(&found.join("commondir"))? {
        Some(text) => normal(&found.join(text.trim_end_matches(['\n', '\r']))),
        None => found.clone(),
    };
    Ok(Some(GitDirs {
        dir: found,
        common,
        worktree: dir.to_owned(),
    }))
}

/// Returns the git directories of the worktree that a directory lies in.
pub fn enclosing(start: &Path) -> Result<Option<GitDirs>> {
    let start = start
        .canonicalize()
        .map_err(|error| StoreError::at_path("look at", start.display().to_string(), error))?;
    for dir in start.ancestors() {
        if let Some(git) = git_dirs(dir)? {
            return Ok(Some(git));
        }
    }
    Ok(None)
}

/// Returns whether a directory looks like a bare repository, by the three names that git itself goes by.
fn is_git_dir(dir: &Path) -> bool {
    dir.join("HEAD").is_file() && dir.join("objects").is_dir() && dir.join("refs").is_dir()
}

/// Returns the worktree that the common directory belongs to.
pub(super) fn main_worktree(git: &GitDirs) -> Option<PathBuf> {
    if git.dir == git.common {
        return (git.worktree != git.common).then(|| git.worktree.clone());
    }
    let is_inside = git.common.file_name().is_some_and(|name| name == ".git");
    is_inside
        .then(|| git.common.parent().map(Path::to_owned))
        .flatten()
}

/// Reads a short file that names a path; `None` when it is absent.
pub(super) fn read_pointer(path: &Path) -> Result<Option<String>> {
    let failed = |error| StoreError::at_path("read", path.display().to_string(), error);
    let metadata = match std::fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(failed(error)),
    };
    if !metadata.is_file() || metadata.len() > MAX_POINTER {
        let reason = "it is no short plain file".to_owned();
        return Err(StoreError::Damaged {
            path: path.display().to_string(),
            reason,
        });
    }
    std::fs::read_to_string(path).map(Some).map_err(failed)
}

/// Takes `.` and `..` out of a path without asking the file system; resolves the rest where it exists.
pub(super) fn normal(path: &Path) -> PathBuf {
    if let Ok(found) = path.canonicalize() {
        return found;
    }
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => {
                plain.push(component);
            }
        }
    }
    plain
}
