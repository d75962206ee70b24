//! Owns the command line: what can be asked for, and the one match that leads to who does it.

mod context;
mod error;
mod once;
mod plan;
mod shim;
mod start;
mod status;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use error::CliError;
pub use status::{AgentUse, RunState, RunView, Status};

use crate::output::{self, Format};
use crate::runner::OnStop;

/// Find ready issues with jit and run agents on them
#[derive(Debug, Parser)]
#[command(name = "jit-dispatch", version, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Args)]
struct Global {
    /// Read this configuration, even if git tracks it
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Work on the repository at this directory
    #[arg(long, short = 'C', global = true, value_name = "DIR")]
    repo: Option<PathBuf>,
    /// Call this jit
    #[arg(long, global = true, value_name = "PATH")]
    jit: Option<PathBuf>,
    /// Print JSON for programs
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Look for ready issues once and start agents on them
    Once(once::Once),
    /// Keep starting agents on ready issues until stopped
    Start(start::Start),
    /// Show what would start, and why everything else would not
    Plan,
    /// Show live runs, how full the agents are, and how the last runs ended
    Status,
    /// Own one run
    #[command(hide = true)]
    Shim {
        /// The directory of the run
        #[arg(long, value_name = "DIR")]
        run_dir: PathBuf,
    },
    /// Wait for one byte, then become a command
    #[command(hide = true)]
    ExecGate {
        /// The command
        #[arg(last = true, required = true)]
        argv: Vec<OsString>,
    },
}

/// What a stop means for live runs.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum StopChoice {
    /// Wait for them; a second stop kills them
    Wait,
    /// Stop them and give their issues back
    Kill,
}

impl From<StopChoice> for OnStop {
    fn from(choice: StopChoice) -> Self {
        match choice {
            StopChoice::Wait => Self::Wait,
            StopChoice::Kill => Self::Kill,
        }
    }
}

impl Global {
    fn format(&self) -> Format {
        if self.json {
            Format::Json
        } else {
            Format::Text
        }
    }
}

/// Does what `arguments` (the program's name first) ask for.
pub fn run(arguments: &[OsString]) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            return usage(
                &error,
                arguments.iter().any(|argument| argument == "--json"),
            );
        }
    };
    let global = &cli.global;
    let result = match cli.command {
        Command::Once(once) => once::run(global, &once),
        Command::Start(start) => start::run(global, &start),
        Command::Plan => plan::run(global),
        Command::Status => status::run(global),
        Command::Shim { run_dir } => shim::run(&run_dir),
        Command::ExecGate { argv } => return crate::executor::shim::pass(&argv),
    };
    match result {
        Ok(code) => code,
        Err(error) => fail(&error, global.format()),
    }
}

fn fail(error: &CliError, format: Format) -> ExitCode {
    match format {
        Format::Text => output::error(&error.message(), error.hint().as_deref()),
        Format::Json => output::error_json(&output::error_object(error)),
    }
    ExitCode::from(error.exit_code())
}

fn usage(error: &clap::Error, is_json: bool) -> ExitCode {
    if is_json && error.use_stderr() {
        return fail(&CliError::Usage(error.to_string()), Format::Json);
    }
    // What clap has to say is either the help that was asked for, or a complaint about the words of the caller.
    drop(error.print());
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}
