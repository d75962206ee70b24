//! The decisions of the tracker: one file per verb, each a function from a snapshot and a request to what to write.
//!
//! Owns the rules of `docs/design/tracker.md` sections 2 to 4. Refuses effects: time, ids and identity are arguments.

mod archive;
mod assign;
mod claim;
mod collect;
mod comment;
mod create;
mod delete;
mod depend;
mod done;
mod edit;
mod gate_define;
mod gate_mark;
mod gate_remove;
mod gate_require;
mod hold;
mod import;
mod label;
mod lease_cancel;
mod lease_check;
mod link;
mod mend;
mod reject;
mod release;
mod renew;
mod reopen;
mod resolve;
mod settle;
mod sweep;
mod update;

pub use archive::archive;
pub use assign::{assign, unassign};
pub use claim::{ClaimTerms, NextFilter, claim, claim_next};
pub use collect::{TOMBSTONE_AGE, removable};
pub use comment::comment;
pub use create::{NewIssue, create};
pub use delete::{delete, restore};
pub use depend::{dep_add, dep_rm};
pub use done::done;
pub use gate_define::gate_define;
pub use gate_mark::{GateVerdict, gate_fail, gate_pass};
pub use gate_remove::gate_remove;
pub use gate_require::{gate_add, gate_rm};
pub use hold::{hold, unhold};
pub use import::{Imported, LeftOut, import};
pub use label::label;
pub use lease_cancel::lease_cancel;
pub use lease_check::lease_check;
pub use link::{MAX_LINKS, link, unlink};
pub use mend::{Mended, mend};
pub use reject::reject;
pub use release::release;
pub use renew::{RenewOutcome, Renewal, Renewed, renew};
pub use reopen::reopen;
pub use resolve::{Settlement, Take, resolve, settle, settle_unseen};
pub use sweep::sweep;
pub use update::{ClearedField, Update, update};

/// What a decision answers: what to write, or why not.
pub type Decision = Result<crate::Changeset, crate::Refusal>;
