//! `cargo xtask bench`: how long each command takes at every size, held against what the machine needs.
//!
//! Owns the order of the measurements and when they count: a run that leaves something out is shown and not recorded.
//! Refuses development builds.

mod crowd;
mod floor;
mod ground;
mod machine;
mod page;
mod plot;
mod record;
mod series;
mod singles;
mod table;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;

pub(crate) use self::ground::{Ground, Programs};
use self::record::{Point, Record, Row};
use self::series::{Effort, Spread, by_turns};
pub(crate) use self::singles::crates;
use self::table::Line;
pub(crate) use self::table::{Kind, LINES};
use crate::fixture::{Form, Plan};
use crate::{output, workspace};

/// What `cargo xtask bench` takes.
#[derive(Args)]
pub(crate) struct Options {
    /// Sizes of the stores
    #[arg(long, value_delimiter = ',', default_values_t = SIZES)]
    sizes: Vec<usize>,
    /// Measure only these rows, by name; nothing is recorded
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    only: Vec<String>,
    /// Measure a few times only; nothing is recorded
    #[arg(long)]
    quick: bool,
    /// Measure this program instead of building one; nothing is recorded
    #[arg(long, value_name = "FILE")]
    program: Option<std::path::PathBuf>,
    /// Measure nothing: write docs/performance.md again from quality/bench.json
    #[arg(long, conflicts_with_all = ["sizes", "only", "quick", "program"])]
    render: bool,
}

/// The sizes that the table is about.
const SIZES: [usize; 4] = [100, 1_000, 10_000, 100_000];

/// Largest import that is measured; the goal speaks of this one.
const LARGEST_IMPORT: usize = 10_000;

/// How long nobody calls before the row that is about it.
const IDLE: Duration = Duration::from_secs(10);

/// Measures what was asked for.
pub(crate) fn run(options: &Options) -> Result<()> {
    if options.render {
        return page::write(&page::last_record()?);
    }
    check_names(&options.only)?;
    if workspace::is_done_in_release()? {
        return Ok(());
    }
    let load = machine::load()?;
    let folder = workspace::target()?.join("bench");
    std::fs::create_dir_all(&folder)?;
    let temporary = tempfile::tempdir_in(&folder).context("cannot make a temporary directory")?;
    let programs = Programs {
        jit: match &options.program {
            Some(program) => std::fs::canonicalize(program).context("no such program")?,
            None => workspace::released_tracker()?,
        },
        floor: floor::build(temporary.path())?,
        environment: Vec::new(),
    };
    let bench = Bench {
        options,
        programs,
        folder: temporary.path(),
    };
    let singles = bench.singles()?;
    let mut rows: Vec<Row> = LINES
        .iter()
        .filter(|line| bench.wants(line.name))
        .map(empty_row)
        .collect();
    for n_issues in &options.sizes {
        bench.size(*n_issues, &mut rows)?;
    }
    let record = Record {
        commit: workspace::commit()?,
        day: machine::day(),
        machine: machine::describe(&folder, load)?,
        sizes: options.sizes.clone(),
        rows,
        singles,
    };
    output::line(&page::table(&record)?);
    if options.quick || !options.only.is_empty() || options.program.is_some() {
        output::line("Nothing was recorded: this was not a whole run.");
        return Ok(());
    }
    page::keep(&record)?;
    page::write(&record)
}

fn check_names(only: &[String]) -> Result<()> {
    let known: Vec<&str> = LINES
        .iter()
        .map(|line| line.name)
        .chain(singles::NAMES)
        .collect();
    match only.iter().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => bail!("there is no row `{name}`; there are {}", known.join(", ")),
    }
}

fn empty_row(line: &Line) -> Row {
    Row {
        name: line.name.to_owned(),
        command: line.command.to_owned(),
        goal: line.goal.to_owned(),
        floor: line.floor.words().to_owned(),
        absent: None,
        points: Vec::new(),
    }
}

/// A run under way.
struct Bench<'a> {
    options: &'a Options,
    programs: Programs,
    folder: &'a Path,
}

impl Bench<'_> {
    fn wants(&self, name: &str) -> bool {
        self.options.only.is_empty() || self.options.only.iter().any(|only| only == name)
    }

    fn effort(&self, kind: Kind) -> Effort {
        let (fewest, most, millis) = match (kind, self.options.quick) {
            (Kind::ReadyIdle, true) => (1, 1, 0),
            (Kind::ReadyIdle, false) => (3, 3, 0),
            (_, true) => (3, 15, 400),
            (_, false) => (3, 101, 2_500),
        };
        Effort {
            fewest,
            most,
            time: Duration::from_millis(millis),
        }
    }

    /// Measures every row at one size.
    fn size(&self, n_issues: usize, rows: &mut [Row]) -> Result<()> {
        let plan = |form| Plan {
            n_issues,
            seed: 1,
            form,
        };
        output::line(&format!("== {n_issues} issues"));
        let usual = Ground::new(&self.programs, self.folder, &plan(Form::Usual))?;
        for row in rows {
            let line = LINES.iter().find(|line| line.name == row.name);
            let line = line.context("a row has a line of the table")?;
            if line.kind == Kind::Import && n_issues > LARGEST_IMPORT {
                continue;
            }
            let dag;
            let ground = if line.kind == Kind::DepAdd {
                dag = Ground::new(&self.programs, self.folder, &plan(Form::Dag))?;
                &dag
            } else {
                &usual
            };
            match self
                .point(line, n_issues, ground)
                .with_context(|| format!("row `{}`", line.name))?
            {
                Ok(point) => {
                    output::line(&format!("{:<12} {:9.2} ms", line.name, point.value.median));
                    row.points.push(point);
                }
                Err(why) => {
                    output::line(&format!("{:<12} {why}", line.name));
                    row.absent = Some(why);
                }
            }
        }
        Ok(())
    }

    /// Measures one row at one size, or says why that can't be.
    fn point(
        &self,
        line: &Line,
        n_issues: usize,
        ground: &Ground<'_>,
    ) -> Result<Result<Point, String>> {
        if let Some(why) = ground.prepare(line.kind)? {
            return Ok(Err(why));
        }
        ground.take_syncs();
        let value = || {
            if line.kind == Kind::ReadyIdle {
                std::thread::sleep(IDLE);
            }
            ground.value(line.kind)
        };
        let (values, floors) =
            by_turns(self.effort(line.kind), value, || ground.floor(line.floor))?;
        let sync = Spread::of(&ground.take_syncs());
        let millis = line.limit.at(n_issues);
        let limit = match sync {
            Some(sync) if line.limit.waits_for_disk => millis.map(|millis| millis + sync.median),
            _ => millis,
        };
        let value = Spread::of(&values).context("nothing was measured")?;
        ensure!(value.median > 0.0, "a process took no time");
        Ok(Ok(Point {
            issues: n_issues,
            value,
            floor: Spread::of(&floors),
            limit,
        }))
    }
}
