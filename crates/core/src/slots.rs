//! Slots: counting semaphores that leases hold, so that several dispatchers keep a common cap.
//!
//! Owns a slot's name, its limit, and who holds it. Refuses to grant one: that is a claim's.

use crate::{IssueId, Lease, LeaseState, Snapshot};
use std::fmt;

/// Longest name of a slot in bytes.
pub const MAX_SLOT_NAME: usize = 128;

/// A name of a slot, such as `account:main`.
///
/// Invariant: 1 to [`MAX_SLOT_NAME`] bytes, no white space, comma, `=` or control character, and it does not begin with
/// `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotName(Box<str>);

/// A text that can't name a slot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not the name of a slot (1 to {MAX_SLOT_NAME} bytes, no spaces, commas or `=`, not beginning with `-`)"
)]
pub struct SlotNameError(pub String);

impl SlotName {
    /// Returns the name that `text` spells.
    pub fn parse(text: &str) -> Result<Self, SlotNameError> {
        let is_foreign =
            |ch: char| ch.is_whitespace() || ch.is_control() || matches!(ch, ',' | '=');
        let has_length = (1..=MAX_SLOT_NAME).contains(&text.len());
        if !has_length || text.starts_with('-') || text.contains(is_foreign) {
            return Err(SlotNameError(text.to_owned()));
        }
        Ok(Self(text.into()))
    }

    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SlotName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Snapshot {
    /// Returns the leases that hold a slot, in order of their issues, but for that of `besides`.
    ///
    /// A lease whose time is over holds its slots until a writer has recorded its end: up to that moment a late renewal
    /// still prolongs it. One that an epoch granted elsewhere has overtaken can't be prolonged, and holds nothing.
    pub fn slot_holders<'a>(
        &'a self,
        slot: &'a SlotName,
        besides: &'a IssueId,
    ) -> impl Iterator<Item = &'a Lease> {
        let is_current = |lease: &Lease| {
            let known = self.record(&lease.issue).map_or(0, |issue| issue.epoch);
            lease.epoch >= known
        };
        self.held_leases().filter(move |lease| {
            lease.state == LeaseState::Held
                && lease.slots.contains(slot)
                && lease.issue != *besides
                && is_current(lease)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_has_a_plain_name() {
        let check = |text: &str, is_name: bool| {
            assert_eq!(SlotName::parse(text).is_ok(), is_name, "{text:?}");
        };
        check("account:main", true);
        check("a", true);
        check("Größe/1.x@host", true);
        check(&"x".repeat(MAX_SLOT_NAME), true);
        check(&"x".repeat(MAX_SLOT_NAME + 1), false);
        check("", false);
        check("-x", false);
        check("a b", false);
        check("a,b", false);
        check("a=b", false);
        check("a\u{7}", false);
    }
}
