//! Gates: conditions that an issue must pass before it may begin or end.
//!
//! Owns definitions and results as values. Refuses to run a checker.

use crate::{Assignee, Timestamp, Value};
use std::collections::BTreeMap;
use std::fmt;

/// Longest gate key in bytes.
pub const MAX_GATE_KEY: usize = 64;

/// The name of a gate, such as `review`.
///
/// Invariant: matches `[a-z0-9][a-z0-9_-]*`, at most [`MAX_GATE_KEY`] bytes, so that it is a safe file name everywhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GateKey(Box<str>);

/// A text that can't name a gate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a gate key (lower-case letters, digits, `-` and `_`, at most {MAX_GATE_KEY})"
)]
pub struct GateKeyError(pub String);

impl GateKey {
    /// Returns the key that `text` spells.
    pub fn parse(text: &str) -> Result<Self, GateKeyError> {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let fits = text.len() <= MAX_GATE_KEY && text.bytes().next().is_some_and(is_plain);
        if !fits
            || !text
                .bytes()
                .all(|byte| is_plain(byte) || byte == b'-' || byte == b'_')
            || is_reserved(text)
        {
            return Err(GateKeyError(text.to_owned()));
        }
        Ok(Self(text.into()))
    }

    /// Returns the key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Names that Windows gives to devices can't be file names there.
fn is_reserved(name: &str) -> bool {
    let numbered = |stem: &str| {
        name.strip_prefix(stem)
            .is_some_and(|rest| rest.len() == 1 && rest != "0")
    };
    matches!(name, "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

impl fmt::Display for GateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which move of an issue a gate guards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum GateStage {
    /// Keeps the issue out of `ready` until it is passed.
    #[default]
    Entry,
    /// Keeps the issue out of `done` until it is passed.
    Exit,
}

impl GateStage {
    /// Every stage.
    pub const ALL: [Self; 2] = [Self::Entry, Self::Exit];

    /// Returns the name used in files and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::Exit => "exit",
        }
    }

    /// Returns the stage with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == name)
    }
}

/// Who decides whether a gate is passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum GateMode {
    /// Somebody says so.
    #[default]
    Manual,
    /// A checker's exit status says so.
    Auto,
}

impl GateMode {
    /// Every mode.
    pub const ALL: [Self; 2] = [Self::Manual, Self::Auto];

    /// Returns the name used in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Auto => "auto",
        }
    }

    /// Returns the mode with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == name)
    }
}

/// A gate as it is defined for the repository (`docs/design/tracker.md` section 3).
#[derive(Clone, Debug, PartialEq)]
pub struct GateDefinition {
    /// Its name.
    pub key: GateKey,
    /// One line about it.
    pub title: String,
    /// Markdown about it.
    pub description: String,
    /// What it guards.
    pub stage: GateStage,
    /// Who decides.
    pub mode: GateMode,
    /// Members that this version does not know, checkers among them, kept as they are.
    pub extra: BTreeMap<String, Value>,
}

/// Where a required gate stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum GateStatus {
    /// Nobody has decided yet.
    #[default]
    Pending,
    /// Passed.
    Passed,
    /// Failed.
    Failed,
}

impl GateStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Passed, Self::Failed];

    /// Returns the name used in files and outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Passed => "passed",
            Self::Failed => "failed",
        }
    }

    /// Returns the status with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// The result of one required gate on one issue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GateResult {
    /// Where it stands.
    pub status: GateStatus,
    /// Who decided.
    pub by: Option<Assignee>,
    /// When.
    pub at: Option<Timestamp>,
    /// What they said.
    pub note: Option<String>,
    /// The checker's run, if there was one.
    pub run: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_safe_file_names() {
        let check =
            |text: &str, is_key: bool| assert_eq!(GateKey::parse(text).is_ok(), is_key, "{text}");
        check("review", true);
        check("unit-tests_2", true);
        check("../x", false);
        check("", false);
        check("Review", false);
        check("-x", false);
        check("con", false);
        check("lpt1", false);
        check("com10", true);
    }
}
