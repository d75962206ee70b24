//! Owns how every failure ends: its exit code, its code for programs, and the advice (`docs/design/tracker.md` section 6).

use crate::config::ConfigError;
use crate::error_chain::chain;
use crate::executor::shim::ShimError;
use crate::jit_client::{JitError, JitErrorKind};
use crate::runner::CycleError;
use crate::state::StateError;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The command line makes no sense.
    #[error("{0}")]
    Usage(String),
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There is no `jit`.
    #[error("no jit program was found")]
    NoJit,
    /// The tracker refused or cannot be reached.
    #[error(transparent)]
    Tracker(#[from] JitError),
    /// The dispatcher's own memory cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// A run could not be owned.
    #[error(transparent)]
    Shim(#[from] ShimError),
    /// The system refused something.
    #[error("cannot {action}")]
    System {
        /// What was to be done.
        action: &'static str,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

impl From<CycleError> for CliError {
    fn from(error: CycleError) -> Self {
        match error {
            CycleError::Tracker(error) => Self::Tracker(error),
            CycleError::State(error) => Self::State(error),
        }
    }
}

impl CliError {
    /// Returns a closure that wraps what the system said.
    pub(super) fn system(action: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::System { action, source }
    }

    /// Returns the sentence for people.
    pub fn message(&self) -> String {
        chain(self)
    }

    /// Returns the exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Config(ConfigError::Untrusted(_) | ConfigError::TrustUnknown { .. }) => 5,
            Self::Config(
                ConfigError::NotFound(_) | ConfigError::Read { .. } | ConfigError::Invalid { .. },
            ) => 2,
            Self::NoJit | Self::State(_) | Self::System { .. } | Self::Shim(_) => 10,
            Self::Tracker(error) => match error.kind() {
                JitErrorKind::Bug => 1,
                JitErrorKind::Usage => 2,
                JitErrorKind::NotFound => 3,
                JitErrorKind::Refused => 4,
                JitErrorKind::NotPermitted => 5,
                JitErrorKind::Conflict => 6,
                JitErrorKind::Fenced => 7,
                JitErrorKind::Busy => 8,
                JitErrorKind::Damaged => 9,
                JitErrorKind::OutsideHelp => 10,
                JitErrorKind::Unavailable if matches!(error, JitError::Said { .. }) => 3,
                JitErrorKind::Unavailable => 10,
                // Everything asked outside of runs only reads, so nothing unknown can have happened.
                JitErrorKind::OutcomeUnknown => 8,
            },
        }
    }

    /// Returns the code for programs.
    pub fn code(&self) -> String {
        let code = match self {
            Self::Usage(_) => "usage",
            Self::Config(ConfigError::NotFound(_)) => "no_config",
            Self::Config(ConfigError::Read { .. }) => "config_unreadable",
            Self::Config(ConfigError::Invalid { .. }) => "config_invalid",
            Self::Config(ConfigError::Untrusted(_)) => "untrusted",
            Self::Config(ConfigError::TrustUnknown { .. }) => "trust_unknown",
            Self::NoJit => "jit_not_found",
            Self::Tracker(JitError::Said { answer, .. }) if !answer.code.is_empty() => {
                return answer.code.clone();
            }
            Self::Tracker(JitError::NotStarted { .. }) => "jit_not_started",
            Self::Tracker(JitError::TimedOut { .. }) => "jit_timed_out",
            Self::Tracker(_) => "jit_failed",
            Self::State(_) => "state_unusable",
            Self::Shim(_) => "shim_failed",
            Self::System { .. } => "system",
        };
        code.to_owned()
    }

    /// Returns what helps: never a command that destroys anything.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Config(ConfigError::NotFound(_)) => {
                "write a dispatch.toml with one [[agents]] entry, or name a file with --config FILE"
            }
            Self::Config(ConfigError::Untrusted(path)) => {
                return Some(format!(
                    "read it, then say that you trust it: jit-dispatch --config {} …",
                    path.display()
                ));
            }
            Self::Config(ConfigError::TrustUnknown { path, .. }) => {
                return Some(format!(
                    "name it if you trust it: jit-dispatch --config {} …",
                    path.display()
                ));
            }
            Self::NoJit => {
                "put jit on PATH, or name it with --jit PATH or [jit] command in dispatch.toml"
            }
            Self::Tracker(JitError::Said { answer, .. }) => return answer.hint.clone(),
            Self::State(StateError::NoHome) => {
                "set XDG_STATE_HOME to a directory that you can write to"
            }
            Self::State(StateError::Io { source, .. })
                if source.kind() == std::io::ErrorKind::PermissionDenied =>
            {
                "set XDG_STATE_HOME to a directory that you can write to"
            }
            Self::Usage(_) => "jit-dispatch --help",
            Self::Config(_)
            | Self::Tracker(_)
            | Self::State(_)
            | Self::Shim(_)
            | Self::System { .. } => {
                return None;
            }
        };
        Some(hint.to_owned())
    }

    /// Returns whether the same command may succeed later without anybody doing anything.
    pub fn is_retryable(&self) -> bool {
        self.exit_code() == 8
    }
}
