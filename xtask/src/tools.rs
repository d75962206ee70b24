//! Programs that the tests need beside Rust and git.
//!
//! Owns the list, and two ways to get what is missing on a Debian-like machine: installed by root, or unpacked below the
//! target directory by anybody else. Refuses to hide what it could not get.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::output;
use crate::process::{Call, is_on_path};
use crate::workspace;

/// A program, the package that brings it, and what cannot be tested without it.
pub(crate) struct Tool {
    /// Its name.
    pub program: &'static str,
    package: &'static str,
    /// What the tests do with it.
    pub purpose: &'static str,
}

const TOOLS: &[Tool] = &[
    Tool {
        program: "strace",
        package: "strace",
        purpose: "the tests that kill jit at every system call, and the budgets of them",
    },
    Tool {
        program: "python3",
        // The minimal package lacks `json`.
        package: "python3",
        purpose: "the tests of the examples of jit-dispatch",
    },
];

/// What the tests find: extra environment, and what is still missing.
#[derive(Default)]
pub(crate) struct Toolbox {
    /// Environment that makes unpacked programs work.
    pub environment: Vec<(OsString, OsString)>,
    /// Tools that are not there.
    pub missing: Vec<&'static Tool>,
}

impl Tool {
    /// Returns a line that names the tool and what is lost without it.
    pub(crate) fn shown(&self) -> String {
        format!("{}: {}", self.program, self.purpose)
    }
}

/// Makes the tools available, from the network if `may_download`.
pub(crate) fn prepare(may_download: bool) -> Result<Toolbox> {
    let unpacked = workspace::target()?.join("tools");
    let is_there = |tool: &&Tool| {
        is_on_path(tool.program) || unpacked.join("usr/bin").join(tool.program).is_file()
    };
    let mut missing: Vec<&'static Tool> = TOOLS.iter().filter(|tool| !is_there(tool)).collect();
    if may_download && !missing.is_empty() {
        let packages: Vec<&str> = missing.iter().map(|tool| tool.package).collect();
        output::line(&format!(
            "Getting what the tests need: {}.",
            packages.join(", ")
        ));
        if let Err(error) = get(&packages, &unpacked) {
            output::talk(&format!("Could not get {}: {error:#}", packages.join(", ")));
        }
        missing.retain(|tool| !is_there(tool));
    }
    Ok(Toolbox {
        environment: environment(&unpacked)?,
        missing,
    })
}

fn get(packages: &[&str], unpacked: &Path) -> Result<()> {
    if !is_on_path("apt-get") {
        bail!("no apt-get here; install them by hand");
    }
    let is_root = Call::new("id", ["-u"]).read()?.trim() == "0";
    if is_root {
        install(packages)
    } else {
        unpack(packages, unpacked)
    }
}

fn install(packages: &[&str]) -> Result<()> {
    let attempt = || {
        Call::new(
            "apt-get",
            ["install", "--yes", "--no-install-recommends"]
                .iter()
                .chain(packages),
        )
        .env("DEBIAN_FRONTEND", "noninteractive")
        .read()
    };
    // The lists of a fresh machine are empty; fetching them when they are not costs half a minute.
    if attempt().is_err() {
        Call::new("apt-get", ["update"]).read()?;
        attempt()?;
    }
    Ok(())
}

/// Downloads the packages and what they need that is not installed, and unpacks them without being root.
fn unpack(packages: &[&str], unpacked: &Path) -> Result<()> {
    let archives = unpacked.join("archives");
    fs::create_dir_all(&archives).with_context(|| format!("cannot make {}", archives.display()))?;
    let apt = Apt::new(unpacked)?;
    let simulated = ["install", "--simulate", "--yes", "--no-install-recommends"];
    let plan = || apt.call(&[&simulated, packages].concat()).read();
    let plan = if let Ok(plan) = plan() {
        plan
    } else {
        // Hooks of the system fail without root although the lists have arrived; the plan below is what tells.
        drop(apt.call(&["update"]).outcome()?);
        plan()?
    };
    let planned = planned(&plan);
    apt.call(&[&["download"], planned.as_slice()].concat())
        .within(&archives)
        .read()?;
    for entry in fs::read_dir(&archives)? {
        let archive = entry?.path();
        if archive
            .extension()
            .is_some_and(|extension| extension == "deb")
        {
            Call::new(
                "dpkg",
                ["-x".as_ref(), archive.as_os_str(), unpacked.as_os_str()],
            )
            .read()?;
        }
    }
    Ok(())
}

/// An apt whose lists and cache are our own, because those of the system belong to root.
struct Apt {
    options: Vec<String>,
}

impl Apt {
    fn new(unpacked: &Path) -> Result<Self> {
        let mut options = Vec::new();
        for (key, folder) in [
            ("Dir::State::Lists", "apt/lists"),
            ("Dir::Cache", "apt/cache"),
        ] {
            let folder = unpacked.join(folder);
            fs::create_dir_all(folder.join("partial"))?;
            options.extend(["-o".to_owned(), format!("{key}={}", folder.display())]);
        }
        fs::create_dir_all(unpacked.join("apt/cache/archives/partial"))?;
        Ok(Self { options })
    }

    fn call(&self, arguments: &[&str]) -> Call {
        Call::new(
            "apt-get",
            self.options
                .iter()
                .map(String::as_str)
                .chain(arguments.iter().copied()),
        )
    }
}

/// Returns the packages that a simulated installation would add.
fn planned(plan: &str) -> Vec<&str> {
    plan.lines()
        .filter_map(|line| line.strip_prefix("Inst ")?.split(' ').next())
        .collect()
}

fn environment(unpacked: &Path) -> Result<Vec<(OsString, OsString)>> {
    if !unpacked.join("usr").is_dir() {
        return Ok(Vec::new());
    }
    let path = joined("PATH", &[unpacked.join("usr/bin")])?;
    let mut libraries = Vec::new();
    for folder in ["usr/lib", "lib"] {
        let folder = unpacked.join(folder);
        if folder.is_dir() {
            for entry in fs::read_dir(&folder)? {
                let place = entry?.path();
                if place.is_dir() && place.to_string_lossy().ends_with("-linux-gnu") {
                    libraries.push(place);
                }
            }
        }
    }
    let mut environment = vec![("PATH".into(), path)];
    if !libraries.is_empty() {
        environment.push((
            "LD_LIBRARY_PATH".into(),
            joined("LD_LIBRARY_PATH", &libraries)?,
        ));
    }
    Ok(environment)
}

/// What the machine has comes first: an unpacked copy only fills gaps.
fn joined(variable: &str, places: &[PathBuf]) -> Result<OsString> {
    let before = std::env::var_os(variable).unwrap_or_default();
    let all = std::env::split_paths(&before)
        .chain(places.iter().cloned())
        .filter(|place| !place.as_os_str().is_empty());
    std::env::join_paths(all).with_context(|| format!("cannot extend {variable}"))
}

#[cfg(test)]
mod tests {
    use super::planned;

    #[test]
    fn the_plan_of_apt_names_what_is_added() {
        let plan = "NOTE: This is only a simulation!\nInst libunwind8 (1.6.2-3 Debian:12 [amd64])\n\
                    Inst strace (6.1-0.1 Debian:12 [amd64])\nConf strace (6.1-0.1 Debian:12 [amd64])\n";
        assert_eq!(planned(plan), ["libunwind8", "strace"]);
    }
}
