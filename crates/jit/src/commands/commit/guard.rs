//! What stands against a commit: an unfinished merge, and records that nobody can read.
//!
//! Owns the questions, and the words of each refusal. Refuses to mend anything and to look at what is not committed.

use super::files::Change;
use crate::error::CliError;
use crate::git::Git;
use jit_core::{ErrorKind, Value};
use jit_store::file::{GitDirs, Location, read_record, read_version, unfinished};

/// How many files a message names; the details name all.
const MAX_NAMED: usize = 5;

/// Refuses while git is in the middle of something, or holds a file of the store in several versions: a `git stash pop`
/// with conflicts leaves nothing behind but those.
pub(super) fn refuse_unfinished(git: &Git, dirs: &GitDirs) -> Result<(), CliError> {
    if let Some(operation) = unfinished(dirs)? {
        let message = format!("git has an unfinished {operation}, which would swallow the commit");
        return Err(CliError::new(ErrorKind::MergeInProgress, message).hint("git status"));
    }
    let below = format!(":(top,literal){}", git.prefix());
    let listed = git.insist(&["ls-files", "-u", "-z", "--", &below], b"")?;
    let listed = String::from_utf8_lossy(&listed).into_owned();
    let entries = listed
        .split('\0')
        .filter_map(|entry| entry.split_once('\t'));
    let mut paths: Vec<&str> = entries.map(|(_, path)| path).collect();
    paths.dedup();
    if paths.is_empty() {
        return Ok(());
    }
    let message = format!("git has several versions of {}", named(&paths));
    let error = CliError::new(ErrorKind::MergeInProgress, message).hint("jit resolve");
    Err(error.details(files(&paths)))
}

/// Refuses to commit an issue or a gate that no program could read from the commit.
pub(super) fn refuse_unreadable(
    location: &Location,
    git: &Git,
    changes: &[Change],
) -> Result<(), CliError> {
    let below = format!("{}/", git.prefix());
    let mut broken = Vec::new();
    for change in changes.iter().filter(|change| change.object.is_some()) {
        let name = change.path.strip_prefix(&below).unwrap_or(&change.path);
        if !name.starts_with("issues/") && !name.starts_with("gates/") {
            continue;
        }
        // A file that went meanwhile, or is too long to be read, is no record either.
        let bytes = read_version(&location.store.join(name));
        let record = bytes
            .ok()
            .and_then(|it| read_record(&format!(".jit/{name}"), &it));
        if record.is_none() {
            broken.push(change.path.as_str());
        }
    }
    if broken.is_empty() {
        return Ok(());
    }
    let message = format!("what is no record can't be committed: {}", named(&broken));
    let error = CliError::new(ErrorKind::Damaged, message).hint("jit validate");
    Err(error.details(files(&broken)))
}

fn named(paths: &[&str]) -> String {
    let first = paths[..paths.len().min(MAX_NAMED)].join(", ");
    match paths.len() - paths.len().min(MAX_NAMED) {
        0 => first,
        n_more => format!("{first} and {n_more} more"),
    }
}

fn files(paths: &[&str]) -> Value {
    let paths = paths.iter().map(|path| Value::from(*path)).collect();
    Value::object([("files", Value::Array(paths))])
}
