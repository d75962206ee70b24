//! Owns what can go wrong between the dispatcher and `jit`, and what each case means for the change that was asked for.

use std::time::Duration;

/// What `jit` said when it did not do what it was asked to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// The machine-readable code, empty if the answer had none.
    pub code: String,
    /// The sentence for people.
    pub message: String,
    /// The advice for people.
    pub hint: Option<String>,
}

/// Why a call of `jit` brought no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum JitError {
    /// The program cannot be started.
    #[error("`{program}` cannot be started")]
    NotStarted {
        /// The program.
        program: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// It did not answer in time and was killed.
    #[error("`jit {call}` did not answer within {} s", .after.as_secs_f64())]
    TimedOut {
        /// The subcommand.
        call: String,
        /// How long it was given.
        after: Duration,
    },
    /// It ended without one of the agreed exit codes.
    #[error("`jit {call}` ended with {status}: {words}")]
    Crashed {
        /// The subcommand.
        call: String,
        /// How it ended.
        status: String,
        /// The beginning of what it said.
        words: String,
    },
    /// It said that all went well, in words nobody understands.
    #[error("the answer of `jit {call}` cannot be understood: {reason}")]
    Garbled {
        /// The subcommand.
        call: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It refused or failed, in the agreed way.
    #[error("{}", .answer.message)]
    Said {
        /// The class, by the exit code.
        kind: JitErrorKind,
        /// Its words.
        answer: Answer,
    },
}

/// The classes of the one exit-code table (`docs/design/tracker.md` section 6), and one for calls that never came to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum JitErrorKind {
    /// Exit 1: an unexpected error.
    Bug,
    /// Exit 2: the call or the configuration is wrong.
    Usage,
    /// Exit 3: no such issue or store.
    NotFound,
    /// Exit 4: a rule of the tracker forbids it.
    Refused,
    /// Exit 5: not trusted or not permitted.
    NotPermitted,
    /// Exit 6: somebody was faster.
    Conflict,
    /// Exit 7: the lease is lost.
    Fenced,
    /// Exit 8: busy or out of reach.
    Busy,
    /// Exit 9: the store is damaged or too new.
    Damaged,
    /// Exit 10: something `jit` depends on failed.
    OutsideHelp,
    /// The change may or may not have happened: exit 11, no answer, or one that cannot be understood.
    OutcomeUnknown,
    /// The program cannot be started, so nothing happened.
    Unavailable,
}

impl JitErrorKind {
    /// Returns the class of an exit code that is not 0; none for a code that the table does not have.
    pub fn from_exit(code: i32) -> Option<Self> {
        Some(match code {
            1 => Self::Bug,
            2 => Self::Usage,
            3 => Self::NotFound,
            4 => Self::Refused,
            5 => Self::NotPermitted,
            6 => Self::Conflict,
            7 => Self::Fenced,
            8 => Self::Busy,
            9 => Self::Damaged,
            10 => Self::OutsideHelp,
            11 => Self::OutcomeUnknown,
            _ => return None,
        })
    }

    /// Returns whether the tracker has decided: the same call would be answered in the same way again.
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::NotFound | Self::Refused | Self::NotPermitted | Self::Conflict | Self::Fenced
        )
    }
}

impl JitError {
    /// Returns the class.
    pub fn kind(&self) -> JitErrorKind {
        match self {
            Self::NotStarted { .. } => JitErrorKind::Unavailable,
            Self::TimedOut { .. } | Self::Crashed { .. } | Self::Garbled { .. } => {
                JitErrorKind::OutcomeUnknown
            }
            // A store that is not where it was is out of reach; that says nothing about the issue.
            Self::Said {
                kind: JitErrorKind::NotFound,
                answer,
            } if answer.code == "no_store" => JitErrorKind::Unavailable,
            Self::Said { kind, .. } => *kind,
        }
    }
}
