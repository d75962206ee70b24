//! Git's merge driver in the configuration of a clone.
//!
//! Owns which program git runs for `merge=jit`, and whether a clone has it. Refuses to let anything that a repository brings
//! along decide that: the program is the one that the user has started, by its absolute path, and outside of the repository.

use crate::error::CliError;
use crate::git::Git;
use jit_core::ErrorKind;
use jit_store::file::{GitDirs, git_setting};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// What git gives the driver: the three versions, the length of a conflict marker, and the path.
const ARGUMENTS: &str = " merge-driver %O %A %B %L %P";

/// What git shows people of the driver.
const NAME: &str = "jit: merge issues by field";

/// Whether a clone merges issues by field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DriverState {
    /// Git's configuration of the clone names a driver that is there.
    Installed,
    /// It names none: edits of one issue on two branches meet as text.
    Missing,
    /// It names a program that is not there, or one that the repository could replace.
    Broken,
}

impl DriverState {
    /// Returns the name used in outputs.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::Missing => "missing",
            Self::Broken => "broken",
        }
    }
}

/// Returns whether a clone merges issues by field. Only the clone's own configuration counts; git is not run.
pub(crate) fn state(git: &GitDirs) -> Result<DriverState, CliError> {
    let Some(command) = git_setting(git, "merge", "jit", "driver")? else {
        return Ok(DriverState::Missing);
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    Ok(match program_of(&command) {
        Some(program) if is_sound(&program, &path, git) => DriverState::Installed,
        Some(_) => DriverState::Broken,
        None => DriverState::Missing,
    })
}

/// Writes the driver into the clone's configuration.
pub(crate) fn install(git: &GitDirs) -> Result<(), CliError> {
    let program = own_program()?;
    if is_inside(&program, git) {
        let message = format!(
            "git merges issues as text: `{}` lies in the repository, whose next commit could change what git runs",
            program.display()
        );
        return Err(CliError::usage(message).hint("install jit outside of it, then run jit init"));
    }
    let Some(command) = command_of(&program) else {
        let message = format!("git can't be told the name of `{}`", program.display());
        return Err(CliError::usage(message));
    };
    let git = Git::within(git.clone());
    let set = |name: &str, value: &str| {
        let arguments = ["config", "--local", "--replace-all", name, value];
        git.answer(&arguments, b"").map_err(|error| {
            let message = format!("git's configuration could not be written: {error}");
            CliError::new(ErrorKind::Git, message)
        })
    };
    set("merge.jit.name", NAME)?;
    set("merge.jit.driver", &command)?;
    Ok(())
}

/// Returns the program that runs, by the name that stays when it is updated: a link on the search path counts more than
/// what it points to.
fn own_program() -> Result<PathBuf, CliError> {
    let failed = |error| CliError::io("find", "the program that runs", &error);
    let own = std::env::current_exe().map_err(failed)?;
    let own = own.canonicalize().map_err(failed)?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let linked = own.file_name().and_then(|name| on_path(name, &path));
    let is_own = |path: &PathBuf| path.canonicalize().is_ok_and(|target| target == own);
    Ok(linked.filter(is_own).unwrap_or(own))
}

/// Returns whether a program is there and stays what it is, whatever the repository brings along. A bare name is looked up on the
/// search path; any other relative path leads into the repository, where git starts the driver.
fn is_sound(program: &Path, search_path: &OsStr, git: &GitDirs) -> bool {
    let is_name = program.components().count() == 1 && program.parent() == Some(Path::new(""));
    let found = match program.file_name() {
        Some(name) if is_name => on_path(name, search_path),
        _ => Some(program.to_owned()).filter(|program| program.is_absolute()),
    };
    found.is_some_and(|program| program.is_file() && !is_inside(&program, git))
}

fn is_inside(program: &Path, git: &GitDirs) -> bool {
    let real = program
        .canonicalize()
        .unwrap_or_else(|_| program.to_owned());
    [program, &real]
        .iter()
        .any(|path| path.starts_with(&git.worktree) || path.starts_with(&git.common))
}

/// Returns the program of this name in the first directory of the search path that has it. Directories that are not
/// absolute do not count: what stands in the current directory is the repository's, not the user's.
fn on_path(name: &OsStr, path: &OsStr) -> Option<PathBuf> {
    let dirs = std::env::split_paths(path).filter(|dir| dir.is_absolute());
    dirs.map(|dir| dir.join(name)).find(|path| path.is_file())
}

/// Returns the command line that git gives to a shell, after it has put names in the place of the letters behind `%`.
fn command_of(program: &Path) -> Option<String> {
    let path = program.to_str()?;
    let quoted = path.replace('\'', "'\\''").replace('%', "%%");
    let is_plain = !path.chars().any(char::is_control);
    is_plain.then(|| format!("'{quoted}'{ARGUMENTS}"))
}

/// Returns the program that a command line begins with, if it is one of ours.
fn program_of(command: &str) -> Option<PathBuf> {
    let line = command.strip_suffix(ARGUMENTS)?;
    let plain = line
        .strip_prefix('\'')
        .and_then(|line| line.strip_suffix('\''));
    let plain = plain.map(|line| line.replace("'\\''", "'").replace("%%", "%"));
    Some(PathBuf::from(plain.unwrap_or_else(|| line.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_names_one_program_whatever_its_path() {
        let check = |path: &str, expected: &str| {
            let command = command_of(Path::new(path)).unwrap();
            assert_eq!(command, format!("{expected}{ARGUMENTS}"));
            assert_eq!(program_of(&command), Some(PathBuf::from(path)));
        };
        check("/usr/bin/jit", "'/usr/bin/jit'");
        check("/my tools/$(x)/jit", "'/my tools/$(x)/jit'");
        check("/it's/100%/jit", "'/it'\\''s/100%%/jit'");
        assert_eq!(command_of(Path::new("/a\nb/jit")), None);
        assert_eq!(program_of("rm -rf /"), None);
        let by_name = "jit merge-driver %O %A %B %L %P";
        assert_eq!(program_of(by_name), Some(PathBuf::from("jit")));
    }
}
