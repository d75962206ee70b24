//! Who does something: agents, people, continuous integration.
//!
//! Owns the `kind:name` form. Refuses to know who is allowed to do what.

use std::fmt;

/// Longest assignee in bytes.
pub const MAX_ASSIGNEE: usize = 128;

/// Somebody who can hold or change an issue, written `kind:name` (`docs/design/tracker.md` section 1).
///
/// Invariant: a kind of lower-case letters, digits and dashes, a colon, and a name without control characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Assignee(Box<str>);

/// A text that names nobody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` does not name anybody, write `kind:name` such as agent:copilot-1 or human:ada, or a bare agent name"
)]
pub struct AssigneeError(pub String);

impl Assignee {
    /// Returns whom `text` names; a name without a kind is an agent's.
    pub fn parse(text: &str) -> Result<Self, AssigneeError> {
        let fail = || AssigneeError(text.to_owned());
        let trimmed = text.trim();
        let (kind, name) = trimmed.split_once(':').unwrap_or(("agent", trimmed));
        let is_kind = |ch: char| ch.is_ascii_lowercase() || ch.is_ascii_digit() || ch == '-';
        if kind.is_empty()
            || !kind.chars().all(is_kind)
            || name.trim().is_empty()
            || name.starts_with('-')
        {
            return Err(fail());
        }
        if name.chars().any(char::is_control) || kind.len() + 1 + name.len() > MAX_ASSIGNEE {
            return Err(fail());
        }
        Ok(Self(format!("{kind}:{}", name.trim()).into()))
    }

    /// Returns the assignee as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the kind: what stands before the first colon.
    pub fn kind(&self) -> &str {
        self.0.split_once(':').map_or("", |(kind, _)| kind)
    }
}

impl fmt::Display for Assignee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_name_is_an_agents() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(
                Assignee::parse(text).ok().as_ref().map(Assignee::as_str),
                expected,
                "{text}"
            );
        };
        check("copilot-1", Some("agent:copilot-1"));
        check("human:Ada Lovelace", Some("human:Ada Lovelace"));
        check("ci:nightly", Some("ci:nightly"));
        check("", None);
        check("human:", None);
        check("Human:ada", None);
        check("agent:a\u{1b}b", None);
        check("-rf", None);
    }
}
