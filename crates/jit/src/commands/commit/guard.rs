//! What stands against a commit: an unfinished merge, files that git is told to ignore, records that nobody can read, and
//! files that are gone though nobody has deleted what they held.
//!
//! Owns the questions, and the words of each refusal. Refuses to mend anything and to look at what is not committed.

use super::files::{Change, Comparison};
use crate::commands::validate::Target;
use crate::error::CliError;
use crate::git::Git;
use jit_core::audit::History;
use jit_core::{ErrorKind, Value};
use jit_store::file::{
    Depth, GitDirs, Location, Mergeable, read_issue_file, read_record, read_version, unfinished,
};
use std::collections::BTreeSet;

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

/// Refuses to commit or to stage files that git is told to ignore and does not track: a commit would have to overrule that,
/// and `validate` says that no commit will have them.
pub(super) fn refuse_ignored(git: &Git, found: &Comparison) -> Result<(), CliError> {
    let mut input = format!("{}/format.json\0", git.prefix());
    for change in found.changes.iter().chain(&found.unstaged) {
        if change.object.is_some() {
            input.push_str(&change.path);
            input.push('\0');
        }
    }
    // Git passes over what its index has: such files are committed like all others.
    let ask = ["check-ignore", "-z", "--stdin"];
    let answer = git.run(&ask, input.as_bytes(), &[])?;
    if !answer.is_success && !answer.stderr.is_empty() {
        let message = format!("git check-ignore failed: {}", answer.stderr);
        return Err(CliError::new(ErrorKind::Git, message));
    }
    let text = String::from_utf8_lossy(&answer.stdout).into_owned();
    let paths: BTreeSet<&str> = text.split('\0').filter(|path| !path.is_empty()).collect();
    let paths: Vec<&str> = paths.into_iter().collect();
    let Some(first) = paths.first() else {
        return Ok(());
    };
    let message = format!(
        "git ignores files of the store, so they can't be committed: {}",
        named(&paths)
    );
    let error =
        CliError::new(ErrorKind::Git, message).hint(format!("git check-ignore -v -- {first}"));
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

/// Refuses to take a file out of the commit that only something else than `jit` can have removed: segments of events never
/// go, and an issue goes when `gc` collects its tombstone.
pub(super) fn refuse_removals(
    target: &Target,
    git: &Git,
    changes: &[Change],
) -> Result<(), CliError> {
    let below = format!("{}/", git.prefix());
    let is_gone = |change: &&Change| {
        let name = change.path.strip_prefix(&below).unwrap_or(&change.path);
        change.object.is_none() && (name.starts_with("issues/") || name.starts_with("events/"))
    };
    let gone: Vec<&Change> = changes.iter().filter(is_gone).collect();
    if gone.is_empty() {
        return Ok(());
    }
    let seen = target.store.examine(Depth::Everything)?;
    let history = History::new(seen.lines());
    let mut removed = Vec::new();
    for change in gone {
        if !is_collected(git, &history, &change.path)? {
            removed.push(change.path.as_str());
        }
    }
    let Some(first) = removed.first() else {
        return Ok(());
    };
    let message = format!(
        "files are gone that jit did not remove: {}",
        named(&removed)
    );
    let error = CliError::new(ErrorKind::Refused, message)
        .hint("jit recover")
        .hint("jit validate")
        .hint(format!("git restore -- {first} brings it back from git; if it shall go, git rm it and commit that by hand"));
    Err(error.details(files(&removed)))
}

/// Returns whether a file of the last commit held an issue that was deleted since or before.
fn is_collected(git: &Git, history: &History<'_>, path: &str) -> Result<bool, CliError> {
    let Some(Mergeable::Issue(id)) = Mergeable::of_path(path) else {
        return Ok(false);
    };
    let bytes = git.committed(path)?.unwrap_or_default();
    let committed = read_issue_file(&id, &bytes).ok();
    Ok(match (history.head(&id), committed) {
        (Some(_), _) if history.ends_deleted(&id) => true,
        // An edit by hand, or a merge, that the log does not tell of.
        (Some(_), Some(issue)) if history.event(&id, &issue.etag).is_none() => issue.is_deleted(),
        (Some(_), _) => false,
        (None, committed) => committed.is_some_and(|issue| issue.is_deleted()),
    })
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
