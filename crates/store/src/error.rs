//! The ways in which a store can fail.
//!
//! Owns their texts and their classification. Refuses exit codes and hints: those are made from the kind elsewhere.

use crate::fs::At;
use jit_core::{ErrorKind, Health};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why a store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A record that a decision or an answer needed could not be read.
    #[error("a record could not be read: {0}")]
    Unanswered(String),
    /// No store was found.
    #[error("no store in `{}` or above it ({why})", .start.display())]
    NoStore {
        /// Where the search began.
        start: PathBuf,
        /// Where it ended, and why there.
        why: String,
    },
    /// A worktree names a git directory that is gone: its repository was moved or removed.
    #[error("`{}` names the git directory `{}`, which does not exist", .pointer.display(), .target.display())]
    LostGitDir {
        /// The file that names it.
        pointer: PathBuf,
        /// What it names.
        target: PathBuf,
    },
    /// The place that the store's own pointer names holds no store.
    #[error("`{}` names the store `{}`, which does not exist", .pointer.display(), .store.display())]
    DanglingPointer {
        /// The file that names it.
        pointer: PathBuf,
        /// What it names.
        store: PathBuf,
        /// Whether git's index holds the store's files, so that git can bring them back.
        is_tracked: bool,
    },
    /// The clone's pointer was copied from another clone: it names that one's store.
    #[error("`{}` was copied: the store `{}` that it names belongs to `{}`", .pointer.display(), .store.display(), .owner.display())]
    ForeignPointer {
        /// The file that names it.
        pointer: PathBuf,
        /// What it names.
        store: PathBuf,
        /// The git directory of the clone that the store belongs to.
        owner: PathBuf,
    },
    /// A worktree was copied: git, and so its store, still take it for the original.
    #[error("`{}` is a copy of the worktree `{}`, and shares its git directory", .found.display(), .original.display())]
    CopiedWorktree {
        /// The copy.
        found: PathBuf,
        /// The worktree that git knows.
        original: PathBuf,
    },
    /// The user named a worktree's own checkout, while all worktrees of the clone share another store.
    #[error("`{}` is not the store of its clone; all of its worktrees share `{}`", .named.display(), .store.display())]
    OtherStore {
        /// What was named.
        named: PathBuf,
        /// The store of the clone.
        store: PathBuf,
    },
    /// A new store would lie inside a repository, but not at its top.
    #[error("`{}` would lie below the top of the repository `{}`, where git removes its leases with other ignored files", .named.display(), .top.display())]
    BelowTop {
        /// The store that was wanted.
        named: PathBuf,
        /// The top of the repository around it.
        top: PathBuf,
    },
    /// Nothing says which worktree of a repository without a main one holds the store.
    #[error("the repository of `{}` has no main worktree, and no `jit/store` in its git directory names a store", .dir.display())]
    NoMainWorktree {
        /// The top of the worktree, or the bare repository itself.
        dir: PathBuf,
        /// Whether it is the bare repository itself.
        is_bare: bool,
    },
    /// A linked worktree has a store of its own while the clone's store is elsewhere.
    #[error("`{}` belongs to a worktree; the store of this clone would be `{}`, which does not exist", .found.display(), .expected.display())]
    WorktreeStoreEmpty {
        /// The directory that was found in the worktree.
        found: PathBuf,
        /// Where the store of the clone should be.
        expected: PathBuf,
    },
    /// The store belongs to another user.
    #[error("`{}` belongs to user {uid}, not to you", .path.display())]
    NotOurs {
        /// The directory.
        path: PathBuf,
        /// Its owner.
        uid: u32,
    },
    /// Anybody may write into the store's directory.
    #[error("`{}` can be written by everybody", .0.display())]
    WorldWritable(PathBuf),
    /// `.jit` is no directory of its own.
    #[error("`{}` is not a plain directory", .path.display())]
    NotADirectory {
        /// The path.
        path: PathBuf,
    },
    /// Another process held the lock for too long.
    #[error("the store is busy: waited {} s{}", .waited.as_secs_f64(), .holder.as_deref().map(|who| format!(" for {who}")).unwrap_or_default())]
    Busy {
        /// How long was waited.
        waited: Duration,
        /// Who seems to hold it.
        holder: Option<String>,
    },
    /// A file was changed by another program between reading and writing it.
    #[error("`{path}` was changed by another program just now")]
    ChangedMeanwhile {
        /// The file.
        path: String,
    },
    /// The store was written by a newer version.
    #[error(
        "the store needs version {needed} of the format to {action} it, this program has {}",
        crate::file::version::SUPPORTED
    )]
    FormatTooNew {
        /// What was wanted: `read` or `write`.
        action: &'static str,
        /// The version that is needed.
        needed: u64,
    },
    /// The store has to be migrated before it is written.
    #[error(
        "the store has version {found} of the format, this program writes {}",
        crate::file::version::SUPPORTED
    )]
    FormatTooOld {
        /// The version of the store.
        found: u64,
    },
    /// A file of the store can't be understood.
    #[error("`{path}` is damaged: {reason}")]
    Damaged {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A merge, cherry-pick or rebase of git has left conflicts in what would be written.
    #[error("git has an unfinished {operation}: {} unmerged", .paths.join(", "))]
    MergeInProgress {
        /// What git is doing.
        operation: &'static str,
        /// The files concerned.
        paths: Vec<String>,
    },
    /// The private directory can't be written.
    #[error("the state directory `{}` can't be written", .path.display())]
    StateDirUnwritable {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The store lies on a read-only file system.
    #[error("the store is read-only")]
    ReadOnly(#[source] io::Error),
    /// An earlier write may or may not be on disk, and the disk refused to say which.
    #[error("writing stopped after a disk error ({reason}); check the disk, then remove `{}`", .marker.display())]
    StoppedByDiskError {
        /// What was noted then.
        reason: String,
        /// The file that keeps writers away.
        marker: PathBuf,
    },
    /// Nobody knows whether the change happened.
    #[error("it is unknown whether the change happened")]
    OutcomeUnknown(#[source] io::Error),
    /// Locks of the file system may mean nothing to other hosts.
    #[error("the store is on a network file system ({0}), on which locks are not safe")]
    NetworkFs(&'static str),
    /// Git could not be asked what it keeps.
    #[error("git could not be asked what it keeps of the store")]
    Git(#[source] io::Error),
    /// A change is larger than the store can keep.
    #[error("`{path}` would have {len} bytes, at most {max} are allowed")]
    TooLarge {
        /// The file or part.
        path: String,
        /// Its length.
        len: u64,
        /// The longest allowed.
        max: u64,
    },
    /// A cursor does not come from this store.
    #[error("`{0}` is not a cursor of this store")]
    BadCursor(String),
    /// The operating system refused something.
    #[error("could not {action} `{path}`")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl StoreError {
    /// Returns the kind that exit codes are made from.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NoStore { .. }
            | Self::LostGitDir { .. }
            | Self::DanglingPointer { .. }
            | Self::ForeignPointer { .. }
            | Self::CopiedWorktree { .. }
            | Self::OtherStore { .. }
            | Self::BelowTop { .. }
            | Self::NoMainWorktree { .. }
            | Self::WorktreeStoreEmpty { .. } => ErrorKind::NoStore,
            Self::NotOurs { .. } | Self::WorldWritable(_) => ErrorKind::NotPermitted,
            Self::NotADirectory { .. } | Self::Damaged { .. } | Self::FormatTooOld { .. } => {
                ErrorKind::Damaged
            }
            Self::Busy { .. } | Self::ChangedMeanwhile { .. } => ErrorKind::Busy,
            Self::FormatTooNew { .. } => ErrorKind::FormatTooNew,
            Self::MergeInProgress { .. } => ErrorKind::MergeInProgress,
            Self::StateDirUnwritable { .. } => ErrorKind::StateDirUnwritable,
            Self::ReadOnly(_)
            | Self::StoppedByDiskError { .. }
            | Self::Git(_)
            | Self::Unanswered(_)
            | Self::Io { .. } => ErrorKind::Io,
            Self::OutcomeUnknown(_) => ErrorKind::OutcomeUnknown,
            Self::NetworkFs(_) => ErrorKind::Config,
            Self::TooLarge { .. } | Self::BadCursor(_) => ErrorKind::InvalidValue,
        }
    }

    /// Returns the error of an operation on a file of the store. A link, or something else than a directory, on the way to
    /// it was put there by somebody: that is damage, not the operating system's failure.
    pub(crate) fn io(action: &'static str, at: &At, source: io::Error) -> Self {
        if is_link(&source) || source.kind() == io::ErrorKind::NotADirectory {
            return Self::Damaged {
                path: at.to_string(),
                reason: told(&source),
            };
        }
        Self::at_path(action, at.to_string(), source)
    }

    /// Returns the error of an operation on any path.
    pub(crate) fn at_path(action: &'static str, path: String, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::ReadOnlyFilesystem {
            Self::ReadOnly(source)
        } else {
            Self::Io {
                action,
                path,
                source,
            }
        }
    }
}

/// Returns the failure that a snapshot met, if any: nothing may follow from its answers then.
pub fn confirm(health: &Health) -> Result<()> {
    match health.failure() {
        None => Ok(()),
        Some(failure) => Err(StoreError::Unanswered(text_of(&**failure))),
    }
}

/// Returns an error and all its causes as one line.
pub(crate) fn text_of(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Returns whether a path was refused because of a symbolic link.
pub(crate) fn is_link(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

/// Returns what an error says of a path, in words about what lies there instead of the call that failed.
pub(crate) fn told(error: &io::Error) -> String {
    if is_link(error) {
        "there is a symbolic link, which is not followed".to_owned()
    } else if error.kind() == io::ErrorKind::NotADirectory {
        "there is something else than a directory".to_owned()
    } else {
        error.to_string()
    }
}

/// The answer of a store.
pub type Result<T> = std::result::Result<T, StoreError>;
