//! The `jit` command line.
//!
//! Owns nothing but the way in: `cli` parses and dispatches, `commands` do the work, `output` prints.

mod args;
mod branch;
mod cli;
mod commands;
mod config;
mod context;
mod crash;
mod driver;
mod editor;
mod error;
mod git;
mod identity;
mod output;
mod process;
mod reply;
mod unmerged;

fn main() -> std::process::ExitCode {
    cli::main()
}
