//! What lies in the directories of a store beside its records and events.
//!
//! Owns which names belong there. Refuses to read what they hold.

use super::super::layout;
use super::super::options::Env;
use crate::error::{Result, StoreError};
use crate::fs::{At, Fs, Kind, Root, absent_ok};
use jit_core::audit::{Finding, History, Severity};
use std::time::Duration;

/// Names at the top of a store, and whether each is a directory.
const TOP: [(&str, bool); 8] = [
    ("format.json", false),
    ("config.toml", false),
    (".gitignore", false),
    (".gitattributes", false),
    ("issues", true),
    ("gates", true),
    ("events", true),
    ("local", true),
];

/// From which age on a temporary file belongs to nobody who is still at work.
const LEFTOVER_AGE: Duration = Duration::from_hours(1);

/// Editors and file managers keep hidden files and copies beside what they show.
pub(super) fn is_by_product(name: &str) -> bool {
    name.starts_with('.') || name.ends_with('~')
}

/// Returns what is wrong with the names of the store.
pub(super) fn audit(env: &Env) -> Result<Vec<Finding>> {
    let mut findings = top(env)?;
    for at in leftovers(env)? {
        let message = "a command that died left it behind".to_owned();
        findings.push(Finding {
            severity: Severity::Notice,
            ..Finding::of_file("leftover_file", Some(at.to_string()), message)
        });
    }
    Ok(findings)
}

fn top(env: &Env) -> Result<Vec<Finding>> {
    let failed = |error| StoreError::at_path("list", env.shared.display().to_string(), error);
    let mut findings = Vec::new();
    for entry in std::fs::read_dir(&env.shared).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = Some(format!(".jit/{name}"));
        let kind = entry.file_type().map_err(failed)?;
        let known = TOP.iter().find(|(known, _)| *known == name);
        match known {
            Some((_, is_dir)) if *is_dir && !kind.is_dir() => findings.push(Finding::of_file(
                "not_a_directory",
                path,
                "it must be a plain directory".to_owned(),
            )),
            Some((_, is_dir)) if !is_dir && !kind.is_file() => findings.push(Finding::of_file(
                "not_a_file",
                path,
                "it must be a plain file".to_owned(),
            )),
            None if !is_by_product(&name) => findings.push(Finding::of_file(
                "foreign_file",
                path,
                "nothing of the store has this name".to_owned(),
            )),
            _ => {}
        }
    }
    findings.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(findings)
}

/// Returns what lies in the place of the directories that everything else is in. It is not looked behind: whoever put it
/// there may have put anything.
pub(super) fn in_place_of_directories(fs: &dyn Fs) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for at in [layout::issues(), layout::events()] {
        let stat =
            absent_ok(fs.stat(&at)).map_err(|error| StoreError::io("look at", &at, error))?;
        if stat.is_some_and(|stat| stat.kind != Kind::Directory) {
            let message = "it must be a plain directory".to_owned();
            findings.push(Finding::of_file(
                "not_a_directory",
                Some(at.to_string()),
                message,
            ));
        }
    }
    Ok(findings)
}

/// Returns the temporary files that nobody works on any more.
pub(in super::super) fn leftovers(env: &Env) -> Result<Vec<At>> {
    let fs = &*env.fs;
    let age_ns = i64::try_from(LEFTOVER_AGE.as_nanos()).unwrap_or(i64::MAX);
    let before = env.host.now_us().saturating_mul(1_000) - age_ns;
    let mut found = Vec::new();
    for dir in [At::shared("local/tmp"), At::private("tmp")] {
        let failed = |error| StoreError::io("list", &dir, error);
        for entry in absent_ok(fs.list(&dir))
            .map_err(failed)?
            .unwrap_or_default()
        {
            let Ok(path) = dir.path.join(&entry.name) else {
                continue;
            };
            let at = At::new(dir.root, path);
            let stat = absent_ok(fs.stat(&at)).map_err(failed)?;
            let is_old = |mtime_ns: i64| mtime_ns < before;
            if stat.is_some_and(|stat| stat.kind == Kind::File && is_old(stat.mtime_ns)) {
                found.push(at);
            }
        }
    }
    Ok(found)
}

/// Returns the files in which answers to keys are kept.
pub(in super::super) fn receipts(fs: &dyn Fs) -> Result<Vec<At>> {
    let top = At::private("keys");
    let failed = |error| StoreError::io("list", &top, error);
    let mut found = Vec::new();
    for shard in absent_ok(fs.list(&top))
        .map_err(failed)?
        .unwrap_or_default()
    {
        let Ok(path) = top.path.join(&shard.name) else {
            continue;
        };
        let dir = At::new(Root::Private, path);
        let entries = absent_ok(fs.list(&dir)).map_err(failed)?;
        for entry in entries.unwrap_or_default() {
            found.extend(
                dir.path
                    .join(&entry.name)
                    .map(|path| At::new(Root::Private, path)),
            );
        }
    }
    Ok(found)
}

/// Returns the finding that the directory of all issues is gone although the log knows some.
pub(super) fn missing_issues_dir(env: &Env, history: &History<'_>) -> Result<Option<Finding>> {
    let at = layout::issues();
    let stat =
        absent_ok(env.fs.stat(&at)).map_err(|error| StoreError::io("look at", &at, error))?;
    let n_known = history.issues().count();
    Ok((stat.is_none() && n_known > 0).then(|| {
        let message = format!("it is missing, though the log knows {n_known} issues");
        Finding::of_file("missing_directory", Some(at.to_string()), message)
    }))
}
