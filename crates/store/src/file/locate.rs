//! Finding the store of a directory (`docs/design/storage.md` S1, "One store per clone").
//!
//! Owns the search upwards, the reading of git's pointers, and the refusal of other people's directories. Refuses to run
//! git, to read the environment, and to guess: where two stores are possible it is an error.

use super::git;
use super::git_dirs::{GitDirs, enclosing, git_dirs, main_worktree, normal};
use super::layout::{PRIVATE_DIR, STORE_DIR};
use super::pointer::{self, Pointer, is_present};
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

impl Why {
    /// Returns the word for it in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Named => "named",
            Self::Repository => "repository",
            Self::MainWorktree => "main_worktree",
            Self::Pointer => "pointer",
            Self::Above => "above",
        }
    }
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
        return named_store(&absolute(named)?);
    }
    let start = absolute(&search.start)?;
    for dir in ancestors(&start, search.home.as_deref())? {
        if let Some(git) = repository_at(&dir)? {
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

/// Returns the store of the directory that the user names.
///
/// The private directory belongs to the whole clone: a second `.jit` beside it would destroy the log of the first, so a
/// worktree's own checkout is refused.
fn named_store(named: &Path) -> Result<Location> {
    let absent = || no_store(named, "it holds no `.jit`");
    let Some(git) = repository_at(named)? else {
        return at(named, Why::Named)?.ok_or_else(absent);
    };
    let own = named.join(STORE_DIR);
    match store_of_clone(&git)? {
        Some(store) if store == own && is_present(&own)? => {
            Ok(location(own, Some(git), Why::Named))
        }
        Some(store) if store == own => Err(absent()),
        Some(store) if is_present(&store)? => Err(StoreError::OtherStore { named: own, store }),
        Some(expected) if is_present(&own)? => Err(StoreError::WorktreeStoreEmpty {
            found: own,
            expected,
        }),
        Some(_) => Err(absent()),
        None => Err(no_main_worktree(&git)),
    }
}

/// Reads which git directories a directory is the top of, unless it is a copy of a worktree.
fn repository_at(dir: &Path) -> Result<Option<GitDirs>> {
    let git = git_dirs(dir)?;
    if let Some(git) = &git {
        pointer::check_copied(git)?;
    }
    Ok(git)
}

/// Returns where the one store of a clone is or would be; `None` when nothing but the user can tell.
fn store_of_clone(git: &GitDirs) -> Result<Option<PathBuf>> {
    if let Some(found) = pointed_at(git)? {
        return Ok(Some(found.store));
    }
    Ok(main_worktree(git).map(|main| normal(&main).join(STORE_DIR)))
}

/// Returns where a new store for a directory belongs: at the top of its repository, shared by all worktrees.
pub fn place_for_new(search: &Search) -> Result<Location> {
    if let Some(named) = &search.jit_dir {
        return named_place(&absolute(named)?);
    }
    let start = absolute(&search.start)?;
    for dir in ancestors(&start, search.home.as_deref())? {
        if let Some(git) = repository_at(&dir)? {
            return place_in_repository(&git);
        }
        if let Some(found) = at(&dir, Why::Above)? {
            return Ok(found);
        }
    }
    Ok(location(start.join(STORE_DIR), None, Why::Above))
}

/// Returns where a new store belongs in the directory that the user names.
///
/// Below the top of a repository its private directory would lie among the files that git cleans away, and the leases with it.
fn named_place(named: &Path) -> Result<Location> {
    let own = named.join(STORE_DIR);
    let Some(git) = repository_at(named)? else {
        return match enclosing(named)? {
            Some(outer) if !is_present(&own)? => Err(StoreError::BelowTop {
                named: own,
                top: outer.worktree,
            }),
            _ => Ok(location(own, None, Why::Named)),
        };
    };
    let shared = match store_of_clone(&git) {
        // What the pointer misses is made here.
        Err(StoreError::DanglingPointer { store, .. }) if store == own => Some(store),
        // A copy begins with a pointer that is not its own.
        Err(StoreError::ForeignPointer { .. }) => None,
        other => other?,
    };
    match shared {
        Some(store) if store != own && is_present(&store)? => {
            Err(StoreError::OtherStore { named: own, store })
        }
        Some(expected) if expected != own => Err(StoreError::WorktreeStoreEmpty {
            found: own,
            expected,
        }),
        _ => Ok(location(own, Some(git), Why::Named)),
    }
}

fn place_in_repository(git: &GitDirs) -> Result<Location> {
    let main = main_worktree(git);
    let home = match pointed_at(git) {
        Ok(Some(found)) => return Ok(found),
        Ok(None) => main.ok_or_else(|| no_main_worktree(git))?,
        // A pointer to what would be made anyway only says that it was lost.
        Err(StoreError::DanglingPointer { pointer, store, .. }) => {
            let mut homes = main.into_iter().chain([git.worktree.clone()]);
            let lost = homes.find(|home| normal(home).join(STORE_DIR) == store);
            lost.ok_or_else(|| dangling(pointer, store))?
        }
        Err(error) => return Err(error),
    };
    let why = if home == git.worktree {
        Why::Repository
    } else {
        Why::MainWorktree
    };
    Ok(location(home.join(STORE_DIR), git_dirs(&home)?, why))
}

fn in_repository(start: &Path, git: &GitDirs) -> Result<Location> {
    if let Some(found) = pointed_at(git)? {
        return Ok(found);
    }
    let own = git.worktree.join(STORE_DIR);
    let Some(main) = main_worktree(git) else {
        return Err(no_main_worktree(git));
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

fn no_main_worktree(git: &GitDirs) -> StoreError {
    StoreError::NoMainWorktree {
        is_bare: git.worktree == git.common,
        dir: git.worktree.clone(),
    }
}

fn dangling(pointer: PathBuf, store: PathBuf) -> StoreError {
    StoreError::DanglingPointer {
        is_tracked: is_tracked(&store),
        pointer,
        store,
    }
}

/// Returns whether git could bring a lost store back; what can't be read counts as no, for it only chooses a hint.
fn is_tracked(store: &Path) -> bool {
    let holder = store.parent().map(git_dirs);
    let Some(Ok(Some(git))) = holder else {
        return false;
    };
    git::is_tracked(&git, &format!("{STORE_DIR}/format.json"))
}

/// Returns the store that the clone's pointer names; a stale one is overruled only where nothing else can be meant.
fn pointed_at(git: &GitDirs) -> Result<Option<Location>> {
    let (store, holder) = match pointer::read(git)? {
        Pointer::Absent => return Ok(None),
        Pointer::Names { store, holder } => (store, holder),
        Pointer::Stale { store, owner } => {
            let own = git.worktree.join(STORE_DIR);
            if pointer::stands_alone(git) && is_present(&own)? {
                return Ok(None);
            }
            let pointer = pointer::path(git);
            return Err(match owner {
                None => dangling(pointer, store),
                Some(owner) => StoreError::ForeignPointer {
                    pointer,
                    store,
                    owner,
                },
            });
        }
    };
    let is_own = store.parent() == Some(git.worktree.as_path());
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
