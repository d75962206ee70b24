//! The file store: one JSON file per issue, a write-ahead log, and events in append-only segments.
//!
//! Owns `docs/design/storage.md` S1 to S6, S8, S10 and S11. Refuses every rule about issues: it writes what it is given.
//!
//! Layers, each using only those above it: `frame`, `mark` and `redo` are values; `apply`, `segment`, `recover` and
//! `session` write; `load`, `index` and `reader` read; `txn` and `store` speak of issues.

mod apply;
mod collect;
mod examine;
mod format;
mod frame;
mod git;
mod git_config;
mod git_dirs;
mod head;
mod index;
mod init;
pub(crate) mod layout;
mod load;
mod locate;
mod lock;
mod log;
mod lost;
mod mark;
pub(crate) mod merging;
mod migrate;
mod options;
mod pointer;
pub mod raw;
mod reader;
mod recover;
mod redo;
mod repair;
mod restore;
mod scan;
mod segment;
mod session;
mod spool;
mod store;
mod surroundings;
mod txn;
pub(crate) mod version;
mod watch;

#[cfg(test)]
mod torture;

pub use collect::{Garbage, GarbageKind};
pub use examine::{Depth, Examination, Segment};
pub use git::unfinished;
pub use git_config::git_setting;
pub use git_dirs::{GitDirs, enclosing};
#[cfg(any(test, feature = "conformance"))]
pub(crate) use init::make;
pub use init::{Initialised, git_files, init};
pub use layout::{PRIVATE_DIR, STORE_DIR};
pub use locate::{Location, Search, Why, locate, place_for_new};
pub use lost::{InPlace, Lost, LostEvent, LostFile};
pub use merging::{
    Mergeable, MergedFile, Replacement, Unmergeable, merge_files, read_issue_file, read_version,
};
pub use migrate::Migration;
pub use options::{Durability, Options, Warning};
pub use repair::{
    Condition, Record, Repair, Source, is_event_line, read_after_bom, read_misnamed, read_record,
};
pub use restore::Restored;
pub use store::FileStore;
pub use surroundings::{Ground, IndexState};
