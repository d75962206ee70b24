//! The table "Speed": what is measured, against which goal and which floor.
//!
//! Owns the goals. Refuses to measure anything.

/// A row of the table.
pub(crate) struct Line {
    /// What is measured.
    pub kind: Kind,
    /// Short name, for `--only`.
    pub name: &'static str,
    /// What is run, as a person would type it.
    pub command: &'static str,
    /// The goal, in words.
    pub goal: &'static str,
    /// The goal, in numbers.
    pub limit: Limit,
    /// What it is held against.
    pub floor: Floor,
}

/// What is measured at each size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Show,
    Prefix,
    Ready,
    ReadyIdle,
    List,
    Search,
    Tail,
    Validate,
    /// The first reader without an index.
    ColdRead,
    /// The first writer without an index, which makes one.
    ColdWrite,
    Claim,
    ClaimNext,
    Update,
    Comment,
    GatePass,
    Done,
    DepAdd,
    Create,
    Import,
}

/// What a command is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Floor {
    /// An empty program that reads one issue.
    Read,
    /// An empty program that reads one issue, appends 4 KiB and waits for the disk.
    Durable,
    /// A program that looks at each shard directory and each open issue.
    Stat,
    /// A program that writes the same number of bytes from memory.
    Write,
    /// Two threads that read and parse all issues.
    Parse,
    /// Nothing comparable.
    None,
}

impl Floor {
    /// Returns the floor in words.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Read => "an empty program that reads one issue",
            Self::Durable => "an empty program that reads one issue, appends 4 KiB, and fdatasync",
            Self::Stat => "stat of the shard directories and of the open issues",
            Self::Write => "writing the same bytes from memory",
            Self::Parse => "reading and parsing all issue files with two threads",
            Self::None => "",
        }
    }
}

/// How many milliseconds are allowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    /// The largest store that each number is for; a smaller store has the number of the next larger one.
    steps: &'static [(usize, f64)],
    /// One fdatasync is allowed beside.
    pub waits_for_disk: bool,
}

/// Any number of issues.
const ANY: usize = usize::MAX;

impl Limit {
    const fn reading(steps: &'static [(usize, f64)]) -> Self {
        Self {
            steps,
            waits_for_disk: false,
        }
    }

    const fn durable(steps: &'static [(usize, f64)]) -> Self {
        Self {
            steps,
            waits_for_disk: true,
        }
    }

    /// Returns what is allowed at a size; none where nothing was promised.
    pub(super) fn at(&self, n_issues: usize) -> Option<f64> {
        let holds = |(largest, _): &&(usize, f64)| n_issues <= *largest;
        self.steps.iter().find(holds).map(|(_, millis)| *millis)
    }
}

const FLAT_READ: Limit = Limit::reading(&[(ANY, 3.0)]);
const FLAT_WRITE: Limit = Limit::durable(&[(ANY, 3.0)]);
const READ_GOAL: &str = "≤ 3 ms, flat";
const WRITE_GOAL: &str = "≤ 3 ms + one fdatasync, flat";

const fn read(kind: Kind, name: &'static str, command: &'static str) -> Line {
    Line {
        kind,
        name,
        command,
        goal: READ_GOAL,
        limit: FLAT_READ,
        floor: Floor::Read,
    }
}

const fn write(kind: Kind, name: &'static str, command: &'static str) -> Line {
    Line {
        kind,
        name,
        command,
        goal: WRITE_GOAL,
        limit: FLAT_WRITE,
        floor: Floor::Durable,
    }
}

/// Every command that is measured at several sizes, those that write last.
pub(crate) const LINES: [Line; 19] = [
    read(Kind::Show, "show", "jit issue show ID --json"),
    read(Kind::Prefix, "prefix", "jit issue show PREFIX --json"),
    Line {
        kind: Kind::Ready,
        name: "ready",
        command: "jit query ready --json --limit 20",
        goal: "≤ 5 ms at 10,000; ≤ 40 ms at 100,000",
        limit: Limit::reading(&[(10_000, 5.0), (100_000, 40.0)]),
        floor: Floor::Stat,
    },
    Line {
        kind: Kind::ReadyIdle,
        name: "ready-idle",
        command: "the same after ten idle seconds",
        goal: "the same",
        limit: Limit::reading(&[(10_000, 5.0), (100_000, 40.0)]),
        floor: Floor::Stat,
    },
    Line {
        kind: Kind::List,
        name: "list",
        command: "jit issue list --json",
        goal: "≤ 40 ms at 10,000",
        limit: Limit::reading(&[(10_000, 40.0)]),
        floor: Floor::Write,
    },
    Line {
        kind: Kind::Search,
        name: "search",
        command: "jit search WORD --json --limit 20",
        goal: "≤ 6 ms at 10,000",
        limit: Limit::reading(&[(10_000, 6.0)]),
        floor: Floor::None,
    },
    Line {
        goal: "no promise; must not grow with the log",
        limit: Limit::reading(&[]),
        ..read(Kind::Tail, "tail", "jit events tail -n 20 --json")
    },
    Line {
        kind: Kind::Validate,
        name: "validate",
        command: "jit validate --level full --json",
        goal: "≤ 300 ms at 10,000",
        limit: Limit::reading(&[(10_000, 300.0)]),
        floor: Floor::Parse,
    },
    Line {
        kind: Kind::ColdRead,
        name: "cold-read",
        command: "jit query ready --json --limit 20, without an index",
        goal: "≤ 250 ms at 10,000",
        limit: Limit::reading(&[(10_000, 250.0)]),
        floor: Floor::Parse,
    },
    Line {
        kind: Kind::ColdWrite,
        name: "cold-write",
        command: "jit issue comment ID TEXT --json, which makes the index anew",
        goal: "≤ 250 ms at 10,000",
        limit: Limit::reading(&[(10_000, 250.0)]),
        floor: Floor::Parse,
    },
    write(Kind::Claim, "claim", "jit issue claim ID WHO --json"),
    Line {
        goal: "no promise",
        limit: Limit::durable(&[]),
        ..write(
            Kind::ClaimNext,
            "claim-next",
            "jit issue claim-next WHO --json",
        )
    },
    write(
        Kind::Update,
        "update",
        "jit issue update ID --priority P --json",
    ),
    write(Kind::Comment, "comment", "jit issue comment ID TEXT --json"),
    write(Kind::GatePass, "gate-pass", "jit gate pass ID KEY --json"),
    write(
        Kind::Done,
        "done",
        "jit issue done ID --json, others wait for it",
    ),
    Line {
        goal: "≤ 5 ms + one fdatasync at 10,000",
        limit: Limit::durable(&[(10_000, 5.0)]),
        ..write(
            Kind::DepAdd,
            "dep-add",
            "jit dep add ID DEP --json, every issue has two edges",
        )
    },
    write(Kind::Create, "create", "jit issue create -t T -d D --json"),
    Line {
        kind: Kind::Import,
        name: "import",
        command: "jit import beads FILE, as many issues, one transaction",
        goal: "≤ 1.5 s at 10,000",
        limit: Limit::reading(&[(10_000, 1_500.0)]),
        floor: Floor::None,
    },
];

#[cfg(test)]
mod tests {
    use super::{LINES, Limit};

    #[test]
    fn a_limit_holds_up_to_its_size() {
        let limit = Limit::reading(&[(10_000, 5.0), (100_000, 40.0)]);
        let rows = [
            (100, Some(5.0)),
            (10_000, Some(5.0)),
            (10_001, Some(40.0)),
            (100_001, None),
        ];
        for (size, expected) in rows {
            assert_eq!(limit.at(size), expected, "{size}");
        }
    }

    #[test]
    fn every_row_has_a_name_of_its_own() {
        let mut names: Vec<&str> = LINES.iter().map(|line| line.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), LINES.len());
    }
}
