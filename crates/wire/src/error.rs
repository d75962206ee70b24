//! The error object that `--json` writes to standard error.
//!
//! Owns its members. Refuses to phrase anything: message and hint come in as text.

use jit_core::{ErrorKind, Value};

/// A failure as machines read it: `{"error":{"code","message","hint","retryable","details"}}`.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorObject {
    /// How the command failed.
    pub kind: ErrorKind,
    /// One sentence without a period.
    pub message: String,
    /// A safe command or a remedy, if there is one.
    pub hint: Option<String>,
    /// What a machine may want to know: an object.
    pub details: Value,
}

impl ErrorObject {
    /// Returns the object as it is written.
    pub fn to_value(&self) -> Value {
        let details = match &self.details {
            Value::Null => Value::object::<String>([]),
            given => given.clone(),
        };
        let body = Value::object([
            ("code", self.kind.code().into()),
            ("message", self.message.as_str().into()),
            ("hint", self.hint.clone().into()),
            ("retryable", self.kind.is_retryable().into()),
            ("details", details),
        ]);
        Value::object([("error", body)])
    }
}
