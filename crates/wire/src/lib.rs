//! What the outside sees of the tracker: JSON shapes, error objects, exit codes.
//!
//! Owns the translation from `jit-core` to the shapes that `docs/design/tracker.md` section 6 promises. Refuses to decide,
//! to read a store and to print: it only turns values into other values.

pub mod branch;
pub mod error;
pub mod event;
pub mod exit;
pub mod finding;
pub mod gate;
pub mod issue;
pub mod lease;
pub mod record;
pub mod schema;
pub mod transition;

pub use error::ErrorObject;
pub use exit::exit_code;
