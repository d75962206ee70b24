//! Labels: free words on an issue, `namespace:value` by convention.
//!
//! Owns what a label may contain. Refuses to give any label a meaning.

use std::fmt;

/// Longest label in bytes.
pub const MAX_LABEL: usize = 128;

/// A label of an issue.
///
/// Invariant: 1 to [`MAX_LABEL`] bytes, no white space, comma or control character, and it does not begin with `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(Box<str>);

/// A text that can't be a label.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a label (1 to {MAX_LABEL} bytes, no spaces or commas, not beginning with `-`)"
)]
pub struct LabelError(pub String);

impl Label {
    /// Returns the label that `text` spells.
    pub fn parse(text: &str) -> Result<Self, LabelError> {
        let is_foreign = |ch: char| ch.is_whitespace() || ch.is_control() || ch == ',';
        if text.is_empty()
            || text.len() > MAX_LABEL
            || text.starts_with('-')
            || text.contains(is_foreign)
        {
            return Err(LabelError(text.to_owned()));
        }
        Ok(Self(text.into()))
    }

    /// Returns the label as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
