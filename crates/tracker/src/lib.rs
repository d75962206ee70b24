//! Use cases of the tracker: begin a transaction, decide on fresh data, apply, commit.
//!
//! Owns the order of these steps and what surrounds a decision: swept leases, idempotency keys, resolved ids. Refuses to
//! decide anything (`jit_core::decide`), to print, and to know any exit code.

mod call;
mod deps;
mod error;
mod events;
mod gates;
mod import;
mod issues;
mod leases;
mod mend;
mod merges;
mod ports;
mod recovery;
mod tracker;
mod upkeep;
mod view;

pub use call::{Call, Written};
pub use error::Error;
pub use events::EventFilter;
pub use import::{ImportReport, Left};
pub use leases::AskedRenewal;
pub use mend::{Committed, Mending, Replacement, Step, mend};
pub use ports::{Clock, IdSource, SystemClock, SystemIds};
pub use tracker::Tracker;
pub use view::View;
