//! `cargo xtask nightly`: the lanes that are too slow for every change.
//!
//! Owns the list of lanes that exist. Refuses to list plans: those are in `ROADMAP.md`.

use anyhow::Result;
use clap::Args;

use crate::process::{self, Call, is_on_path};
use crate::{output, replay, workspace};

/// What `cargo xtask nightly` takes.
#[derive(Args)]
pub(crate) struct Options {
    /// Cases of each property test
    #[arg(long, default_value_t = 20_000)]
    cases: u32,
}

/// Runs the slow lanes.
pub(crate) fn run(options: &Options) -> Result<()> {
    output::line(&format!("== property tests, {} cases each", options.cases));
    process::cargo(["test", "--workspace", "--release"])
        .within(workspace::root())
        .env("PROPTEST_CASES", options.cases.to_string())
        .run()?;
    output::line("== replay of the real issue log");
    replay::run(&replay::Options::default())?;
    output::line("== dependency policy");
    if !is_on_path("cargo-deny") {
        process::cargo(["install", "--locked", "cargo-deny"]).run()?;
    }
    Call::new("cargo-deny", ["check"])
        .within(workspace::root())
        .run()
}
