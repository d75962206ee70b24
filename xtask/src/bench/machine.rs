//! What the measurements were made on.
//!
//! Owns a description that helps to compare. Refuses names of machines, of people, and paths.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::record::Machine;
use crate::process::Call;

/// Returns how many processes want a core at this moment, as the system's own one-minute mean.
pub(super) fn load() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/loadavg")?;
    let first = text
        .split(' ')
        .next()
        .context("the load has no first word")?;
    first.parse().context("the load is a number")
}

/// Returns the day.
pub(super) fn day() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()
}

/// Describes the machine and the file system of a directory.
pub(super) fn describe(folder: &Path, load: f64) -> Result<Machine> {
    let memory = std::fs::read_to_string("/proc/meminfo")?;
    let kib: u64 = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB"))
        .and_then(|kib| kib.trim().parse().ok())
        .context("the memory has a total")?;
    let words: [&std::ffi::OsStr; 2] = ["--output=fstype".as_ref(), folder.as_ref()];
    let types = Call::new("df", words).read()?;
    let file_system = types
        .lines()
        .nth(1)
        .context("a directory has a file system")?;
    Ok(Machine {
        system: format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH),
        cores: std::thread::available_parallelism()?.get(),
        memory_gib: (kib + (1 << 19)) >> 20,
        file_system: file_system.trim().to_owned(),
        load,
    })
}
