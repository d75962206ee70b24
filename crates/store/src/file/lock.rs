//! The lock of a store (`docs/design/storage.md` S5).
//!
//! Owns who is named when waiting took too long. Refuses lock files: the lock lies on the directory and dies with its
//! process, and the operating system knows who holds it.

use super::options::Env;
use crate::error::{Result, StoreError};
use crate::fs::{Fs, LockError, LockGuard, LockMode, Root};
use std::io;
use std::path::Path;
use std::time::Duration;

/// Takes the lock, waiting as long as the options say.
pub(crate) fn acquire(env: &Env, mode: LockMode) -> Result<LockGuard> {
    acquire_on(&*env.fs, &env.shared, mode, env.options.lock_timeout)
}

/// Takes the lock of the store in the directory `shared`, waiting up to `timeout`.
pub(crate) fn acquire_on(
    fs: &dyn Fs,
    shared: &Path,
    mode: LockMode,
    timeout: Duration,
) -> Result<LockGuard> {
    fs.lock(mode, timeout).map_err(|error| match error {
        LockError::Timeout { waited } => StoreError::Busy {
            waited,
            holder: holder(fs),
        },
        LockError::Io(source) if source.kind() == io::ErrorKind::NotFound => StoreError::NoStore {
            start: shared.to_owned(),
            why: "its directory is gone".to_owned(),
        },
        LockError::Io(source) => StoreError::at_path("lock", shared.display().to_string(), source),
    })
}

/// Returns who holds the lock, as far as the operating system tells.
fn holder(fs: &dyn Fs) -> Option<String> {
    let ino = fs.stat_root(Root::Shared).ok()?.ino;
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    let pid = locks.lines().find_map(|line| holder_in_line(line, ino))?;
    let command = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    Some(name_of(pid, command.trim()))
}

/// Names a process; one that has just ended has no command any more.
fn name_of(pid: u32, command: &str) -> String {
    if command.is_empty() {
        format!("process {pid}")
    } else {
        format!("process {pid} ({})", command.escape_default())
    }
}

/// Reads a line such as `1: FLOCK  ADVISORY  WRITE 4711 08:02:131082 0 EOF`.
fn holder_in_line(line: &str, ino: u64) -> Option<u32> {
    let mut words = line.split_whitespace().skip(1);
    if words.next()? != "FLOCK" {
        return None;
    }
    let pid = words.nth(2)?.parse().ok()?;
    let found = words.next()?.rsplit(':').next()?.parse::<u64>().ok()?;
    (found == ino).then_some(pid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_is_read_from_the_kernels_list() {
        let check = |line: &str, expected: Option<u32>| {
            assert_eq!(holder_in_line(line, 131_082), expected, "{line}");
        };
        check(
            "1: FLOCK  ADVISORY  WRITE 4711 08:02:131082 0 EOF",
            Some(4711),
        );
        check("1: FLOCK  ADVISORY  WRITE 4711 08:02:131083 0 EOF", None);
        // A process that waits is no holder.
        check("1: -> FLOCK  ADVISORY  WRITE 4712 08:02:131082 0 EOF", None);
        check("2: POSIX  ADVISORY  WRITE 4711 08:02:131082 0 EOF", None);
        check("", None);
    }

    #[test]
    fn a_long_wait_is_told_in_seconds() {
        let check = |millis: u64, holder: Option<String>, expected: &str| {
            let waited = Duration::from_millis(millis);
            assert_eq!(StoreError::Busy { waited, holder }.to_string(), expected);
        };
        check(10_000, None, "the store is busy: waited 10 s");
        check(
            250,
            Some(name_of(7, "jit")),
            "the store is busy: waited 0.25 s for process 7 (jit)",
        );
        check(
            1500,
            Some(name_of(7, "")),
            "the store is busy: waited 1.5 s for process 7",
        );
    }
}
