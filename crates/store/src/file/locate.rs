//! Finding the store of a directory (`docs/design/storage.md` S1, "One store per clone").
//!
//! Owns the search upwards, the reading of git's pointers, and the refusal of other people's directories. Refuses to run
//! git, to read the environment, and to guess: where two stores are possible it is an error.

use super::git_dirs::{GitDirs, git_dirs, main_worktree, normal, read_pointer};
use super::layout::{PRIVATE_DIR, STORE_DIR};
use crate::error::{Result, StoreError};
use std::fmt;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Where to search, and what the user says about it.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// The directory to begin in.
    pub start: PathBuf,
    /// The directory that holds `.jit`, when the user names it; then nothing is searched.
    pub jit_dir: Option<PathBuf>,
    /// The user's home, above which nothing is searched.
    pub home: Option<PathBuf>,
    /// Stores that may belong to somebody else.
    pub safe_dirs: Vec<PathBuf>,
}

/// Why a store is the one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The user named it.
    Named,
    /// It lies at the top of the repository.
    Repository,
    /// The directory is in a linked worktree; it lies in the main one.
    MainWorktree,
    /// The clone's own pointer names it.
    Pointer,
    /// It lies above the directory, outside of any repository's top.
    Above,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Named => "you named it",
            Self::Repository => "it lies at the top of this repository",
            Self::MainWorktree => {
                "it lies in the main worktree, which all worktrees of the clone share"
            }
            Self::Pointer => "the clone's file `jit/store` in git's common directory names it",
            Self::Above => "it is the nearest one above this directory",
        })
    }
}

/// A store that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The shared directory, `.jit`.
    pub store: PathBuf,
    /// The private directory of the clone.
    pub private: PathBuf,
    /// Git's directories for the worktree that holds the store, if git knows it.
    pub git: Option<GitDirs>,
    /// Why it is this one.
    pub why: Why,
}

/// Finds the store, or says why there is none.
pub fn locate(search: &Search) -> Result<Location> {
    let location = find(search)?;
    check_directory(&location.store, &search.safe_dirs)?;
    if location.private.exists() {
        check_directory(&location.private, &search.safe_dirs)?;
    }
    Ok(location)
}

fn find(search: &Search) -> Result<Location> {
    if let Some(named) = &search.jit_dir {
        let named = absolute(named)?;
        return at(&named, Why::Named)?.ok_or_else(|| no_store(&named, "it holds no `.jit`"));
    }
    let start = absolute(&search.start)?;
    for dir in ancestors(&start, search.home.as_deref())? {
        if let Some(git) = git_dirs(&dir)? {
            return in_repository(&start, &git);
        }
        if let Some(location) = at(&dir, Why::Above)? {
            return Ok(location);
        }
    }
    Err(no_store(
        &start,
        "searched up to the home directory or the end of the file system",
    ))
}

/// Returns where a new store for a directory belongs: at the top of its repository, shared by all worktrees.
pub fn place_for_new(search: &Search) -> Result<Location> {
    if let Some(named) = &search.jit_dir {
        let named = absolute(named)?;
        let git = git_dirs(&named)?;
        return Ok(location(named.join(STORE_DIR), git, Why::Named));
    }
    let start = absolute(&search.start)?;
    for dir in ancestors(&start, search.home.as_deref())? {
        if let Some(git) = git_dirs(&dir)? {
            if let Some(found) = pointed_at(&git)? {
                return Ok(found);
            }
            let main = main_worktree(&git).ok_or_else(|| no_store(&start, BARE))?;
            let why = if main == git.worktree {
                Why::Repository
            } else {
                Why::MainWorktree
            };
            return Ok(location(main.join(STORE_DIR), Some(git), why));
        }
        if let Some(found) = at(&dir, Why::Above)? {
            return Ok(found);
        }
    }
    Ok(location(start.join(STORE_DIR), None, Why::Above))
}

const BARE: &str = "the repository is bare or its git directory lies elsewhere, and no `jit/store` in it names a store";

fn in_repository(start: &Path, git: &GitDirs) -> Result<Location> {
    if let Some(found) = pointed_at(git)? {
        return Ok(found);
    }
    let own = git.worktree.join(STORE_DIR);
    let Some(main) = main_worktree(git) else {
        return Err(no_store(start, BARE));
    };
    let shared = main.join(STORE_DIR);
    if is_present(&shared)? {
        let is_linked = main != git.worktree;
        let git = if is_linked {
            git_dirs(&main)?
        } else {
            Some(git.clone())
        };
        return Ok(location(
            shared,
            git,
            if is_linked {
                Why::MainWorktree
            } else {
                Why::Repository
            },
        ));
    }
    if is_present(&own)? {
        return Err(StoreError::WorktreeStoreEmpty {
            found: own,
            expected: shared,
        });
    }
    Err(no_store(
        start,
        &format!("the repository `{}` has none", git.worktree.display()),
    ))
}

/// Returns the store that the clone's pointer names.
fn pointed_at(git: &GitDirs) -> Result<Option<Location>> {
    let pointer = git.common.join(PRIVATE_DIR).join("store");
    let Some(text) = read_pointer(&pointer)? else {
        return Ok(None);
    };
    let store = normal(&git.common.join(text.trim_end_matches(['\n', '\r'])));
    if !is_present(&store)? {
        return Err(StoreError::DanglingPointer { pointer, store });
    }
    let is_own = store.parent() == Some(git.worktree.as_path());
    let holder = store.parent().map_or(Ok(None), git_dirs)?;
    // A store outside of every worktree still belongs to the clone whose pointer names it.
    let private = git.common.join(PRIVATE_DIR);
    let why = if is_own {
        Why::Repository
    } else {
        Why::Pointer
    };
    Ok(Some(Location {
        store,
        private,
        git: holder,
        why,
    }))
}

/// Returns the store in a directory, if there is one.
fn at(dir: &Path, why: Why) -> Result<Option<Location>> {
    let store = dir.join(STORE_DIR);
    Ok(if is_present(&store)? {
        Some(location(store, git_dirs(dir)?, why))
    } else {
        None
    })
}

fn location(store: PathBuf, git: Option<GitDirs>, why: Why) -> Location {
    let private = match &git {
        Some(git) => git.common.join(PRIVATE_DIR),
        None => store.join("local"),
    };
    Location {
        store,
        private,
        git,
        why,
    }
}

/// Returns the directory and those above it, up to the home directory or the end of the file system.
fn ancestors(start: &Path, home: Option<&Path>) -> Result<Vec<PathBuf>> {
    let device = |dir: &Path| {
        let metadata = std::fs::metadata(dir);
        metadata
            .map(|it| it.dev())
            .map_err(|error| StoreError::at_path("look at", dir.display().to_string(), error))
    };
    let home = home.and_then(|home| home.canonicalize().ok());
    let first = device(start)?;
    let mut found = Vec::new();
    for dir in start.ancestors() {
        if device(dir)? != first {
            break;
        }
        found.push(dir.to_owned());
        if home.as_deref() == Some(dir) {
            break;
        }
    }
    Ok(found)
}

/// Refuses a directory that somebody else may have put there.
fn check_directory(dir: &Path, safe_dirs: &[PathBuf]) -> Result<()> {
    let failed = |error| StoreError::at_path("look at", dir.display().to_string(), error);
    let metadata = std::fs::symlink_metadata(dir).map_err(failed)?;
    if !metadata.is_dir() {
        return Err(StoreError::NotADirectory {
            path: dir.to_owned(),
        });
    }
    let is_safe = safe_dirs
        .iter()
        .any(|safe| dir == safe || dir.parent() == Some(safe));
    if !is_safe && metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(StoreError::NotOurs {
            path: dir.to_owned(),
            uid: metadata.uid(),
        });
    }
    if !is_safe && metadata.mode() & 0o002 != 0 {
        return Err(StoreError::WorldWritable(dir.to_owned()));
    }
    Ok(())
}

/// Returns whether anything has this name; a link to nowhere has it too.
fn is_present(path: &Path) -> Result<bool> {
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

fn no_store(start: &Path, why: &str) -> StoreError {
    StoreError::NoStore {
        start: start.to_owned(),
        why: why.to_owned(),
    }
}

fn absolute(path: &Path) -> Result<PathBuf> {
    path.canonicalize().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => no_store(path, "there is no such directory"),
        _ => StoreError::at_path("look at", path.display().to_string(), error),
    })
}
