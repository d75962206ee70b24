//! Issue ids and the prefixes that people type for them.
//!
//! Owns their alphabet, length and parsing. Refuses to draw random bits: they come in as an argument.

use std::fmt;

/// Number of characters in an issue id.
pub const ID_LENGTH: usize = 10;

/// Fewest characters of an id that may stand for it.
pub const MIN_PREFIX: usize = 4;

/// The lower-case Crockford base 32 alphabet, which leaves out i, l, o and u.
pub const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The id of an issue: ten random characters of lower-case Crockford base 32 (`docs/design/tracker.md` section 1).
///
/// Invariant: holds exactly [`ID_LENGTH`] characters of [`ALPHABET`]. It lies in place, since a store of 100,000 issues
/// copies and compares them by the million.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IssueId([u8; ID_LENGTH]);

impl fmt::Debug for IssueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("IssueId").field(&self.as_str()).finish()
    }
}

/// Why a text is not an id or a prefix of one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is shorter than the shortest accepted prefix.
    #[error("`{0}` is too short for an issue id, type at least {MIN_PREFIX} characters")]
    TooShort(String),
    /// The text is longer than an id or holds a character that no id has.
    #[error("`{0}` is not an issue id (ten characters of 0-9 and a-z without i, l, o, u)")]
    NotAnId(String),
}

impl IssueId {
    /// Returns the id that 50 random bits stand for; higher bits are ignored.
    pub fn from_random(bits: u64) -> Self {
        Self(std::array::from_fn(|place| {
            let five = (bits >> (5 * (ID_LENGTH - 1 - place))) & 31;
            ALPHABET[usize::try_from(five).expect("five bits fit")]
        }))
    }

    /// Returns the id that `text` spells, in either case.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let prefix = IdPrefix::parse(text)?;
        prefix
            .as_id()
            .ok_or_else(|| IdError::NotAnId(text.to_owned()))
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("every character of the alphabet is ASCII")
    }

    /// Returns the first two characters: the shard directory of the issue's file.
    pub fn shard(&self) -> &str {
        &self.as_str()[..2]
    }
}

impl fmt::Display for IssueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a person types for an id: four to ten of its first characters, in either case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdPrefix(Box<str>);

impl IdPrefix {
    /// Returns the prefix that `text` spells.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let lower = text.to_ascii_lowercase();
        if !lower.bytes().all(|byte| ALPHABET.contains(&byte)) || lower.len() > ID_LENGTH {
            return Err(IdError::NotAnId(text.to_owned()));
        }
        if lower.len() < MIN_PREFIX {
            return Err(IdError::TooShort(text.to_owned()));
        }
        Ok(Self(lower.into()))
    }

    /// Returns the whole id when the prefix is one.
    pub fn as_id(&self) -> Option<IssueId> {
        self.0.as_bytes().try_into().ok().map(IssueId)
    }

    /// Returns the typed characters in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IdPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_bits_become_ten_characters_of_the_alphabet() {
        assert_eq!(IssueId::from_random(0).as_str(), "0000000000");
        assert_eq!(IssueId::from_random(u64::MAX).as_str(), "zzzzzzzzzz");
        assert_eq!(IssueId::from_random(1).as_str(), "0000000001");
    }

    #[test]
    fn prefixes_accept_either_case_and_refuse_foreign_characters() {
        let check = |text: &str, expected: Result<&str, ()>| {
            assert_eq!(
                IdPrefix::parse(text)
                    .as_ref()
                    .map(IdPrefix::as_str)
                    .map_err(|_| ()),
                expected,
                "{text}"
            );
        };
        check("K7M2", Ok("k7m2"));
        check("k7m2abcdef", Ok("k7m2abcdef"));
        check("k7m", Err(()));
        check("k7mi", Err(()));
        check("../etc", Err(()));
        check("k7m2abcdef0", Err(()));
        check("", Err(()));
    }
}
