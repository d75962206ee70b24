//! Owns the directory of one run: what lies where, and the lock that says whether somebody owns the run. Liveness is the
//! lock and nothing else: there are no pid files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jit_scheduler::RunId;
use serde::{Deserialize, Serialize};

use super::{Journal, StateDir, StateError, Story, make_dir, open_private};

/// The directory of one run, which need not exist.
#[derive(Debug, Clone)]
pub struct RunDir {
    state: StateDir,
    run: RunId,
    path: PathBuf,
}

/// The right to act for a run. It is shared with every process that inherited the open file, and gone with the last.
#[derive(Debug)]
pub struct RunLock(File);

/// Everything a shim needs to know, written before the issue is claimed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSpec {
    /// The argument vector of the agent, `{issue_id}` not yet filled in.
    pub argv: Vec<String>,
    /// The directory that the agent starts in.
    pub cwd: PathBuf,
    /// Variables from the configuration.
    pub env: BTreeMap<String, String>,
    /// Names of variables to hand on.
    pub env_pass: BTreeSet<String>,
    /// The directory that the agent is pointed at by `JIT_DIR`.
    pub jit_dir: String,
    /// How `jit` is called.
    pub jit: Vec<String>,
    /// How long one call may take.
    #[serde(rename = "jit_timeout_ms", with = "millis")]
    pub jit_timeout: Duration,
    /// The lease.
    pub lease: SpecLease,
    /// The limits.
    pub limits: SpecLimits,
    /// Retries.
    pub retry: SpecRetry,
}

/// The lease of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecLease {
    /// How long it lives without renewal.
    #[serde(rename = "ttl_ms", with = "millis")]
    pub ttl: Duration,
    /// How often it is renewed.
    #[serde(rename = "renew_ms", with = "millis")]
    pub renew: Duration,
}

/// The limits of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecLimits {
    /// For coming to life.
    #[serde(rename = "start_ms", with = "millis")]
    pub start: Duration,
    /// Without progress.
    #[serde(rename = "idle_ms", with = "millis")]
    pub idle: Duration,
    /// In all.
    #[serde(rename = "total_ms", with = "millis")]
    pub total: Duration,
    /// Between TERM and KILL.
    #[serde(rename = "kill_grace_ms", with = "millis")]
    pub kill_grace: Duration,
}

/// Retries after a failed run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecRetry {
    /// The delay after the first failure.
    #[serde(rename = "base_ms", with = "millis")]
    pub base: Duration,
    /// The longest delay.
    #[serde(rename = "cap_ms", with = "millis")]
    pub cap: Duration,
    /// Counted failures in a row until the issue is given up.
    pub max_failures: u32,
}

mod millis {
    use std::time::Duration;

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        span: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}

impl SpecRetry {
    /// Returns the settings as the scheduler takes them.
    pub fn policy(self) -> jit_scheduler::retry::RetryPolicy {
        jit_scheduler::retry::RetryPolicy {
            base: self.base,
            cap: self.cap,
            max_failures: self.max_failures,
        }
    }
}

impl RunDir {
    pub(super) fn new(state: StateDir, run: RunId) -> Self {
        let path = state.runs().join(run.as_str());
        Self { state, run, path }
    }

    /// Finds the run whose directory is `path`, which lies in some state directory.
    pub fn at(path: &Path) -> Option<Self> {
        let run = path
            .file_name()?
            .to_str()
            .filter(|name| crate::run_id::is_run_id(name))?;
        let root = path.parent()?.parent()?;
        Some(StateDir::at(root.to_path_buf()).run(&RunId::from(run)))
    }

    /// Makes the directory and its mark among the active runs, and locks it before anybody else can know of it.
    pub fn create(&self) -> Result<RunLock, StateError> {
        make_dir(&self.path)?;
        let lock = self.try_lock()?.ok_or_else(|| StateError::Damaged {
            path: self.path.clone(),
            reason: "a run of this id is already owned".to_owned(),
        })?;
        open_private(
            &self.mark(),
            OpenOptions::new().create(true).truncate(false).write(true),
        )?;
        Ok(lock)
    }

    /// Returns the right to act for the run, or none if somebody has it.
    pub fn try_lock(&self) -> Result<Option<RunLock>, StateError> {
        let path = self.lock_path();
        let file = open_private(
            &path,
            OpenOptions::new().create(true).truncate(false).write(true),
        )?;
        match file.try_lock() {
            Ok(()) => Ok(Some(RunLock(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(StateError::io("lock", &path)(error)),
        }
    }

    /// Returns the state directory that the run belongs to.
    pub fn state(&self) -> &StateDir {
        &self.state
    }

    /// Returns the id.
    pub fn run(&self) -> &RunId {
        &self.run
    }

    /// Returns where the directory is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the file that is locked.
    pub fn lock_path(&self) -> PathBuf {
        self.path.join("lock")
    }

    /// Returns the file with the tracker's answer to the claim.
    pub fn issue_path(&self) -> PathBuf {
        self.path.join("issue.json")
    }

    /// Returns the file that the agent may leave its report in.
    pub fn result_path(&self) -> PathBuf {
        self.path.join("result.json")
    }

    /// Opens the journal for writing.
    pub fn journal(&self) -> Result<Journal, StateError> {
        Journal::open(&self.path.join("journal"))
    }

    /// Reads the journal.
    pub fn story(&self) -> Result<Story, StateError> {
        Story::read(&self.path.join("journal"))
    }

    /// Writes what the shim needs to know.
    pub fn write_spec(&self, spec: &RunSpec) -> Result<(), StateError> {
        let text = serde_json::to_vec_pretty(spec)
            .expect("a run's specification holds only what JSON can");
        super::write_whole(&self.path.join("run.json"), &text)
    }

    /// Reads what the shim needs to know.
    pub fn read_spec(&self) -> Result<RunSpec, StateError> {
        let path = self.path.join("run.json");
        let text = std::fs::read(&path).map_err(StateError::io("read", &path))?;
        serde_json::from_slice(&text).map_err(|error| StateError::Damaged {
            path,
            reason: error.to_string(),
        })
    }

    /// Writes the issue as the tracker gave it, for the agent to read.
    pub fn write_issue(&self, document: &[u8]) -> Result<(), StateError> {
        super::write_whole(&self.issue_path(), document)
    }

    /// Takes the run off the list of those that somebody has to look after.
    pub fn retire(&self) -> Result<(), StateError> {
        remove(&self.mark())
    }

    /// Removes every trace of a run that never came to be.
    pub fn forget(&self) -> Result<(), StateError> {
        self.retire()?;
        match std::fs::remove_dir_all(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(StateError::io("remove", &self.path)(error))
            }
            _ => Ok(()),
        }
    }

    fn mark(&self) -> PathBuf {
        self.state.active().join(self.run.as_str())
    }
}

impl RunLock {
    /// Takes over a lock that came as an open file, if it is the lock of `run`.
    pub fn inherited(file: File, run: &RunDir) -> Result<Option<Self>, StateError> {
        use std::os::unix::fs::MetadataExt as _;
        let path = run.lock_path();
        let named = std::fs::metadata(&path).map_err(StateError::io("look at", &path))?;
        let held = file.metadata().map_err(StateError::io("look at", &path))?;
        let is_same = (held.dev(), held.ino()) == (named.dev(), named.ino());
        Ok((is_same && file.try_lock().is_ok()).then_some(Self(file)))
    }

    /// Returns the open file, to be handed to the process that is to own the run.
    pub fn into_file(self) -> File {
        self.0
    }
}

fn remove(path: &Path) -> Result<(), StateError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StateError::io("remove", path)(error))
        }
        _ => Ok(()),
    }
}
