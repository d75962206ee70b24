//! Which files of the store differ from the last commit.
//!
//! Owns the list of names that belong to the store. Refuses links, pipes and foreign files: they are in no commit.

use crate::error::CliError;
use crate::git::Git;
use jit_core::ErrorKind;
use jit_store::file::Location;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// A file that the commit changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// Its path, as git's begin at the top of the worktree.
    pub(super) path: String,
    /// The object that it becomes; none: it goes.
    pub(super) object: Option<String>,
}

/// The store's files against the last commit and git's index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Comparison {
    /// What the last commit lacks.
    pub(super) changes: Vec<Change>,
    /// What git's index lacks.
    pub(super) unstaged: Vec<Change>,
    /// The name that stands for no object: as many zeros as the names of this repository are long.
    pub(super) no_object: String,
}

/// Files at the top of the store.
const TOP: [&str; 4] = ["format.json", "config.toml", ".gitignore", ".gitattributes"];

/// Compares the files on disk with the last commit and the index; `writes` their objects too, if it is for a commit.
pub(super) fn compare(
    location: &Location,
    git: &Git,
    head: Option<&str>,
    writes: bool,
) -> Result<Comparison, CliError> {
    let present = present(&location.store)?;
    let prefix = git.prefix();
    let paths: Vec<String> = present
        .iter()
        .map(|name| format!("{prefix}/{name}"))
        .collect();
    let mut arguments = vec!["hash-object", "--no-filters", "--stdin-paths"];
    if writes {
        arguments.push("-w");
    }
    let mut input = paths.join("\n");
    input.push('\n');
    let hashed = git.insist(&arguments, input.as_bytes())?;
    let hashed = String::from_utf8_lossy(&hashed).into_owned();
    let objects: Vec<&str> = hashed.lines().collect();
    if objects.len() != paths.len() {
        return Err(CliError::new(
            ErrorKind::Git,
            "git did not answer for every file",
        ));
    }
    let no_object = "0".repeat(objects.first().map_or(40, |object| object.len()));
    let present: BTreeMap<String, String> = paths
        .into_iter()
        .zip(objects.into_iter().map(str::to_owned))
        .collect();
    Ok(Comparison {
        changes: difference(location, git, &present, &committed(git, head)?)?,
        unstaged: difference(location, git, &present, &staged(git)?)?,
        no_object,
    })
}

/// Returns what has to change so that `known` becomes what is on disk.
fn difference(
    location: &Location,
    git: &Git,
    present: &BTreeMap<String, String>,
    known: &BTreeMap<String, String>,
) -> Result<Vec<Change>, CliError> {
    let mut changes = Vec::new();
    for (path, object) in present {
        if known.get(path) != Some(object) {
            changes.push(Change {
                path: path.clone(),
                object: Some(object.clone()),
            });
        }
    }
    let below = format!("{}/", git.prefix());
    for path in known.keys().filter(|path| !present.contains_key(*path)) {
        let name = path.strip_prefix(&below).unwrap_or(path);
        if is_gone(&location.store.join(name))? {
            changes.push(Change {
                path: path.clone(),
                object: None,
            });
        }
    }
    Ok(changes)
}

/// Returns the objects of git's index by their paths, those of the store only.
fn staged(git: &Git) -> Result<BTreeMap<String, String>, CliError> {
    let listed = git.insist(&["ls-files", "-s", "-z", "--", git.prefix()], b"")?;
    Ok(entries(&listed, 1))
}

/// Reads lines that end with NUL, such as `100644 OBJECT 0\tPATH`; `place` is that of the object among the words.
fn entries(listed: &[u8], place: usize) -> BTreeMap<String, String> {
    let lines = listed.split(|byte| *byte == 0).map(String::from_utf8_lossy);
    let found = lines.filter_map(|line| {
        let (head, path) = line.split_once('\t')?;
        let object = head.split(' ').nth(place)?;
        Some((path.to_owned(), object.to_owned()))
    });
    found.collect()
}

/// Returns the objects of the last commit by their paths, those of the store only.
fn committed(git: &Git, head: Option<&str>) -> Result<BTreeMap<String, String>, CliError> {
    let Some(head) = head else {
        return Ok(BTreeMap::new());
    };
    let below = format!("{}/", git.prefix());
    let listed = git.insist(&["ls-tree", "-r", "-z", "--full-tree", head, &below], b"")?;
    Ok(entries(&listed, 2))
}

/// Returns the names of the store's files below its directory.
fn present(store: &Path) -> Result<Vec<String>, CliError> {
    let mut found = Vec::new();
    for name in TOP {
        if is_file(&store.join(name))? {
            found.push(name.to_owned());
        }
    }
    if is_dir(&store.join("gates"))? {
        list(store, "gates", ".json", &mut found)?;
    }
    for (top, ending) in [("issues", ".json"), ("events", ".jsonl")] {
        let dir = store.join(top);
        if !is_dir(&dir)? {
            continue;
        }
        for name in names(&dir)? {
            if is_dir(&dir.join(&name))? {
                list(store, &format!("{top}/{name}"), ending, &mut found)?;
            }
        }
    }
    Ok(found)
}

/// Returns whether a directory of the store is there; a link, or anything else in its place, is refused: what it leads to
/// is not the store's to publish.
fn is_dir(path: &Path) -> Result<bool, CliError> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => {
            let message = format!("`{}` is a link, not a directory", path.display());
            Err(CliError::new(ErrorKind::Damaged, message).hint("jit validate"))
        }
        Ok(found) => Ok(found.is_dir()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(CliError::io("look at", &path.display().to_string(), &error)),
    }
}

fn list(store: &Path, dir: &str, ending: &str, found: &mut Vec<String>) -> Result<(), CliError> {
    for name in names(&store.join(dir))? {
        let is_ours = name.ends_with(ending) && !name.starts_with('.') && !name.contains('\n');
        if is_ours && is_file(&store.join(dir).join(&name))? {
            found.push(format!("{dir}/{name}"));
        }
    }
    Ok(())
}

/// Returns the names in a directory, in order; none in one that is not there.
fn names(dir: &Path) -> Result<Vec<String>, CliError> {
    let failed = |error: &io::Error| CliError::io("list", &dir.display().to_string(), error);
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(&error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| failed(&error))?;
        names.extend(entry.file_name().into_string());
    }
    names.sort();
    Ok(names)
}

fn is_file(path: &Path) -> Result<bool, CliError> {
    match std::fs::symlink_metadata(path) {
        Ok(found) => Ok(found.is_file()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(CliError::io("look at", &path.display().to_string(), &error)),
    }
}

fn is_gone(path: &Path) -> Result<bool, CliError> {
    match std::fs::symlink_metadata(path) {
        Ok(_) => Ok(false),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(true)
        }
        Err(error) => Err(CliError::io("look at", &path.display().to_string(), &error)),
    }
}

/// Returns the changes as `update-index -z --index-info` reads them.
pub(super) fn index_lines(changes: &[Change], no_object: &str) -> Vec<u8> {
    let mut lines = Vec::new();
    for change in changes {
        let line = match &change.object {
            Some(object) => format!("100644 {object}\t{}\0", change.path),
            // Only the mode counts where an entry goes.
            None => format!("0 {no_object}\t{}\0", change.path),
        };
        lines.extend_from_slice(line.as_bytes());
    }
    lines
}
