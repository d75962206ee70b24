//! Owns what every command needs before it can begin: configuration, `jit`, the repository, the state directory.

use std::path::PathBuf;

use tokio::runtime::Runtime;

use super::{CliError, Global};
use crate::config::{Config, Source, load, repository_root};
use crate::executor::LocalExecutor;
use crate::jit_client::{JitClient as _, JitCommand, Repository, SubprocessJit, locate};
use crate::output::{self, Printer};
use crate::ports::System;
use crate::process;
use crate::runner::{Ports, Runner, Setting};
use crate::state::StateDir;

/// The dispatcher with its real ports.
pub(super) type RealRunner = Runner<SubprocessJit, LocalExecutor, System, System>;

/// Everything that is found out before a command begins.
pub(super) struct Context {
    pub(super) runtime: Runtime,
    pub(super) config: Config,
    pub(super) client: SubprocessJit,
    pub(super) repository: Repository,
    pub(super) state: StateDir,
    jit: JitCommand,
    cwd: PathBuf,
}

impl Context {
    pub(super) fn open(global: &Global) -> Result<Self, CliError> {
        let here =
            std::env::current_dir().map_err(CliError::system("find the current directory"))?;
        let start = global
            .repo
            .as_ref()
            .map_or_else(|| here.clone(), |repo| here.join(repo));
        let start = start
            .canonicalize()
            .map_err(|_| CliError::Usage(format!("`{}` is not a directory", start.display())))?;
        let source = match &global.config {
            Some(path) => Source::Named(here.join(path)),
            None => Source::FoundFrom(start.clone()),
        };
        let (parsed, _) = load(&source)?;
        for warning in &parsed.warnings {
            output::warning(
                global.format(),
                &format!("{}: {}", warning.place, warning.text),
            );
        }
        let own = own_program()?;
        let path = process::path_variable();
        let configured = parsed.config.jit.command.as_deref();
        // A path on the command line counts from where it was typed, one in the file from the repository.
        let base = if global.jit.is_some() { &here } else { &start };
        let jit =
            locate(global.jit.as_deref(), configured, &own, base, &path).ok_or(CliError::NoJit)?;
        // Who names the repository means that one, whatever the environment says.
        let jit_dir = if global.repo.is_some() {
            None
        } else {
            std::env::var_os("JIT_DIR")
        };
        let client = SubprocessJit::new(
            jit.clone(),
            start.clone(),
            jit_dir,
            parsed.config.jit.timeout,
        );
        let runtime = runtime()?;
        let repository = runtime.block_on(client.locate_repository())?;
        let state = StateDir::open(
            &repository.store,
            std::env::var_os("XDG_STATE_HOME"),
            std::env::var_os("HOME"),
        )?;
        Ok(Self {
            cwd: repository_root(&start).to_path_buf(),
            runtime,
            config: parsed.config,
            client,
            repository,
            state,
            jit,
        })
    }

    pub(super) fn runner(&self, printer: Printer) -> Result<RealRunner, CliError> {
        let ports = Ports {
            client: self.client.clone(),
            executor: LocalExecutor::new(running_program()?),
            clock: System,
            rng: System,
            sink: Box::new(printer),
        };
        let setting = Setting {
            config: self.config.clone(),
            state: self.state.clone(),
            jit: self
                .jit
                .argv
                .iter()
                .map(|word| word.to_string_lossy().into_owned())
                .collect(),
            jit_dir: self.repository.root.clone(),
            cwd: self.cwd.clone(),
        };
        Ok(Runner::new(ports, setting)?)
    }
}

/// Returns a way to start the very program that is running, also after another version has taken its place.
pub(super) fn running_program() -> Result<PathBuf, CliError> {
    let link = PathBuf::from("/proc/self/exe");
    if link.exists() {
        Ok(link)
    } else {
        own_program()
    }
}

/// Returns where the program lies that is running.
fn own_program() -> Result<PathBuf, CliError> {
    std::env::current_exe().map_err(CliError::system("find the own program"))
}

/// Makes the one thread that everything runs on.
pub(super) fn runtime() -> Result<Runtime, CliError> {
    let built = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    built.map_err(CliError::system("start the runtime"))
}
