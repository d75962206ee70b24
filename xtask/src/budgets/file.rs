//! `quality/budgets.json`.
//!
//! Owns its shape and what a difference means. Refuses a limit without a reason.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::workspace;

/// Every limit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Budgets {
    /// The released tracker, in KiB.
    pub binary_kib: Limit,
    /// Crates that are linked into it.
    pub crates: Limit,
    /// Each command, by the name that it has in the bench.
    pub commands: BTreeMap<String, Budget>,
}

/// One number and why it is not smaller.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Limit {
    /// At most this.
    pub limit: u64,
    /// Why it was changed last.
    pub reason: String,
}

/// What one command may do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Budget {
    /// System calls but those for memory.
    pub system_calls: u64,
    /// Waits until something is on disk.
    pub disk_waits: u64,
    /// Programs started, itself among them.
    pub programs: u64,
    /// Why it was changed last.
    pub reason: String,
}

/// How what was measured differs from what is allowed, each a sentence.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Findings {
    /// More than is allowed, or allowed by nothing.
    pub over: Vec<String>,
    /// Less than is allowed.
    pub under: Vec<String>,
}

fn path() -> PathBuf {
    workspace::root().join("quality/budgets.json")
}

/// Reads the limits; a file that is not there allows nothing.
pub(super) fn read() -> Result<Budgets> {
    let text = match fs::read_to_string(path()) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Budgets::default()),
        Err(error) => return Err(error).context("cannot read quality/budgets.json"),
    };
    let budgets: Budgets =
        serde_json::from_str(&text).context("cannot read quality/budgets.json")?;
    budgets.check_reasons()?;
    Ok(budgets)
}

/// Writes the limits.
pub(super) fn write(budgets: &Budgets) -> Result<()> {
    budgets.check_reasons()?;
    let text = serde_json::to_string_pretty(budgets)? + "\n";
    fs::write(path(), text).context("cannot write quality/budgets.json")
}

impl Budgets {
    fn check_reasons(&self) -> Result<()> {
        let figures = [
            ("binary_kib", &self.binary_kib.reason),
            ("crates", &self.crates.reason),
        ];
        let commands = self
            .commands
            .iter()
            .map(|(name, budget)| (name.as_str(), &budget.reason));
        for (name, reason) in figures.into_iter().chain(commands) {
            ensure!(
                !reason.trim().is_empty(),
                "the budget `{name}` gives no reason"
            );
        }
        Ok(())
    }

    /// Compares what was measured with these limits.
    pub(super) fn compared(&self, measured: &Self) -> Findings {
        let mut findings = Findings::default();
        findings.add(
            "the program, KiB",
            self.binary_kib.limit,
            measured.binary_kib.limit,
        );
        findings.add("crates", self.crates.limit, measured.crates.limit);
        for (name, found) in &measured.commands {
            let Some(limit) = self.commands.get(name) else {
                findings
                    .over
                    .push(format!("{name}: there is no budget for it"));
                continue;
            };
            let pairs = [
                ("system calls", limit.system_calls, found.system_calls),
                ("waits for the disk", limit.disk_waits, found.disk_waits),
                ("programs", limit.programs, found.programs),
            ];
            for (what, limit, found) in pairs {
                findings.add(&format!("{name}, {what}"), limit, found);
            }
        }
        let lost = self
            .commands
            .keys()
            .filter(|name| !measured.commands.contains_key(*name));
        findings
            .over
            .extend(lost.map(|name| format!("{name}: it was not measured")));
        findings
    }

    /// Returns the measured numbers as limits; what changed gets the reason, the rest keeps its own.
    pub(super) fn updated(&self, measured: &Self, reason: &str) -> Result<Self> {
        ensure!(
            !reason.trim().is_empty(),
            "a change of a budget needs a reason"
        );
        let figure = |old: &Limit, new: &Limit| Limit {
            limit: new.limit,
            reason: if old.limit == new.limit {
                &old.reason
            } else {
                reason
            }
            .to_owned(),
        };
        let command = |(name, new): (&String, &Budget)| {
            let old = self.commands.get(name);
            let kept = old.filter(|old| {
                (old.system_calls, old.disk_waits, old.programs)
                    == (new.system_calls, new.disk_waits, new.programs)
            });
            let changed = || Budget {
                reason: reason.to_owned(),
                ..new.clone()
            };
            (name.clone(), kept.cloned().unwrap_or_else(changed))
        };
        Ok(Self {
            binary_kib: figure(&self.binary_kib, &measured.binary_kib),
            crates: figure(&self.crates, &measured.crates),
            commands: measured.commands.iter().map(command).collect(),
        })
    }
}

impl Findings {
    fn add(&mut self, what: &str, limit: u64, found: u64) {
        let finding = format!("{what}: {found}, the budget is {limit}");
        match found.cmp(&limit) {
            std::cmp::Ordering::Greater => self.over.push(finding),
            std::cmp::Ordering::Less => self.under.push(finding),
            std::cmp::Ordering::Equal => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Budget, Budgets, Limit};

    fn budgets(system_calls: u64, disk_waits: u64) -> Budgets {
        let limit = |limit| Limit {
            limit,
            reason: "first".to_owned(),
        };
        let show = Budget {
            system_calls,
            disk_waits,
            programs: 1,
            reason: "first".to_owned(),
        };
        Budgets {
            binary_kib: limit(100),
            crates: limit(10),
            commands: BTreeMap::from([("show".to_owned(), show)]),
        }
    }

    #[test]
    fn one_more_call_is_over_the_budget_and_one_less_is_said() {
        let limits = budgets(50, 0);
        let check = |measured: &Budgets, over: &[&str], under: &[&str]| {
            let findings = limits.compared(measured);
            assert_eq!(findings.over, over);
            assert_eq!(findings.under, under);
        };
        check(&budgets(50, 0), &[], &[]);
        check(
            &budgets(51, 0),
            &["show, system calls: 51, the budget is 50"],
            &[],
        );
        check(
            &budgets(50, 1),
            &["show, waits for the disk: 1, the budget is 0"],
            &[],
        );
        check(
            &budgets(49, 0),
            &[],
            &["show, system calls: 49, the budget is 50"],
        );
        check(
            &Budgets::default().with_limits_of(&limits),
            &["show: it was not measured"],
            &[],
        );
    }

    #[test]
    fn only_what_changed_gets_the_new_reason() {
        let updated = budgets(50, 0)
            .updated(&budgets(50, 1), "a second file")
            .unwrap();
        assert_eq!(updated.commands["show"].reason, "a second file");
        assert_eq!(updated.crates.reason, "first");
        assert!(budgets(50, 0).updated(&budgets(50, 1), " ").is_err());
        assert!(Budgets::default().check_reasons().is_err());
    }

    impl Budgets {
        /// The figures of another one, and no commands.
        fn with_limits_of(self, other: &Self) -> Self {
            Self {
                binary_kib: other.binary_kib.clone(),
                crates: other.crates.clone(),
                ..self
            }
        }
    }
}
