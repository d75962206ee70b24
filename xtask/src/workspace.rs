//! Where things are: the root of the workspace, what cargo knows about it, the built programs.
//!
//! Owns paths and the two build calls. Refuses to know what the programs do.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::process::{self, Call};

/// How the programs are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Quick to build; what the tests use too.
    Dev,
    /// Slow to build; the only one that may be measured.
    Release,
}

/// The two programs, built.
pub(crate) struct Programs {
    /// The tracker.
    pub jit: PathBuf,
    /// The orchestrator.
    pub dispatch: PathBuf,
}

/// Returns the root of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the manifest of xtask is one level below the root")
}

/// Returns what `cargo metadata` says about the workspace and all that it uses on this platform.
pub(crate) fn metadata() -> Result<Value> {
    let text = process::cargo([
        "metadata",
        "--format-version",
        "1",
        "--filter-platform",
        &host()?,
    ])
    .within(root())
    .read()?;
    serde_json::from_str(&text).context("cannot read the answer of `cargo metadata`")
}

/// Returns the directory that holds what cargo builds.
pub(crate) fn target() -> Result<PathBuf> {
    let text = process::cargo(["metadata", "--format-version", "1", "--no-deps"])
        .within(root())
        .read()?;
    let answer: Value =
        serde_json::from_str(&text).context("cannot read the answer of `cargo metadata`")?;
    let directory = answer["target_directory"]
        .as_str()
        .context("`cargo metadata` names no target directory")?;
    Ok(PathBuf::from(directory))
}

/// Builds both programs and returns where they are.
pub(crate) fn build(profile: Profile) -> Result<Programs> {
    let mut arguments = vec![
        "build",
        "--package",
        "jit",
        "--package",
        "jit-dispatch",
        "--bins",
    ];
    let folder = match profile {
        Profile::Dev => "debug",
        Profile::Release => {
            arguments.push("--release");
            "release"
        }
    };
    process::cargo(arguments).within(root()).run()?;
    let folder = target()?.join(folder);
    Ok(Programs {
        jit: folder.join("jit"),
        dispatch: folder.join("jit-dispatch"),
    })
}

/// Builds the tracker as it is released, and returns where it is: optimised, and linked statically, so that no loader runs
/// before it.
pub(crate) fn released_tracker() -> Result<PathBuf> {
    let arguments = [
        "rustc",
        "--release",
        "--package",
        "jit",
        "--bin",
        "jit",
        "--",
    ];
    let linked = ["-C", "target-feature=+crt-static"];
    process::cargo(arguments.iter().chain(&linked))
        .within(root())
        .run()?;
    Ok(target()?.join("release/jit"))
}

/// Hands the command that is running over to a release build of this program; says whether that has done it.
///
/// What handles a hundred thousand issues, or is measured against a floor, has no use for a development build.
pub(crate) fn is_done_in_release() -> Result<bool> {
    if !cfg!(debug_assertions) {
        return Ok(false);
    }
    let words = ["run", "--quiet", "--release", "--package", "xtask", "--"].map(OsString::from);
    let arguments = words.into_iter().chain(std::env::args_os().skip(1));
    process::cargo(arguments).run()?;
    Ok(true)
}

/// Returns the commit that is checked out, with `+` behind it when files differ from it.
pub(crate) fn commit() -> Result<String> {
    let id = git(&["rev-parse", "--short=12", "HEAD"])?;
    let changed = git(&["status", "--porcelain"])?;
    Ok(if changed.trim().is_empty() {
        id.trim().to_owned()
    } else {
        format!("{}+", id.trim())
    })
}

/// Runs git in the root of the workspace and returns what it printed.
pub(crate) fn git(arguments: &[&str]) -> Result<String> {
    Call::new("git", arguments).within(root()).read()
}

fn host() -> Result<String> {
    let text = Call::new("rustc", ["-vV"]).read()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .context("`rustc -vV` names no host")?;
    Ok(line.to_owned())
}
