//! Why a use case failed.
//!
//! Owns the union of refusals and failures. Refuses to phrase hints.

use jit_core::{ErrorKind, Refusal, Value};
use jit_store::StoreError;

/// Why a use case failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A rule said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store could not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A clock or the source of random numbers failed.
    #[error("could not ask the operating system for the time or random numbers")]
    System(#[source] std::io::Error),
    /// Git could not be asked.
    #[error("{0}")]
    Git(String),
    /// The text to import is not what it should be.
    #[error("line {line}: {problem}")]
    Import {
        /// Line of the input, counted from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
}

impl Error {
    /// Returns the kind that exit codes and hints are made from.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused(refusal) => refusal.kind(),
            Self::Store(error) => error.kind(),
            Self::System(_) => ErrorKind::Io,
            Self::Git(_) => ErrorKind::Git,
            Self::Import { .. } => ErrorKind::InvalidValue,
        }
    }

    /// Returns what a machine may want to know about it.
    pub fn details(&self) -> Value {
        match self {
            Self::Refused(refusal) => refusal.details(),
            Self::Import { line, .. } => Value::object([("line", (*line as u64).into())]),
            Self::Store(_) | Self::System(_) | Self::Git(_) => Value::object::<String>([]),
        }
    }

    /// Returns the refusal, if a rule said no.
    pub fn refusal(&self) -> Option<&Refusal> {
        if let Self::Refused(refusal) = self {
            Some(refusal)
        } else {
            None
        }
    }
}
