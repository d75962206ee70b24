//! The chance that random tests draw from.
//!
//! Owns the seed, so that a failure comes back. Refuses to keep files of failures: each becomes a row of a test.

use proptest::test_runner::{Config, RngSeed};

/// Returns the settings of every random test of this crate.
pub(crate) fn fixed() -> Config {
    Config {
        rng_seed: RngSeed::Fixed(0x6a69_742d_7374_6f72),
        failure_persistence: None,
        ..Config::default()
    }
}
