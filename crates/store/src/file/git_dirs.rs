//! Git's directories, as its own pointer files name them.
//!
//! Owns reading `.git`, `commondir` and the like. Refuses to run git and to look for a store.

use super::layout::PRIVATE_DIR;
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
///
/// A `.git` file that names nothing is an error, as it is to git: the clone that it belongs to has been moved or removed, and
/// the leases of its store with it.
pub(super) fn git_dirs(dir: &Path) -> Result<Option<GitDirs>> {
    let dot = dir.join(".git");
    let found = if dot.is_file() {
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
        existing(&dot, dir, target)?
    } else if is_git_dir(&dot) || dot.join(PRIVATE_DIR).is_dir() {
        // With the leases of a store in it, a damaged repository is still the one that they belong to.
        dot
    } else if is_git_dir(dir) {
        dir.to_owned()
    } else {
        return Ok(None);
    };
    let pointer = found.join("commondir");
    let common = match read_pointer(&pointer)? {
        Some(text) => existing(&pointer, &found, &text)?,
        None => found.clone(),
    };
    Ok(Some(GitDirs {
        dir: found,
        common,
        worktree: dir.to_owned(),
    }))
}

/// Returns the directory that a pointer file of git names; an error when nothing is there.
fn existing(pointer: &Path, base: &Path, text: &str) -> Result<PathBuf> {
    let target = normal(&base.join(text.trim_end_matches(['\n', '\r'])));
    if target.is_dir() {
        return Ok(target);
    }
    Err(StoreError::LostGitDir {
        pointer: pointer.to_owned(),
        target,
    })
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

/// Returns whether a directory looks like a repository, by the three names that git itself goes by. An old `HEAD` is a link,
/// to a branch that may not be born yet.
fn is_git_dir(dir: &Path) -> bool {
    dir.join("HEAD").symlink_metadata().is_ok()
        && dir.join("objects").is_dir()
        && dir.join("refs").is_dir()
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
