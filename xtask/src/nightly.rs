//! `cargo xtask nightly`: the lanes that are too slow for every change.
//!
//! Owns the list of lanes that exist. Refuses to list plans: those are in `ROADMAP.md`.

use anyhow::Result;

use crate::process::{self, Call, is_on_path};
use crate::suite::{self, TestOptions};
use crate::{output, replay, workspace};

/// Runs the slow lanes.
pub(crate) fn run() -> Result<()> {
    output::line("== the store, every combination of deaths, errors and power cuts");
    process::cargo([
        "test",
        "--package",
        "jit-store",
        "--all-features",
        "--release",
    ])
    .within(workspace::root())
    .env("JIT_TORTURE", "1")
    .run()?;
    output::line("== all tests, their figures recorded");
    suite::test(&TestOptions::recording())?;
    output::line("== replay of a large issue log");
    replay::run(&replay::Options::default())?;
    output::line("== dependency policy");
    if !is_on_path("cargo-deny") {
        process::cargo(["install", "--locked", "cargo-deny"]).run()?;
    }
    Call::new("cargo-deny", ["check"])
        .within(workspace::root())
        .run()
}
