//! `cargo xtask NAME`: everything that is done to this workspace beside writing it.
//!
//! Owns the list of commands. Refuses to hold any of them: each has its own module, in reading order below.

mod audit;
mod bench;
mod budgets;
mod codegen;
mod demo;
mod figures;
mod fixture;
mod nightly;
mod output;
mod process;
mod replay;
mod stage;
mod suite;
mod tidy;
mod tools;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "Automation of this workspace",
    disable_help_subcommand = true
)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build both programs and watch them finish a sample repository
    Demo(demo::Options),
    /// Run all tests, installing what they need first
    Test(suite::TestOptions),
    /// Run what a change must pass: format, lints, tidy, tests, documentation, contracts
    Ci(suite::CiOptions),
    /// Check the rules of the house that no compiler checks
    Tidy,
    /// Write the contract files and the command-line reference again
    Codegen,
    /// Import a large real issue log and drive every issue to done
    Replay(replay::Options),
    /// Measure every command at every size, against what the machine needs
    Bench(bench::Options),
    /// Count what is exact: system calls, waits for the disk, size, crates
    Budgets(budgets::Options),
    /// Make a store of any size, the same for one seed
    Fixture(fixture::Options),
    /// Print the last value of each recorded figure
    Figures,
    /// Run the slow lanes
    Nightly,
}

fn main() -> ExitCode {
    let answer = match Cli::parse().task {
        Task::Demo(options) => demo::run(&options),
        Task::Test(options) => suite::test(&options),
        Task::Ci(options) => suite::ci(&options),
        Task::Tidy => tidy::run(),
        Task::Codegen => codegen::run(),
        Task::Replay(options) => replay::run(&options),
        Task::Bench(options) => bench::run(&options),
        Task::Budgets(options) => budgets::run(&options),
        Task::Fixture(options) => fixture::run(&options),
        Task::Figures => figures::print(),
        Task::Nightly => nightly::run(),
    };
    match answer {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::talk(&format!("xtask: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
