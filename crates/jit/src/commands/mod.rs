//! The verbs, one file each.
//!
//! Owns nothing itself. Each file has the words of its help, its arguments, and the way from them to a reply. Refuses to
//! print and to decide.

mod answer;
pub(crate) mod commit;
pub(crate) mod dep;
pub(crate) mod doctor;
pub(crate) mod events;
pub(crate) mod export;
pub(crate) mod gate;
pub(crate) mod gc;
pub(crate) mod graph;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod issue;
pub(crate) mod lease;
pub(crate) mod merge_driver;
pub(crate) mod migrate;
pub(crate) mod query;
pub(crate) mod recover;
pub(crate) mod resolve;
pub(crate) mod status;
pub(crate) mod validate;
pub(crate) mod r#where;
pub(crate) mod why;
