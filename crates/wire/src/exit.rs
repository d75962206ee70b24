//! The table of exit codes.
//!
//! Owns the one match from [`ErrorKind`] to a number. Refuses to invent kinds: that list is closed and lives in `core`.

use jit_core::ErrorKind;

/// What each exit code means, in order of the codes (`docs/design/tracker.md` section 6).
pub const MEANINGS: [(u8, &str); 12] = [
    (0, "done, complete, durable as configured"),
    (1, "unexpected error (a bug)"),
    (2, "usage or configuration"),
    (
        3,
        "not found: issue, store, ambiguous prefix, nothing ready",
    ),
    (
        4,
        "refused by a rule; validation findings; a gate's checker failed",
    ),
    (5, "not trusted, not permitted"),
    (
        6,
        "conflict: claimed, assigned, slot full, exists, etag differs",
    ),
    (7, "lease lost: the epoch is not current; nothing written"),
    (8, "busy or store unavailable: retry"),
    (9, "store damaged, format too new, merge in progress"),
    (
        10,
        "outside help failed: git, I/O, database, checker could not start",
    ),
    (11, "outcome unknown: retry with the same --key"),
];

/// Returns the exit code of a failure.
pub fn exit_code(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Unexpected => 1,
        ErrorKind::Usage | ErrorKind::Config => 2,
        ErrorKind::NotFound
        | ErrorKind::NoStore
        | ErrorKind::AmbiguousId
        | ErrorKind::NothingReady => 3,
        ErrorKind::InvalidValue
        | ErrorKind::NotReady
        | ErrorKind::Refused
        | ErrorKind::Cycle
        | ErrorKind::Invalid => 4,
        ErrorKind::Untrusted | ErrorKind::NotPermitted => 5,
        ErrorKind::AlreadyClaimed
        | ErrorKind::SlotFull
        | ErrorKind::Assigned
        | ErrorKind::Exists
        | ErrorKind::EtagMismatch
        | ErrorKind::KeyReused => 6,
        ErrorKind::LeaseLost => 7,
        ErrorKind::Busy | ErrorKind::Unavailable => 8,
        ErrorKind::Damaged | ErrorKind::FormatTooNew | ErrorKind::MergeInProgress => 9,
        ErrorKind::Io | ErrorKind::Git | ErrorKind::StateDirUnwritable => 10,
        ErrorKind::OutcomeUnknown => 11,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_has_a_code_that_the_table_explains() {
        let explained: BTreeSet<u8> = MEANINGS.iter().map(|(code, _)| *code).collect();
        for kind in ErrorKind::ALL {
            let code = exit_code(kind);
            assert!(code != 0 && explained.contains(&code), "{kind:?}: {code}");
        }
    }

    #[test]
    fn every_code_but_success_is_some_kinds() {
        let used: BTreeSet<u8> = ErrorKind::ALL.into_iter().map(exit_code).collect();
        for (code, meaning) in &MEANINGS[1..] {
            assert!(used.contains(code), "{code}: {meaning}");
        }
    }
}
