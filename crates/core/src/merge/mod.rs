//! The three-way merge of two versions of one record, as a pure function.
//!
//! Owns the rules of `docs/design/storage.md` S9 and the two members by which a merged issue speaks of its merge:
//! [`CONFLICTS`] and [`MERGED`]. Refuses to read or write files, to run git, and to record anything in the log: the next
//! writer does.
//!
//! Laws, tested over random triples: the sides may be swapped, `m(O,A,B) = m(O,B,A)`; a side that did not move changes
//! nothing, `m(O,A,O) = A`; equal sides are the answer, `m(O,A,A) = A`; what a side added to a set is in the result; members
//! that nobody knows are kept.

mod bookkeeping;
mod gate;
mod issue;
mod lists;
mod rules;
mod state;
mod text;

pub use bookkeeping::{CONFLICTS, Conflict, MERGED, Step, reseal};
pub use gate::merge_gates;
pub use issue::{Merged, merge};
pub use rules::{Place, set_place};

/// Why two versions can't become one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Irreconcilable {
    /// What never changes differs, so these are not two versions of one record.
    #[error("the versions differ in `{field}`, which never changes")]
    OtherRecord {
        /// The field.
        field: &'static str,
    },
    /// The result would not be a valid record.
    #[error("together they have {n} {what}, at most {max} are allowed")]
    TooMany {
        /// What there are too many of.
        what: &'static str,
        /// How many.
        n: usize,
        /// How many are allowed.
        max: usize,
    },
    /// A gate says different things on both sides; half of each would be a gate that nobody wrote.
    #[error("both sides changed {}", fields.join(", "))]
    Gate {
        /// The fields that both sides changed differently.
        fields: Vec<String>,
    },
}
