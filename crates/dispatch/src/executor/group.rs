//! Owns what can be known of and done to processes that are not our children: identity, membership of a group, signals.
//! Refuses to decide who is to be killed.

use rustix::io::Errno;
use rustix::process::{Pid, Signal};

use crate::ports::boot_id;
use crate::state::Started;

/// A process group, named by its leader's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group(Pid);

/// The part of `/proc/PID/stat` that matters here.
struct Stat {
    pid: u32,
    group: u32,
    start_ticks: u64,
    is_dead: bool,
}

impl Group {
    /// Names the group that the process `pid` leads; none for a number that no process can have.
    pub fn led_by(pid: u32) -> Option<Self> {
        // The groups 0 and 1 mean "my own" and "everybody" to the kernel.
        i32::try_from(pid)
            .ok()
            .filter(|pid| *pid > 1)
            .and_then(Pid::from_raw)
            .map(Self)
    }

    /// Returns the number.
    pub fn id(self) -> Pid {
        self.0
    }

    /// Sends a signal to every member; a group without members is fine.
    pub fn signal(self, signal: Signal) -> Result<(), std::io::Error> {
        match rustix::process::kill_process_group(self.0, signal) {
            Ok(()) | Err(Errno::SRCH) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns whether no member is alive; the dead that nobody has buried yet do not count.
    pub fn is_empty(self) -> bool {
        if rustix::process::test_kill_process_group(self.0) == Err(Errno::SRCH) {
            return true;
        }
        let id = self.0.as_raw_nonzero().get().unsigned_abs();
        // Without /proc the kernel's answer to the probe is all there is.
        processes().is_some_and(|mut all| !all.any(|stat| stat.group == id && !stat.is_dead))
    }

    /// Returns whether the group still is the one that `leader` led for `run`, and not a later one with its number.
    pub fn belongs_to(self, leader: &Started, run: &str) -> bool {
        if leader.boot_id != boot_id() {
            return false;
        }
        let id = self.0.as_raw_nonzero().get().unsigned_abs();
        let mark = format!("JIT_RUN_ID={run}");
        processes().is_some_and(|mut all| {
            all.any(|stat| {
                let is_leader = stat.pid == leader.pid && stat.start_ticks == leader.start_ticks;
                stat.group == id && !stat.is_dead && (is_leader || carries(stat.pid, &mark))
            })
        })
    }
}

/// Names the living process `pid` so that a later one with its number is told apart; none if there is no such process.
pub fn identify(pid: u32) -> Option<Started> {
    let stat = read_stat(pid)?;
    Some(Started {
        pid,
        start_ticks: stat.start_ticks,
        boot_id: boot_id(),
    })
}

/// Sends a signal to a process if it still is the one that was identified; returns whether it was.
pub fn signal_if_same(process: &Started, signal: Signal) -> Result<bool, std::io::Error> {
    let is_same = identify(process.pid).as_ref() == Some(process);
    let pid = i32::try_from(process.pid).ok().and_then(Pid::from_raw);
    match pid
        .filter(|_| is_same)
        .map(|pid| rustix::process::kill_process(pid, signal))
    {
        None | Some(Err(Errno::SRCH)) => Ok(false),
        Some(Ok(())) => Ok(true),
        Some(Err(error)) => Err(error.into()),
    }
}

fn processes() -> Option<impl Iterator<Item = Stat>> {
    let entries = std::fs::read_dir("/proc").ok()?;
    Some(entries.filter_map(|entry| read_stat(entry.ok()?.file_name().to_str()?.parse().ok()?)))
}

fn read_stat(pid: u32) -> Option<Stat> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program stands in parentheses and may hold anything, so the fields count from the last one.
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    Some(Stat {
        pid,
        is_dead: matches!(*fields.first()?, "Z" | "X" | "x"),
        group: fields.get(2)?.parse().ok()?,
        start_ticks: fields.get(19)?.parse().ok()?,
    })
}

fn carries(pid: u32, mark: &str) -> bool {
    let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environment
        .split(|byte| *byte == 0)
        .any(|entry| entry == mark.as_bytes())
}
