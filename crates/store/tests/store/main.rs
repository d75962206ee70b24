//! Tests of the file store from outside, on real files.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bare;
mod edits;
mod index;
mod lab;
#[cfg(target_os = "linux")]
mod links;
mod lost;
mod making;
mod merging;
mod places;
mod reboot;
mod segments;
mod sharing;
