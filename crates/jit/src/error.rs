//! How a command failed, as the one who typed it is told.
//!
//! Owns hints. Refuses exit codes (`jit_wire::exit`) and the classification, which every error brings along.

mod hints;

use crate::config::ConfigError;
use jit_core::{ErrorKind, Refusal, Value};
use jit_store::StoreError;
use jit_wire::ErrorObject;
use std::error::Error;
use std::io;

/// A failure with all that is known of it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct CliError {
    /// How the command failed.
    pub(crate) kind: ErrorKind,
    /// A sentence without a period.
    pub(crate) message: String,
    /// Safe commands or remedies.
    pub(crate) hints: Vec<String>,
    /// What a machine may want to know.
    pub(crate) details: Value,
}

impl CliError {
    /// Returns a failure of this kind.
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hints: Vec::new(),
            details: Value::Null,
        }
    }

    /// Returns a failure of whoever typed the command.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    /// Adds a hint.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Says how to find out whether a change is there, where that is unknown: only a key makes repeating safe.
    pub(crate) fn hint_outcome(self, has_key: bool) -> Self {
        match (self.kind, has_key) {
            (ErrorKind::OutcomeUnknown, true) => {
                self.hint("repeat the command with the same --key")
            }
            (ErrorKind::OutcomeUnknown, false) => {
                self.hint("the change may be there: jit events tail -n 5")
            }
            _ => self,
        }
    }

    /// Sets what a machine may want to know.
    pub(crate) fn details(self, details: Value) -> Self {
        Self { details, ..self }
    }

    /// Adds what is wrong beside the failure to what a machine may want to know.
    pub(crate) fn add_warnings(&mut self, warnings: Vec<String>) {
        if let Value::Object(members) = &mut self.details
            && !warnings.is_empty()
        {
            members.insert("warnings".to_owned(), warnings.into());
        }
    }

    /// Returns the failure of reading or writing a file that a command names.
    pub(crate) fn io(action: &str, path: &str, error: &io::Error) -> Self {
        let (told, hint) = match error.kind() {
            io::ErrorKind::NotFound => ("there is no such file or directory", "check the path"),
            io::ErrorKind::PermissionDenied => (
                "permission denied",
                "check the permissions of the file and of its directory",
            ),
            io::ErrorKind::StorageFull => ("the disk is full", "make room on that disk"),
            io::ErrorKind::ReadOnlyFilesystem => (
                "the file system is read-only",
                "choose a place that can be written",
            ),
            _ => {
                let message = format!("can't {action} `{path}`: {error}");
                return Self::new(ErrorKind::Io, message);
            }
        };
        Self::new(ErrorKind::Io, format!("can't {action} `{path}`: {told}")).hint(hint)
    }

    /// Returns the failure as machines read it.
    pub(crate) fn to_object(&self) -> ErrorObject {
        let hint = (!self.hints.is_empty()).then(|| self.hints.join("; "));
        ErrorObject {
            kind: self.kind,
            message: self.message.clone(),
            hint,
            details: self.details.clone(),
        }
    }
}

impl From<Refusal> for CliError {
    fn from(refusal: Refusal) -> Self {
        Self {
            kind: refusal.kind(),
            message: refusal.to_string(),
            hints: hints::of_refusal(&refusal),
            details: refusal.details(),
        }
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        let kind = match &error {
            // A cursor is typed by whoever asks.
            StoreError::BadCursor(_) => ErrorKind::Usage,
            other => other.kind(),
        };
        Self {
            kind,
            message: chain(&error),
            hints: hints::of_store(&error),
            details: Value::Null,
        }
    }
}

impl From<jit_tracker::Error> for CliError {
    fn from(error: jit_tracker::Error) -> Self {
        match error {
            jit_tracker::Error::Refused(refusal) => refusal.into(),
            jit_tracker::Error::Store(error) => error.into(),
            other => Self::new(other.kind(), chain(&other)).details(other.details()),
        }
    }
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> Self {
        let details = Value::object([
            ("file", Value::from(error.name.as_str())),
            ("line", (error.line as u64).into()),
            ("column", (error.column as u64).into()),
        ]);
        Self::new(ErrorKind::Config, error.to_string())
            .hint("mend the file; without it the defaults hold")
            .details(details)
    }
}

/// Returns the sentence of an error and of everything that caused it.
fn chain(error: &dyn Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        let text = source.to_string();
        // A transparent wrapper says what its source says.
        if !message.ends_with(&text) {
            message.push_str(": ");
            message.push_str(&text);
        }
        cause = source.source();
    }
    message
}
