//! The domain of the tracker: issues, their graph, gates, leases, and every decision about them.
//!
//! Owns the rules of `docs/design/tracker.md`. Refuses I/O, clocks, randomness, text formats and printing: time, ids and
//! chance come in as arguments, decisions go out as values.
//!
//! The way of the data: a [`Snapshot`] and a [`Request`] go into one function of `decide`, a [`Changeset`] or a
//! [`Refusal`] comes out.

#![warn(clippy::wildcard_enum_match_arm)]

pub mod assignee;
pub mod audit;
pub mod blocker;
pub mod changes;
pub mod changeset;
pub mod decide;
pub mod error_kind;
pub mod event;
pub mod fields;
pub mod gate;
pub mod graph;
pub mod id;
pub mod issue;
pub mod label;
pub mod lease;
pub mod merge;
pub mod policy;
pub mod priority;
pub mod query;
pub mod readiness;
pub mod refusal;
pub mod request;
pub mod slots;
pub mod snapshot;
pub mod source;
pub mod state;
pub mod timestamp;
pub mod value;

pub use assignee::Assignee;
pub use blocker::Blocker;
pub use changeset::{Changeset, Receipt, Transition};
pub use error_kind::ErrorKind;
pub use event::{Event, EventDraft, EventId, EventKind};
pub use gate::{GateDefinition, GateKey, GateMode, GateResult, GateStage, GateStatus};
pub use id::{IdPrefix, IssueId};
pub use issue::Issue;
pub use label::Label;
pub use lease::{HolderProcess, Lease, LeaseState};
pub use policy::Policy;
pub use priority::Priority;
pub use readiness::Readiness;
pub use refusal::Refusal;
pub use request::{Fence, Now, Request};
pub use slots::SlotName;
pub use snapshot::{Health, Problem, Snapshot};
pub use source::{Candidate, Source, SourceError, Sourced};
pub use state::{ShownState, State};
pub use timestamp::Timestamp;
pub use value::Value;
