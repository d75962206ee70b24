//! Stores of the tracker: where issues, gates, leases and events are kept.
//!
//! Owns the traits [`Store`] and [`Txn`], the durable file store, and an in-memory reference that must behave the same.
//! Refuses policy and printing: what is written is decided elsewhere.

mod error;
pub mod file;
pub mod fs;
mod history;
mod host;
mod memory;
mod seeded;
mod traits;

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;

#[cfg(test)]
mod chance;

pub use error::{Result, StoreError, confirm};
pub use file::FileStore;
pub use history::{History, Kept, NoHistory};
pub use host::{Host, SystemHost};
pub use memory::MemoryStore;
pub use traits::{Committed, Cursor, Events, Store, Txn, Watch};
