//! What git makes of the store: unmerged files, conflict markers, attributes, files that no commit has.
//!
//! Owns the questions to git. Refuses to judge issues and to change anything in git.

use crate::error::CliError;
use crate::git::Git;
use jit_core::audit::{Finding, Severity};
use jit_store::file::{Location, git_files};
use jit_tracker::Replacement;
use std::io;

/// Longest file that is searched for conflict markers, in bytes.
const MAX_FILE: u64 = 1024 * 1024;

/// Returns what is wrong, in the eyes of git.
pub(super) fn look(location: &Location) -> Result<Vec<Finding>, CliError> {
    let Some(git) = Git::around(location) else {
        let message = "git does not know this store".to_owned();
        return Ok(vec![Finding {
            severity: Severity::Notice,
            ..Finding::of_file("no_git", None, message)
        }]);
    };
    let prefix = git.prefix();
    let mut findings = unmerged(&git, prefix)?;
    findings.extend(markers(location)?);
    findings.extend(git_files(location));

    findings.extend(attributes(&git, prefix)?);
    findings.extend(uncommitted(&git, prefix)?);
    Ok(findings)
}

/// Files that an unfinished merge left in several versions.
fn unmerged(git: &Git, prefix: &str) -> Result<Vec<Finding>, CliError> {
    let listed = git.insist(&["ls-files", "-u", "-z", "--", prefix], b"")?;
    let mut paths: Vec<String> = records(&listed)
        .filter_map(|record| record.split_once('\t').map(|(_, path)| path.to_owned()))
        .collect();
    paths.dedup();
    Ok(paths
        .into_iter()
        .map(|path| Finding {
            remedy: Some("jit resolve".to_owned()),
            ..Finding::of_file(
                "unmerged",
                Some(path),
                "git has it in several versions: a merge is not finished".to_owned(),
            )
        })
        .collect())
}

/// Files beside the issues in which a merge left its markers; issues with markers can't be read, and are named as such.
fn markers(location: &Location) -> Result<Vec<Finding>, CliError> {
    let mut findings = Vec::new();
    for name in ["format.json", "config.toml", ".gitignore", ".gitattributes"] {
        let path = location.store.join(name);
        let failed = |error: &io::Error| CliError::io("read", &path.display().to_string(), error);
        match std::fs::symlink_metadata(&path) {
            Ok(found) if found.is_file() && found.len() <= MAX_FILE => {}
            Ok(_) => continue,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(failed(&error)),
        }
        let bytes = std::fs::read(&path).map_err(|error| failed(&error))?;
        let mut lines = bytes.split(|byte| *byte == b'\n');
        if lines.any(|line| line.starts_with(b"<<<<<<< ")) {
            findings.push(Finding {
                remedy: Some("mend the file by hand".to_owned()),
                ..Finding::of_file(
                    "conflict_markers",
                    Some(format!(".jit/{name}")),
                    "it holds conflict markers of a merge".to_owned(),
                )
            });
        }
    }
    Ok(findings)
}

/// Returns a finding for each file that does not tell git what it shall.
pub(crate) fn git_files(location: &Location) -> Vec<Finding> {
    let wanting = files(location).into_iter();
    wanting
        .map(|wanting| {
            let message = "it does not tell git how to treat the files of the store".to_owned();
            Finding {
                remedy: Some("jit validate --fix".to_owned()),
                ..Finding::of_file(wanting.code, Some(wanting.path), message)
            }
        })
        .collect()
}

/// Returns the files that tell git how to treat the store and do not, each with what it shall hold.
pub(super) fn files(location: &Location) -> Vec<Replacement> {
    if location.git.is_none() {
        return Vec::new();
    }
    let mut wanting = Vec::new();
    for (name, code, lines) in [
        (".gitignore", "missing_ignore", git_files::IGNORE),
        (
            ".gitattributes",
            "missing_attributes",
            git_files::ATTRIBUTES,
        ),
    ] {
        let path = location.store.join(name);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            // What is no text, or no file, is for a person.
            Err(_) => continue,
        };
        let Some(content) = git_files::completed(&text, lines) else {
            continue;
        };
        wanting.push(Replacement {
            code,
            path: format!(".jit/{name}"),
            content: content.into_bytes(),
        });
    }
    wanting
}

/// Says whether the attributes of the store are overruled from outside.
fn attributes(git: &Git, prefix: &str) -> Result<Vec<Finding>, CliError> {
    let path = format!("{prefix}/issues/00/0000000000.json");
    let asked = git.insist(&["check-attr", "-z", "merge", "--", &path], b"")?;
    let value = records(&asked).nth(2).unwrap_or_default();
    let is_told = files_tell(git, prefix)?;
    Ok((value != "jit" && is_told)
        .then(|| Finding {
            remedy: Some("look for a pattern that covers .jit/ in .git/info/attributes and other .gitattributes".to_owned()),
            ..Finding::of_file(
                "overruled_attributes",
                Some(".jit/.gitattributes".to_owned()),
                format!("git would merge issues by `{value}` all the same"),
            )
        })
        .into_iter()
        .collect())
}

/// Returns whether the store's own attributes are there, so that something else must overrule them.
fn files_tell(git: &Git, prefix: &str) -> Result<bool, CliError> {
    let path = format!("{prefix}/.gitattributes");
    let text = git.line(&["hash-object", "--no-filters", &path])?;
    Ok(text.is_some())
}

/// Files of the store that are in no commit: no error, but a clone will not have them.
fn uncommitted(git: &Git, prefix: &str) -> Result<Vec<Finding>, CliError> {
    let others = ["ls-files", "-z", "-o", "--exclude-standard", "--", prefix];
    let ignored = [
        "ls-files",
        "-z",
        "-o",
        "-i",
        "--exclude-standard",
        "--",
        prefix,
    ];
    let local = format!("{prefix}/local/");
    let mut findings = Vec::new();
    let untracked = git.insist(&others, b"")?;
    let n_untracked = records(&untracked).count();
    if n_untracked > 0 {
        findings.push(Finding {
            severity: Severity::Notice,
            remedy: Some("jit commit".to_owned()),
            ..Finding::of_file(
                "untracked",
                Some(prefix.to_owned()),
                if n_untracked == 1 {
                    "1 file of the store is in no commit yet".to_owned()
                } else {
                    format!("{n_untracked} files of the store are in no commit yet")
                },
            )
        });
    }
    let hidden = git.insist(&ignored, b"")?;
    let n_hidden = records(&hidden)
        .filter(|path| !path.starts_with(&local))
        .count();
    if n_hidden > 0 {
        findings.push(Finding {
            severity: Severity::Notice,
            remedy: Some("look for a pattern that covers .jit/ in .gitignore, .git/info/exclude and core.excludesFile".to_owned()),
            ..Finding::of_file(
                "ignored",
                Some(prefix.to_owned()),
                if n_hidden == 1 {
                    "git ignores 1 file of the store, so no commit will have it".to_owned()
                } else {
                    format!("git ignores {n_hidden} files of the store, so no commit will have them")
                },
            )
        });
    }
    Ok(findings)
}

/// Returns what git separated by NUL.
fn records(bytes: &[u8]) -> impl Iterator<Item = String> + '_ {
    let pieces = bytes.split(|byte| *byte == 0);
    pieces
        .filter(|piece| !piece.is_empty())
        .map(|piece| String::from_utf8_lossy(piece).into_owned())
}
