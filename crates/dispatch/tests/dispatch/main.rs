//! What the dispatcher promises, from its configuration to real processes.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes its snapshots that way"
)]

mod config;
mod contract;
mod real_jit;
mod sim;
mod trust;
