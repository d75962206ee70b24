//! Files in which somebody has committed the markers of a conflict.
//!
//! Owns finding them, and the versions that their markers hold. Refuses to merge, and to find what git still holds unmerged.

use super::markers;
use crate::error::CliError;
use crate::unmerged::{UnmergedFile, Versions};
use jit_core::ErrorKind;
use jit_store::file::{Mergeable, STORE_DIR};
use std::io;
use std::path::Path;

/// Longest file that is searched, in bytes: two versions and what stands between them.
const MAX_FILE: u64 = 4 * 1024 * 1024;

/// The files of a store that hold no record, but decide how its records are read.
const TEXTS: [&str; 2] = ["config.toml", "format.json"];

/// Returns the records below the top of a worktree whose files hold markers, each with what they hold.
pub(super) fn find(
    top: &Path,
    is_meant: &dyn Fn(&Mergeable, &str) -> bool,
) -> Result<Vec<(UnmergedFile, Vec<u8>)>, CliError> {
    let mut dirs = vec![format!("{STORE_DIR}/gates")];
    let issues = format!("{STORE_DIR}/issues");
    dirs.extend(
        list(top, &issues)?
            .into_iter()
            .map(|name| format!("{issues}/{name}")),
    );
    let mut found = Vec::new();
    for dir in dirs {
        for name in list(top, &dir)? {
            let path = format!("{dir}/{name}");
            let Some(record) = Mergeable::of_path(&path).filter(|record| is_meant(record, &path))
            else {
                continue;
            };
            if let Some(text) = with_markers(top, &path)? {
                found.push((UnmergedFile::of_markers(record, path), text));
            }
        }
    }
    found.sort_by(|(one, _), (other, _)| one.path.cmp(&other.path));
    Ok(found)
}

/// Returns the versions that the markers of a file hold.
pub(super) fn versions(file: &UnmergedFile, text: &[u8]) -> Result<Versions, CliError> {
    let Some(sides) = markers::sides(text) else {
        let message = format!(
            "`{}` can't be merged: its conflict markers are not whole",
            file.path
        );
        let error = CliError::new(ErrorKind::Refused, message);
        return Err(error.hint("edit it by hand, or take a version of it from git"));
    };
    Ok(Versions {
        base: sides.base,
        ours: Some(sides.ours),
        theirs: Some(sides.theirs),
    })
}

/// Refuses to go on while settings hold markers: nobody could read the records by them.
pub(super) fn refuse_texts(top: &Path) -> Result<(), CliError> {
    for name in TEXTS {
        let path = format!("{STORE_DIR}/{name}");
        if with_markers(top, &path)?.is_some() {
            let message = format!(
                "`{path}` holds conflict markers, and no rule merges it: a person has to, as a text"
            );
            let error = CliError::new(ErrorKind::Invalid, message);
            return Err(error.hint(format!("edit {path}")));
        }
    }
    Ok(())
}

/// Returns what a file holds, if that is a text with markers.
fn with_markers(top: &Path, path: &str) -> Result<Option<Vec<u8>>, CliError> {
    let place = top.join(path);
    let read = || -> io::Result<Option<Vec<u8>>> {
        let metadata = std::fs::symlink_metadata(&place)?;
        if !metadata.is_file() || metadata.len() > MAX_FILE {
            return Ok(None);
        }
        let text = std::fs::read(&place)?;
        Ok(Some(text).filter(|text| markers::has_markers(text)))
    };
    match read() {
        Ok(found) => Ok(found),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CliError::io("read", path, &error)),
    }
}

/// Returns the names in a directory that git could have written; none when there is no such directory.
fn list(top: &Path, dir: &str) -> Result<Vec<String>, CliError> {
    let failed = |error: &io::Error| CliError::io("list", dir, error);
    let entries = match std::fs::read_dir(top.join(dir)) {
        Ok(entries) => entries,
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(Vec::new());
        }
        Err(error) => return Err(failed(&error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(
            entry
                .map_err(|error| failed(&error))?
                .file_name()
                .into_string(),
        );
    }
    Ok(names)
}
