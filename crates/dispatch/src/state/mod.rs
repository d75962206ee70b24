//! Owns the dispatcher's own memory on disk: the directory of one run, its journal and lock, the history of an issue,
//! and the timeline. Refuses to hold anything the tracker knows: issues live there.
//!
//! `$XDG_STATE_HOME/jit-dispatch/<hash of the store>/` holds `runs/<run>/` (one directory a run), `active/<run>` (an
//! empty file for each run that is not settled), `history/<issue>.json`, `events.jsonl`, and `cycle.lock`.

mod history;
mod journal;
mod run;
mod timeline;
mod words;

use std::ffi::OsString;
use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use jit_scheduler::RunId;

pub use history::IssueHistory;
pub use journal::{Conclusion, Journal, Record, Reserved, Started, Story};
pub use run::{RunDir, RunLock, RunSpec, SpecLease, SpecLimits, SpecRetry};
pub use timeline::{Happening, Timeline};
pub use words::{exit_word, outcome_word, stop_word};

use crate::run_id::is_run_id;

/// The state of all dispatchers of one user over one store.
#[derive(Debug, Clone)]
pub struct StateDir {
    root: PathBuf,
}

/// Why the state cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// There is neither `XDG_STATE_HOME` nor `HOME`.
    #[error("neither XDG_STATE_HOME nor HOME names an absolute directory to keep state in")]
    NoHome,
    /// A file or directory cannot be used.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was to be done.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A file of ours does not say what it should.
    #[error("`{}` is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl StateError {
    /// Returns a closure that wraps what the system said about `path`.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }

    /// Returns whether the file or directory is not there.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound)
    }
}

impl StateDir {
    /// Opens the state that belongs to `store`, making it if it is not there yet.
    ///
    /// `xdg` and `home` are the values of `XDG_STATE_HOME` and `HOME`.
    pub fn open(
        store: &str,
        xdg: Option<OsString>,
        home: Option<OsString>,
    ) -> Result<Self, StateError> {
        let absolute =
            |value: Option<OsString>| value.map(PathBuf::from).filter(|path| path.is_absolute());
        let base = absolute(xdg)
            .or_else(|| Some(absolute(home)?.join(".local/state")))
            .ok_or(StateError::NoHome)?;
        let hash = blake3::hash(store.as_bytes()).to_hex();
        let state = Self {
            root: base.join("jit-dispatch").join(&hash.as_str()[..16]),
        };
        for dir in [
            state.root.clone(),
            state.runs(),
            state.active(),
            state.histories(),
        ] {
            make_dir(&dir)?;
        }
        let note = state.root.join("store");
        if !note.exists() {
            std::fs::write(&note, format!("{store}\n")).map_err(StateError::io("write", &note))?;
        }
        Ok(state)
    }

    /// Opens the state at `root`, as a run finds it.
    pub fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// Returns where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the directory of `run`, which need not exist.
    pub fn run(&self, run: &RunId) -> RunDir {
        RunDir::new(self.clone(), run.clone())
    }

    /// Returns the runs that are not settled, oldest first.
    pub fn active_runs(&self) -> Result<Vec<RunId>, StateError> {
        let dir = self.active();
        let mut runs = Vec::new();
        for entry in std::fs::read_dir(&dir).map_err(StateError::io("list", &dir))? {
            let entry = entry.map_err(StateError::io("list", &dir))?;
            if let Some(name) = entry.file_name().to_str().filter(|name| is_run_id(name)) {
                runs.push(RunId::from(name));
            }
        }
        runs.sort();
        Ok(runs)
    }

    /// Waits until no other dispatcher plans over this state, and keeps them out until the answer is dropped.
    ///
    /// Blocks; the holder never waits for anybody but `jit`.
    pub fn lock_cycle(&self) -> Result<File, StateError> {
        let path = self.root.join("cycle.lock");
        let file = open_private(
            &path,
            OpenOptions::new().create(true).truncate(false).write(true),
        )?;
        file.lock().map_err(StateError::io("lock", &path))?;
        Ok(file)
    }

    /// Says to others that a dispatcher is at work, until the answer is dropped.
    pub fn announce_dispatcher(&self) -> Result<File, StateError> {
        let path = self.root.join("dispatcher.lock");
        let file = open_private(
            &path,
            OpenOptions::new()
                .create(true)
                .truncate(false)
                .read(true)
                .write(true),
        )?;
        file.lock_shared().map_err(StateError::io("lock", &path))?;
        Ok(file)
    }

    /// Returns whether some dispatcher is at work.
    pub fn has_dispatcher(&self) -> Result<bool, StateError> {
        let path = self.root.join("dispatcher.lock");
        match File::open(&path) {
            Ok(file) => match file.try_lock() {
                Ok(()) => Ok(false),
                Err(std::fs::TryLockError::WouldBlock) => Ok(true),
                Err(std::fs::TryLockError::Error(error)) => {
                    Err(StateError::io("lock", &path)(error))
                }
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(StateError::io("open", &path)(error)),
        }
    }

    /// Returns the timeline of everything that happened.
    pub fn timeline(&self) -> Timeline {
        Timeline::new(self.root.join("events.jsonl"))
    }

    fn runs(&self) -> PathBuf {
        self.root.join("runs")
    }

    fn active(&self) -> PathBuf {
        self.root.join("active")
    }

    fn histories(&self) -> PathBuf {
        self.root.join("history")
    }
}

/// Makes a directory that only its owner can enter.
fn make_dir(path: &Path) -> Result<(), StateError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(StateError::io("make", path))
}

/// Opens a file that only its owner can read, if it is made now.
fn open_private(path: &Path, options: &mut OpenOptions) -> Result<File, StateError> {
    options
        .mode(0o600)
        .open(path)
        .map_err(StateError::io("open", path))
}

/// Replaces a small file as a whole.
fn write_whole(path: &Path, text: &[u8]) -> Result<(), StateError> {
    use std::io::Write as _;
    let beside = path.with_extension("new");
    let mut file = open_private(
        &beside,
        OpenOptions::new().create(true).truncate(true).write(true),
    )?;
    file.write_all(text)
        .map_err(StateError::io("write", &beside))?;
    std::fs::rename(&beside, path).map_err(StateError::io("replace", path))
}
