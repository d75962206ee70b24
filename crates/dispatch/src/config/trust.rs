//! Owns the question whether git tracks a file: what a clone brings along may name a stranger's commands
//! (security control R4). Refuses to trust the repository while asking: git runs with a scrubbed environment (R2).

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::ConfigError;
use crate::process;

/// What git says of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tracked {
    /// It is in the index of its repository, so it may come from somebody else.
    Yes,
    /// It is in no repository, or not in the index.
    No,
}

/// How long git may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// Settings that keep a hostile repository from running anything while git looks at it.
const HARDENED: &[&str] = &[
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "protocol.ext.allow=never",
    "safe.bareRepository=explicit",
];

/// Says whether git tracks `file`, as it is named or as what a link in its place points to.
///
/// Fails whenever the question cannot be answered for sure.
pub fn is_tracked(file: &Path) -> Result<Tracked, ConfigError> {
    let unknown = |reason: String| ConfigError::TrustUnknown {
        path: file.to_path_buf(),
        reason,
    };
    let name = file
        .file_name()
        .ok_or_else(|| unknown("it has no name".to_owned()))?;
    let dir = file.parent().unwrap_or(Path::new("."));
    let dir = dir
        .canonicalize()
        .map_err(|error| unknown(error.to_string()))?;
    let target = file
        .canonicalize()
        .map_err(|error| unknown(error.to_string()))?;
    for path in [dir.join(name), target] {
        if ask(&path).map_err(unknown)? == Tracked::Yes {
            return Ok(Tracked::Yes);
        }
    }
    Ok(Tracked::No)
}

fn ask(path: &Path) -> Result<Tracked, String> {
    let dir = path.parent().unwrap_or(Path::new("/"));
    let Some(root) = dir
        .ancestors()
        .find(|ancestor| ancestor.join(".git").symlink_metadata().is_ok())
    else {
        return Ok(Tracked::No);
    };
    let git =
        find_git(root).ok_or("it lies in a git repository and no git program was found to ask")?;
    let mut command = process::command(git);
    for setting in HARDENED {
        command.args(["-c", setting]);
    }
    command
        .args(["ls-files", "--error-unmatch", "-z", "--"])
        .arg(path)
        .current_dir(dir);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            command.env_remove(&name);
        }
    }
    command
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C");
    let child = command
        .stderr(std::process::Stdio::piped())
        .spawn()
        .map_err(|error| format!("git cannot be started: {error}"))?;
    answer(child)
}

/// Returns the git program, which must not lie in the repository that is being judged.
fn find_git(root: &Path) -> Option<PathBuf> {
    let path = std::env::split_paths(&process::path_variable())
        .filter(|dir| {
            dir.is_absolute() && dir.canonicalize().is_ok_and(|dir| !dir.starts_with(root))
        })
        .collect::<Vec<_>>();
    let joined = std::env::join_paths(path).ok()?;
    process::find_in_path("git", &joined)
}

fn answer(mut child: std::process::Child) -> Result<Tracked, String> {
    let (sender, receiver) = std::sync::mpsc::channel();
    let mut stderr = child.stderr.take();
    let waiter = std::thread::spawn(move || {
        let mut words = String::new();
        if let Some(pipe) = &mut stderr {
            let read =
                std::io::Read::read_to_string(&mut std::io::Read::take(pipe, 4096), &mut words);
            drop(read);
        }
        // The receiver is gone only after the patience ran out, and then nobody needs the words.
        drop(sender.send(words));
    });
    let Ok(words) = receiver.recv_timeout(PATIENCE) else {
        child
            .kill()
            .and_then(|()| child.wait())
            .map_err(|error| format!("git hangs and cannot be stopped: {error}"))?;
        return Err("git did not answer in time".to_owned());
    };
    let status = child
        .wait()
        .map_err(|error| format!("git cannot be waited for: {error}"))?;
    waiter
        .join()
        .map_err(|_| "the answer of git cannot be read".to_owned())?;
    match status.code() {
        Some(0) => Ok(Tracked::Yes),
        Some(1) => Ok(Tracked::No),
        _ => Err(format!(
            "git failed ({status}): {}",
            words.lines().next().unwrap_or("no reason given")
        )),
    }
}
