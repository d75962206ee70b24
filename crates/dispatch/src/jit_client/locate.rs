//! Owns which `jit` is called: by `--jit`, by `[jit] command`, beside the dispatcher itself, or on `PATH`.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::process;

/// The argument vector in front of every subcommand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JitCommand {
    /// The program and its first arguments; never empty.
    pub argv: Vec<OsString>,
}

impl JitCommand {
    /// Returns the directory that agents need on their `PATH` to call the same program as `jit`, if there is one.
    pub fn directory_for_agents(&self) -> Option<&Path> {
        let [program] = self.argv.as_slice() else {
            return None;
        };
        let path = Path::new(program);
        (path.is_absolute() && path.file_name() == Some(OsStr::new("jit")))
            .then(|| path.parent())
            .flatten()
    }
}

/// Finds the program: `flag` wins over `configured`, then comes the directory of `own_executable`, then `path`.
///
/// A relative path with a slash counts from `base`; a bare name is looked up in `path`. None if nothing is found.
pub fn locate(
    flag: Option<&Path>,
    configured: Option<&[String]>,
    own_executable: &Path,
    base: &Path,
    path: &OsStr,
) -> Option<JitCommand> {
    if let Some(flag) = flag {
        let program = resolve(flag.as_os_str(), base, path)?;
        return Some(JitCommand {
            argv: vec![program],
        });
    }
    if let Some([program, arguments @ ..]) = configured {
        let mut argv = vec![resolve(OsStr::new(program), base, path)?];
        argv.extend(arguments.iter().map(OsString::from));
        return Some(JitCommand { argv });
    }
    let sibling = own_executable.with_file_name("jit");
    let found = if process::is_executable(&sibling) {
        Some(sibling)
    } else {
        process::find_in_path("jit", path)
    };
    found.map(|program| JitCommand {
        argv: vec![program.into_os_string()],
    })
}

fn resolve(program: &OsStr, base: &Path, path: &OsStr) -> Option<OsString> {
    let given = PathBuf::from(program);
    if given.components().count() == 1 && !given.is_absolute() {
        return process::find_in_path(&program.to_string_lossy(), path)
            .map(PathBuf::into_os_string);
    }
    let absolute = base.join(given);
    process::is_executable(&absolute).then(|| absolute.into_os_string())
}
