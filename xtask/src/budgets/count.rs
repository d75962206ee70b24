//! What `strace -c` counted.
//!
//! Owns the reading of its table, and which calls say something. Refuses to count what the allocator asks for: that differs
//! from one compiler to the next, and costs next to nothing.

use anyhow::{Context as _, Result, ensure};

/// The calls of one command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// All but those for memory.
    pub system_calls: u64,
    /// Those that wait until something is on disk.
    pub disk_waits: u64,
    /// Programs started, itself among them.
    pub programs: u64,
}

const MEMORY: [&str; 7] = [
    "brk", "mmap", "munmap", "mremap", "mprotect", "madvise", "futex",
];
const WAITS: [&str; 4] = ["fdatasync", "fsync", "syncfs", "sync_file_range"];
const STARTS: [&str; 2] = ["execve", "execveat"];

impl Counts {
    /// Returns the smaller of each.
    pub(super) fn least(self, other: Self) -> Self {
        Self {
            system_calls: self.system_calls.min(other.system_calls),
            disk_waits: self.disk_waits.min(other.disk_waits),
            programs: self.programs.min(other.programs),
        }
    }
}

/// Reads the table.
pub(super) fn parse(table: &str) -> Result<Counts> {
    let mut counts = Counts::default();
    for line in table.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (Some(name), Some(n_calls)) = (words.last(), words.get(3)) else {
            continue;
        };
        let is_row = words[0].parse::<f64>().is_ok() && *name != "total";
        if !is_row {
            continue;
        }
        let n_calls: u64 = n_calls
            .parse()
            .with_context(|| format!("cannot read `{line}`"))?;
        if !MEMORY.contains(name) {
            counts.system_calls += n_calls;
        }
        if WAITS.contains(name) {
            counts.disk_waits += n_calls;
        }
        if STARTS.contains(name) {
            counts.programs += n_calls;
        }
    }
    ensure!(counts.programs > 0, "strace counted nothing");
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::{Counts, parse};

    const TABLE: &str = "\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 40.00    0.000120          10        12           read
 30.00    0.000100          50         2           fdatasync
 20.00    0.000010           5         4         3 openat
 10.00    0.000010          10         7           brk
  0.00    0.000000           0         1           execve
------ ----------- ----------- --------- --------- ----------------
100.00    0.000240           9        26         3 total
";

    #[test]
    fn the_table_is_read_without_what_the_allocator_does() {
        let expected = Counts {
            system_calls: 19,
            disk_waits: 2,
            programs: 1,
        };
        assert_eq!(parse(TABLE).unwrap(), expected);
        assert!(parse("strace: nothing\n").is_err());
    }
}
