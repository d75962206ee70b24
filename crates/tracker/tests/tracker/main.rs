//! The use cases over the reference store, with a clock that stands still until it is moved.

#![expect(
    clippy::unwrap_used,
    reason = "a step that can't be taken must fail loudly"
)]

mod bench;
mod import;
mod keys;
mod sweep;
