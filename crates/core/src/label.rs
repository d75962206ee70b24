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

/// Labels that a question asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelPattern {
    /// This one.
    Exactly(Label),
    /// All that begin so, such as `area:`; none at all for every label.
    Beginning(Option<Label>),
}

impl LabelPattern {
    /// Returns the pattern that `text` spells: a label, or the beginning of one followed by `*`.
    pub fn parse(text: &str) -> Result<Self, LabelError> {
        match text.strip_suffix('*') {
            Some("") => Ok(Self::Beginning(None)),
            Some(beginning) => Label::parse(beginning).map(Some).map(Self::Beginning),
            None => Label::parse(text).map(Self::Exactly),
        }
    }

    /// Returns whether the label is one of them.
    pub fn accepts(&self, label: &Label) -> bool {
        match self {
            Self::Exactly(wanted) => label == wanted,
            Self::Beginning(None) => true,
            Self::Beginning(Some(beginning)) => label.as_str().starts_with(beginning.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_at_the_end_stands_for_any_rest() {
        let check = |pattern: &str, label: &str, expected: Option<bool>| {
            let label = Label::parse(label).unwrap();
            let found = LabelPattern::parse(pattern).ok();
            assert_eq!(
                found.map(|pattern| pattern.accepts(&label)),
                expected,
                "{pattern} {label}"
            );
        };
        check("area:core", "area:core", Some(true));
        check("area:core", "area:cores", Some(false));
        check("area:*", "area:core", Some(true));
        check("area:*", "area", Some(false));
        check("area*", "area", Some(true));
        check("*", "anything", Some(true));
        check("*:core", "area:core", Some(false));
        check("ä*", "ärger", Some(true));
        check("a b*", "a", None);
        check("", "a", None);
        check("-x", "a", None);
    }
}
