//! How a store is used, what it has to say beside its answers, and what it needs from its surroundings.
//!
//! Owns the values. Refuses to read settings: whoever opens the store has read them.

use crate::fs::Fs;
use crate::host::Host;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// When a commit counts as done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// When it survives the death of the process; a power cut may lose recent commits.
    Fast,
    /// When it is on disk: one sync.
    #[default]
    Commit,
    /// When the files themselves are on disk too.
    Paranoid,
}

/// How a store is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// When a commit counts as done.
    pub durability: Durability,
    /// How long to wait for other writers.
    pub lock_timeout: Duration,
    /// Whether to write on a network file system, which is safe from one host only.
    pub allow_network_fs: bool,
    /// From how many files of records on an index is kept; reading fewer costs less than asking one.
    pub index_from: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            durability: Durability::default(),
            lock_timeout: Duration::from_secs(10),
            allow_network_fs: false,
            index_from: 200,
        }
    }
}

/// Something that went wrong, or was noticed, without making the answer wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// The change is safe in the log; the files get it with the next command.
    ApplyPending {
        /// What stood in the way.
        reason: String,
    },
    /// The log could not be emptied; it will be tried again.
    CheckpointFailed {
        /// What stood in the way.
        reason: String,
    },
    /// What the emptied log held could not be kept against a removal of the files by git; the files have it.
    NotKept {
        /// What stood in the way.
        reason: String,
    },
    /// A file was changed by somebody else while a transaction was under way; the file was left alone.
    ExternalEdit {
        /// The file.
        path: String,
        /// Where the tracker's version is kept.
        saved: String,
    },
    /// A file was changed by somebody else while a transaction was under way; both changes were merged by field.
    Merged {
        /// The file.
        path: String,
        /// Where the version of somebody else is kept.
        saved: String,
    },
    /// A file was found broken after a restart and was written anew from the log.
    Restored {
        /// The file.
        path: String,
        /// Where the broken version is kept.
        saved: String,
    },
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ApplyPending { reason } => {
                write!(
                    f,
                    "the change is safe in the log, the next command will finish writing its files ({reason})"
                )
            }
            Self::CheckpointFailed { reason } => {
                write!(f, "the log could not be emptied yet ({reason})")
            }
            Self::NotKept { reason } => {
                write!(
                    f,
                    "recent changes are in the files, but not in the spool that `jit recover` reads ({reason})"
                )
            }
            Self::ExternalEdit { path, saved } => {
                write!(
                    f,
                    "`{path}` was edited at the same time and was left alone; our version is in `{saved}`"
                )
            }
            Self::Merged { path, saved } => {
                write!(
                    f,
                    "`{path}` was edited at the same time; both changes are merged, the edited one is in `{saved}`"
                )
            }
            Self::Restored { path, saved } => {
                write!(
                    f,
                    "`{path}` was broken after a restart and was restored; the broken one is in `{saved}`"
                )
            }
        }
    }
}

/// What a session needs from its surroundings.
#[derive(Clone, Debug)]
pub(crate) struct Env {
    pub(crate) fs: Arc<dyn Fs>,
    pub(crate) host: Arc<dyn Host>,
    pub(crate) options: Options,
    /// The private directory, for messages.
    pub(crate) private: PathBuf,
    /// The shared directory, which a copied store is recognised by.
    pub(crate) shared: PathBuf,
    /// Where the index is; `None`: there shall be none.
    pub(crate) index: Option<PathBuf>,
}

impl Env {
    pub(crate) fn is_durable(&self) -> bool {
        self.options.durability != Durability::Fast
    }
}
