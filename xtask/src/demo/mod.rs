//! `cargo xtask demo`: both programs at work on a repository of thirty issues.
//!
//! Owns the story that a newcomer sees, from an empty directory to a checked result. Refuses to trust the programs: what
//! they did is judged by [`crate::audit`].

mod agents;
mod graph;
mod repository;
mod timeline;

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::audit::{self, History};
use crate::stage::Stage;
use crate::workspace::{self, Profile};
use crate::{output, stage};

/// What `cargo xtask demo` takes.
#[derive(Args, Default)]
pub(crate) struct Options {
    /// Keep the sample repository and say where it is
    #[arg(long)]
    keep: bool,
}

/// Ten times what a loaded machine takes.
const PATIENCE: Duration = Duration::from_mins(5);

/// Builds, makes the repository, runs the agents, checks what happened.
pub(crate) fn run(options: &Options) -> Result<()> {
    output::line("Building jit and jit-dispatch; the first time takes a minute or two.");
    let programs = workspace::build(Profile::Dev)?;
    let stage = Stage::new(programs, "jit-demo-", options.keep)?;
    output::line(&format!(
        "Making a git repository with {} issues in {}.",
        graph::ROWS.len(),
        stage.folder().display()
    ));
    let ids = repository::make(&stage.programs.jit, &stage.repository)?;
    let folder = stage.folder().join("agents");
    fs::create_dir(&folder).context("cannot make the directory of the agents")?;
    let approvals: Vec<(String, String)> = graph::APPROVALS
        .iter()
        .flat_map(|(decision, issues)| {
            issues
                .iter()
                .map(|issue| (ids[decision].clone(), ids[issue].clone()))
        })
        .collect();
    agents::write(&folder, &approvals)?;
    output::line(
        "Starting jit-dispatch with three agents: coder fails once at what is tricky, writer is slow,",
    );
    output::line("reviewer passes gates. Each line below is an event of the tracker.");
    output::line("");
    let title = |id: &str| {
        let row = graph::ROWS.iter().find(|row| ids[row.key] == id);
        row.map_or_else(String::new, |row| row.title.to_owned())
    };
    let begun = Instant::now();
    stage.dispatch(&folder.join("dispatch.toml"), PATIENCE, &mut |event| {
        if let Some(line) = stage::told(event, &title) {
            output::line(&format!("{:6.1} s  {line}", begun.elapsed().as_secs_f64()));
        }
    })?;
    let history = stage.history(agents::pool())?;
    report(&history, graph::ROWS.len())?;
    output::line(&format!(
        "The demo took {:.1} s.",
        begun.elapsed().as_secs_f64()
    ));
    if options.keep {
        output::line(&format!(
            "The repository is kept in {}.",
            stage.repository.display()
        ));
    }
    Ok(())
}

fn report(history: &History, n_expected: usize) -> Result<()> {
    output::line("");
    output::line(&timeline::draw(history).join(
        "
",
    ));
    output::line("");
    if history.tasks.len() != n_expected {
        bail!(
            "there are {} issues instead of {n_expected}",
            history.tasks.len()
        );
    }
    stage::judge(&audit::verdicts(history))
}
