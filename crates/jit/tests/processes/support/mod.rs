//! What the tests share: programs, repositories, a starting line, traces, trees of files, and normalised states.
//!
//! Owns no law.

pub(crate) mod chance;
pub(crate) mod figures;
pub(crate) mod program;
pub(crate) mod race;
pub(crate) mod repo;
pub(crate) mod state;
pub(crate) mod strace;
pub(crate) mod tree;
