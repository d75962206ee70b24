//! The clone's pointer to its store: the file `jit/store` in git's common directory.
//!
//! Owns what it says and whether that can still be meant: repositories are moved and copied, and what they hold is copied
//! with them. Refuses to choose a store: see `locate`.

use super::git_dirs::{GitDirs, git_dirs, normal, read_pointer};
use super::layout::{PRIVATE_DIR, STORE_DIR};
use crate::error::{Result, StoreError};
use std::io;
use std::path::{Path, PathBuf};

/// What a pointer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pointer {
    /// There is none.
    Absent,
    /// It names a store of this clone.
    Names {
        /// The store.
        store: PathBuf,
        /// Git's directories for the worktree that holds it.
        holder: Option<GitDirs>,
    },
    /// What it names is gone, or belongs to another clone, from which this one was copied.
    Stale {
        /// The store that it names.
        store: PathBuf,
        /// The other clone.
        owner: Option<PathBuf>,
    },
}

/// Returns the file.
pub(super) fn path(git: &GitDirs) -> PathBuf {
    git.common.join(PRIVATE_DIR).join("store")
}

/// Reads the pointer of a clone.
pub(super) fn read(git: &GitDirs) -> Result<Pointer> {
    let pointer = path(git);
    let Some(text) = read_pointer(&pointer)? else {
        return Ok(Pointer::Absent);
    };
    let store = named_by(git, &pointer, &text)?;
    if !is_present(&store)? {
        return Ok(Pointer::Stale { store, owner: None });
    }
    let holder = store.parent().map_or(Ok(None), git_dirs)?;
    match &holder {
        Some(of) if normal(&of.common) != normal(&git.common) => {
            let owner = Some(of.common.clone());
            return Ok(Pointer::Stale { store, owner });
        }
        // Two that both take themselves for the main worktree of one git directory.
        Some(of) if is_main(of) && is_main(git) && of.worktree != git.worktree => {
            return Err(StoreError::CopiedWorktree {
                found: git.worktree.clone(),
                original: of.worktree.clone(),
            });
        }
        _ => {}
    }
    Ok(Pointer::Names { store, holder })
}

/// Returns whether a worktree may go by itself instead of a stale pointer: git's directory lies elsewhere and names no
/// worktree, so that the one which it is asked from is all there is.
pub(super) fn stands_alone(git: &GitDirs) -> bool {
    is_main(git) && git.common != git.worktree.join(".git")
}

/// Returns what to write for a store: a relative path where both are likely to be moved together.
pub(super) fn text_for(store: &Path, common: &Path) -> PathBuf {
    if store.parent() == common.parent() {
        return Path::new("..").join(STORE_DIR);
    }
    let base = store.parent().and_then(Path::parent);
    let Some((base, below)) = base.and_then(|base| Some((base, common.strip_prefix(base).ok()?)))
    else {
        return store.to_owned();
    };
    let up: PathBuf = below.components().map(|_| "..").collect();
    store
        .strip_prefix(base)
        .map_or_else(|_| store.to_owned(), |rest| up.join(rest))
}

/// Refuses a linked worktree that was copied: to git it is the original.
pub(super) fn check_copied(git: &GitDirs) -> Result<()> {
    if git.dir == git.common {
        return Ok(());
    }
    let Some(text) = read_pointer(&git.dir.join("gitdir"))? else {
        return Ok(());
    };
    let dot = git.dir.join(text.trim_end_matches(['\n', '\r']));
    let Some(original) = dot.parent().map(normal) else {
        return Ok(());
    };
    // One that was moved has no original any more.
    if original == git.worktree || !is_present(&dot)? {
        return Ok(());
    }
    Err(StoreError::CopiedWorktree {
        found: git.worktree.clone(),
        original,
    })
}

/// Returns whether git takes it for the main worktree.
fn is_main(git: &GitDirs) -> bool {
    git.dir == git.common && git.worktree != git.common
}

/// Returns the store that the text of a pointer names.
fn named_by(git: &GitDirs, pointer: &Path, text: &str) -> Result<PathBuf> {
    let text = text.trim_end_matches(['\n', '\r']);
    if text.is_empty() {
        let reason = "it is empty".to_owned();
        return Err(StoreError::Damaged {
            path: pointer.display().to_string(),
            reason,
        });
    }
    let store = git.common.join(text);
    // The name of the store itself stays: a link there is refused, not followed.
    Ok(match (store.parent(), store.file_name()) {
        (Some(dir), Some(name)) => normal(dir).join(name),
        _ => normal(&store),
    })
}

/// Returns whether anything has this name; a link to nowhere has it too.
pub(super) fn is_present(path: &Path) -> Result<bool> {
    match std::fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(false)
        }
        Err(error) => Err(StoreError::at_path(
            "look at",
            path.display().to_string(),
            error,
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_together_is_named_relatively() {
        let check = |store: &str, common: &str, expected: &str| {
            let text = text_for(Path::new(store), Path::new(common));
            assert_eq!(text, Path::new(expected), "{store} from {common}");
        };
        check("/p/repo/.jit", "/p/repo/.git", "../.jit");
        check("/p/side/.jit", "/p/bare.git", "../side/.jit");
        check("/p/sub/.jit", "/p/.git/modules/sub", "../../../sub/.jit");
        check("/p/repo/.jit", "/elsewhere/repo.git", "/p/repo/.jit");
        check("/p/deep/side/.jit", "/p/bare.git", "/p/deep/side/.jit");
    }
}
