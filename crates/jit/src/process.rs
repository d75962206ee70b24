//! The process that does the work under a lease, as the one who asks names it by its number.
//!
//! Owns the look at the system that tells whether it lives and when it began. Refuses this very process: it ends with
//! its answer, long before any work is done.

use crate::error::CliError;
use jit_core::{ErrorKind, HolderProcess};

/// Returns the living process with this number.
pub(crate) fn holder(pid: u32) -> Result<HolderProcess, CliError> {
    let refuse = |problem: &str| {
        let message = format!("pid: {pid} {problem}");
        CliError::new(ErrorKind::InvalidValue, message)
            .hint("name the process that lives as long as the work does")
    };
    if pid == std::process::id() {
        return Err(refuse("is this command itself, which ends at once"));
    }
    living(pid).ok_or_else(|| refuse("is no living process"))
}

#[cfg(target_os = "linux")]
fn living(pid: u32) -> Option<HolderProcess> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    parse(pid, &stat)
}

/// Elsewhere a signal that does nothing tells whether there is such a process.
#[cfg(not(target_os = "linux"))]
fn living(pid: u32) -> Option<HolderProcess> {
    let number = i32::try_from(pid)
        .ok()
        .and_then(rustix::process::Pid::from_raw)?;
    let probe = rustix::process::test_kill_process(number);
    let is_there = probe.is_ok() || probe == Err(rustix::io::Errno::PERM);
    is_there.then_some(HolderProcess { pid, start: None })
}

/// Reads a line of `/proc/PID/stat`; the dead that nobody has buried yet do not count.
#[cfg(target_os = "linux")]
fn parse(pid: u32, line: &str) -> Option<HolderProcess> {
    const N_START: usize = 19;
    // The name of the program stands in parentheses and may hold anything, so the fields count from the last one.
    let (_, rest) = line.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let is_dead = matches!(*fields.first()?, "Z" | "X" | "x");
    let start = fields.get(N_START)?.parse().ok()?;
    (!is_dead).then_some(HolderProcess {
        pid,
        start: Some(start),
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_number_and_start() {
        let line = |state: &str| {
            format!("7 (a) b) {state} 1 7 7 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 4242 0 0\n")
        };
        let check = |stat: &str, expected: Option<u64>| {
            let found = parse(7, stat).map(|process| (process.pid, process.start));
            assert_eq!(found, expected.map(|start| (7, Some(start))), "{stat}");
        };
        check(&line("S"), Some(4242));
        check(&line("Z"), None);
        check("7 (sh) S 1", None);
        check("", None);
    }

    #[test]
    fn this_process_and_the_dead_hold_nothing() {
        let own = std::process::id();
        assert_eq!(holder(own).unwrap_err().kind, ErrorKind::InvalidValue);
        let parent = std::os::unix::process::parent_id();
        assert_eq!(holder(parent).unwrap().pid, parent);
        // The largest number that no system hands out.
        assert_eq!(holder(u32::MAX).unwrap_err().kind, ErrorKind::InvalidValue);
    }
}
