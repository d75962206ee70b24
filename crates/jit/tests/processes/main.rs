//! What only real processes can show: races, kills at every system call, failing calls, readers beside writers, leases, and
//! linked worktrees.
//!
//! Owns the laws that hold between processes. Refuses to look inside: it drives the built `jit` by its command line, and
//! reads the files that the repository keeps.

mod branches;
mod claims;
mod counters;
mod crowd;
mod durability;
mod errors;
mod kills;
mod leases;
mod limits;
mod linear;
mod merging;
mod places;
mod power;
mod readers;
mod reading;
mod storms;
mod support;
mod worktrees;
