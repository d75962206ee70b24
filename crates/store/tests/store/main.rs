//! Tests of the stores from outside.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod real_files;
