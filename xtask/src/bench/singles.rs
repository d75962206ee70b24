//! What has no size: the start, the crowd, memory at two sizes, the program itself.
//!
//! Owns these figures and their goals. Refuses to judge what could not be measured.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::ground::Ground;
use super::record::Single;
use super::series::{Effort, Spread, by_turns};
use super::{Bench, crowd};
use crate::fixture::{Form, Plan};
use crate::process::{self, Call};
use crate::{output, workspace};

/// The names, for `--only`.
pub(super) const NAMES: [&str; 5] = ["start", "crowd", "memory", "binary", "crates"];

/// Issues that the crowd fights over.
const N_FOUGHT: usize = 1_000;

const MIB: f64 = 1024.0 * 1024.0;

impl<'a> Bench<'a> {
    /// Measures everything that was asked for and has no size.
    pub(super) fn singles(&self) -> Result<Vec<Single>> {
        let mut found = Vec::new();
        let steps: [(&str, Step<'a>); 5] = [
            (NAMES[0], Self::start),
            (NAMES[1], Self::crowd),
            (NAMES[2], Self::memory),
            (NAMES[3], Self::binary),
            (NAMES[4], Self::crates),
        ];
        for (name, step) in steps {
            if self.wants(name) {
                let values = step(self).with_context(|| format!("row `{name}`"))?;
                for single in &values {
                    output::line(&format!(
                        "{:<12} {:9.2} {}",
                        name, single.value, single.unit
                    ));
                }
                found.extend(values);
            }
        }
        Ok(found)
    }

    /// Starts both programs by turns, with nothing to do.
    fn start(&self) -> Result<Vec<Single>> {
        let effort = Effort {
            fewest: 50,
            most: if self.options.quick { 50 } else { 400 },
            time: Duration::from_secs(2),
        };
        let sink = std::fs::File::create(self.folder.join("start"))?;
        let time = |call: Call| -> Result<f64> {
            let (status, time) = call.timed(&sink, &sink)?;
            anyhow::ensure!(status.success(), "it ended with {status}");
            Ok(time.as_secs_f64() * 1e3)
        };
        let (values, floors) = by_turns(
            effort,
            || time(Call::new(&self.programs.jit, ["--version"])),
            || time(Call::new(&self.programs.floor, ["empty"])).map(Some),
        )?;
        let (value, floor) = Spread::of(&values)
            .zip(Spread::of(&floors))
            .context("nothing was started")?;
        let single = |what: &str, goal: &str, (value, floor): (f64, f64), is_met| Single {
            name: NAMES[0].to_owned(),
            what: what.to_owned(),
            goal: goal.to_owned(),
            value,
            unit: "ms".to_owned(),
            floor: Some(("an empty C program".to_owned(), floor)),
            is_met: Some(is_met),
        };
        let ratio_met = value.median <= 2.0 * floor.median;
        Ok(vec![
            single(
                "start: `jit --version`",
                "≤ 2 × an empty C program",
                (value.median, floor.median),
                ratio_met,
            ),
            single(
                "start, the quickest tenth",
                "≤ 1.2 ms, linked statically",
                (value.p10, floor.p10),
                value.p10 <= 1.2,
            ),
        ])
    }

    /// Lets 64 processes claim 1,000 issues.
    fn crowd(&self) -> Result<Vec<Single>> {
        let ground = Ground::flat(&self.programs, self.folder, N_FOUGHT)?;
        ground
            .site
            .jit(&["query", "ready", "--limit", "1"])
            .read()?;
        let n_syncs = 200;
        let per_sync = ground.sync_rate(n_syncs)? / 1e9 / f64::from(u32::try_from(n_syncs)?);
        let outcome = crowd::fight(&ground.site)?;
        let count = |n: usize| u32::try_from(n).map(f64::from);
        let rate = count(outcome.n_claims)? / outcome.seconds;
        let single = |what: String, goal: &str, (value, unit): (f64, &str), floor, is_met| Single {
            name: NAMES[1].to_owned(),
            what,
            goal: goal.to_owned(),
            value,
            unit: unit.to_owned(),
            floor,
            is_met: Some(is_met),
        };
        let what = format!(
            "{} processes claim {N_FOUGHT} issues with `claim-next`",
            crowd::N_PROCESSES
        );
        let winners = single(
            "issues claimed by them, each once".to_owned(),
            "exactly 1,000",
            (count(outcome.n_winners)?, "issues"),
            None,
            outcome.n_winners == N_FOUGHT && outcome.n_claims == N_FOUGHT,
        );
        let floor = (
            "fdatasyncs of this disk, one after the other".to_owned(),
            1.0 / per_sync,
        );
        Ok(vec![
            single(
                what,
                "≥ 500 durable claims/s",
                (rate, "claims/s"),
                Some(floor),
                rate >= 500.0,
            ),
            winners,
        ])
    }

    /// Asks the system for the largest resident size of each command.
    fn memory(&self) -> Result<Vec<Single>> {
        let goals = [(10_000, 30.0), (100_000, 80.0)];
        let largest = self.options.sizes.iter().max().copied().unwrap_or_default();
        let mut found = Vec::new();
        for (n_issues, limit) in goals
            .into_iter()
            .filter(|(n_issues, _)| *n_issues <= largest)
        {
            let plan = Plan {
                n_issues,
                seed: 2,
                form: Form::Usual,
            };
            let folder = tempfile::tempdir_in(self.folder)?;
            let ground = Ground::new(&self.programs, folder.path(), &plan)?;
            let commands: [&[&str]; 5] = [
                &["query", "ready", "--json", "--limit", "20"],
                &["issue", "claim-next", "agent:m", "--json"],
                &["issue", "list", "--json", "--limit", "20"],
                &["issue", "list", "--json"],
                &["validate", "--json"],
            ];
            for command in commands {
                let mib = ground.peak(command)? / 1024.0;
                found.push(Single {
                    name: NAMES[2].to_owned(),
                    what: format!("memory of `jit {}` at {n_issues}", command.join(" ")),
                    goal: format!("≤ {limit} MB"),
                    value: mib,
                    unit: "MB".to_owned(),
                    floor: None,
                    is_met: Some(mib <= limit),
                });
            }
        }
        Ok(found)
    }

    fn binary(&self) -> Result<Vec<Single>> {
        let n_bytes = u32::try_from(std::fs::metadata(&self.programs.jit)?.len())?;
        let value = f64::from(n_bytes) / MIB;
        Ok(vec![Single {
            name: NAMES[3].to_owned(),
            what: "size of `jit`, linked statically and stripped".to_owned(),
            goal: "≤ 12 MB".to_owned(),
            value,
            unit: "MB".to_owned(),
            floor: None,
            is_met: Some(value <= 12.0),
        }])
    }

    #[expect(clippy::unused_self, reason = "it is one of the steps")]
    fn crates(&self) -> Result<Vec<Single>> {
        let found = crates()?;
        let has_tokio = found.iter().any(|name| name == "tokio");
        Ok(vec![Single {
            name: NAMES[4].to_owned(),
            what: "crates in `jit`, its own among them".to_owned(),
            goal: "no tokio".to_owned(),
            value: f64::from(u32::try_from(found.len())?),
            unit: "crates".to_owned(),
            floor: None,
            is_met: Some(!has_tokio),
        }])
    }
}

type Step<'a> = fn(&Bench<'a>) -> Result<Vec<Single>>;

/// Returns the names of the crates that are linked into the tracker.
pub(crate) fn crates() -> Result<BTreeSet<String>> {
    let words = [
        "tree",
        "--package",
        "jit",
        "--edges",
        "normal",
        "--prefix",
        "none",
    ];
    let text = process::cargo(words).within(workspace::root()).read()?;
    let name = |line: &str| line.split(' ').next().map(str::to_owned);
    Ok(text
        .lines()
        .filter_map(name)
        .filter(|name| !name.is_empty())
        .collect())
}
