//! `cargo xtask nightly`: the lanes that are too slow for every change.
//!
//! Owns the list of lanes that exist. Refuses to list plans: those are in `ROADMAP.md`.

use std::path::Path;

use anyhow::Result;

use crate::process::{self, Call, is_on_path};
use crate::suite::{self, TestOptions};
use crate::{figures, output, replay, workspace};

/// A lane of tests that try every combination when `JIT_TORTURE` is set.
struct Lane {
    title: &'static str,
    /// What to test, and which of it.
    arguments: &'static [&'static str],
}

const LANES: [Lane; 6] = [
    Lane {
        title: "the store, every combination of deaths, errors and power cuts",
        arguments: &["--package", "jit-store", "--all-features"],
    },
    Lane {
        title: "every command, killed and refused at every system call, real power cuts, git storms",
        arguments: &[
            "--package",
            "jit",
            "--test",
            "processes",
            "--",
            "durability::",
            "errors::",
            "kills::",
            "limits::",
            "power::",
            "storms::",
        ],
    },
    Lane {
        title: "random histories against a reference, and every call of every command refused",
        arguments: &["--package", "jit", "--test", "model"],
    },
    Lane {
        title: "leases, counters and claims by many processes that pause and die",
        arguments: &[
            "--package",
            "jit",
            "--test",
            "processes",
            "--",
            "counters::",
            "crowd::",
            "linear::",
        ],
    },
    Lane {
        title: "the laws of the merge, over very many versions of one issue",
        arguments: &["--package", "jit-core", "--test", "core", "--", "merge::"],
    },
    Lane {
        title: "random branches, brought together by git with the merge driver and without it",
        arguments: &["--package", "jit", "--test", "processes", "--", "merging::"],
    },
];

/// Runs one lane; its figures go to a file.
fn thorough(lane: &Lane, figures: &Path) -> Result<()> {
    let arguments = ["test", "--release"]
        .into_iter()
        .chain(lane.arguments.iter().copied());
    process::cargo(arguments)
        .within(workspace::root())
        .env("JIT_TORTURE", "1")
        .env("JIT_FIGURES", figures)
        .run()
}

/// Runs the slow lanes.
pub(crate) fn run() -> Result<()> {
    output::line("== all tests, their figures recorded");
    suite::test(&TestOptions::recording())?;
    // Afterwards, so that what was tried thoroughly is the last value of each figure.
    for lane in &LANES {
        output::line(&format!("== {}", lane.title));
        figures::recorded(|file| thorough(lane, file))?;
    }
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
