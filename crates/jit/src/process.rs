//! The process that does the work under a lease, as the one who asks names it by its number.
//!
//! Owns the look at the system that tells whether it lives and when it began. Refuses this very process: it ends with
//! its answer, long before any work is done.

use crate::error::CliError;
use jit_core::{ErrorKind, HolderProcess};

/// A process as it is typed: `PID`, or `PID:START` by one that knows when it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pid: u32,
    start: Option<u64>,
}

impl Named {
    /// Returns the process that `text` names.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let fail = || format!("`{text}` is not PID or PID:START");
        let (pid, start) = match text.split_once(':') {
            None => (text, None),
            Some((pid, start)) => (pid, Some(start.parse().map_err(|_| fail())?)),
        };
        let pid = pid.parse().map_err(|_| fail())?;
        Ok(Self { pid, start })
    }
}

/// Returns the living process that is meant. One that began at another time is another one: whoever named it sees other
/// processes than we do, as from within a container or on another host.
pub(crate) fn holder(named: Named) -> Result<HolderProcess, CliError> {
    let pid = named.pid;
    let refuse = |problem: &str| {
        let message = format!("pid: {pid} {problem}");
        CliError::new(ErrorKind::InvalidValue, message)
            .hint("name the process that lives as long as the work does")
    };
    if pid == std::process::id() {
        return Err(refuse("is this command itself, which ends at once"));
    }
    let found = living(pid).ok_or_else(|| refuse("is no living process"))?;
    let is_other = |start| found.start.is_some_and(|began| began != start);
    if named.start.is_some_and(is_other) {
        return Err(refuse("is another process here"));
    }
    Ok(found)
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
        let named = |text: String| holder(Named::parse(&text).unwrap());
        let refused = |text: String| named(text).unwrap_err().kind == ErrorKind::InvalidValue;
        assert!(refused(own.to_string()));
        let parent = std::os::unix::process::parent_id();
        let found = named(parent.to_string()).unwrap();
        assert_eq!(found.pid, parent);
        let start = found.start.unwrap();
        assert_eq!(named(format!("{parent}:{start}")).unwrap(), found);
        assert!(refused(format!("{parent}:{}", start + 1)));
        // The largest number that no system hands out.
        assert!(refused(u32::MAX.to_string()));
    }

    #[test]
    fn a_process_is_named_by_number_and_perhaps_by_start() {
        let check = |text: &str, expected: Option<(u32, Option<u64>)>| {
            let named = Named::parse(text).ok();
            assert_eq!(named.map(|it| (it.pid, it.start)), expected, "{text}");
        };
        check("7", Some((7, None)));
        check("7:42", Some((7, Some(42))));
        check("7:", None);
        check("-7", None);
        check("seven", None);
    }
}
