//! What git has in hand: an unfinished merge, and the files that it holds in several versions.
//!
//! Owns reading git's own files for that. Refuses to run git and to write anything of git's.

use super::locate::GitDirs;
use crate::error::{Result, StoreError};
use crate::fs::{At, Root};
use std::collections::BTreeSet;
use std::io;
use std::path::Path;

/// The files that tell what git is in the middle of.
const OPERATIONS: [(&str, &str); 5] = [
    ("MERGE_HEAD", "merge"),
    ("CHERRY_PICK_HEAD", "cherry-pick"),
    ("REVERT_HEAD", "revert"),
    ("rebase-merge", "rebase"),
    ("rebase-apply", "rebase"),
];

/// Refuses to write any of `files` that git's index holds unmerged.
pub(crate) fn check_unmerged<'a>(
    git: &GitDirs,
    store: &Path,
    files: impl Iterator<Item = &'a At>,
) -> Result<()> {
    let Some(operation) = operation(git)? else {
        return Ok(());
    };
    let refused = |paths| Err(StoreError::MergeInProgress { operation, paths });
    let index = git.dir.join("index");
    let unmerged = match std::fs::read(&index) {
        Ok(bytes) => unmerged(&bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => {
            return Err(StoreError::at_path(
                "read",
                index.display().to_string(),
                error,
            ));
        }
    };
    // What can't be read may hold anything.
    let Some(unmerged) = unmerged else {
        return refused(vec![index.display().to_string()]);
    };
    let Ok(prefix) = store.strip_prefix(&git.worktree) else {
        return Ok(());
    };
    let shared = files.filter(|at| at.root == Root::Shared);
    let in_tree = shared.map(|at| prefix.join(at.path.as_str()).to_string_lossy().into_owned());
    let paths: Vec<String> = in_tree
        .filter(|path| unmerged.contains(path.as_bytes()))
        .collect();
    if paths.is_empty() {
        Ok(())
    } else {
        refused(paths)
    }
}

fn operation(git: &GitDirs) -> Result<Option<&'static str>> {
    for (name, operation) in OPERATIONS {
        let path = git.dir.join(name);
        match std::fs::symlink_metadata(&path) {
            Ok(_) => return Ok(Some(operation)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(StoreError::at_path(
                    "look at",
                    path.display().to_string(),
                    error,
                ));
            }
        }
    }
    Ok(None)
}

/// Returns the paths of an index that have another stage than 0; `None` when the index can't be understood.
fn unmerged(index: &[u8]) -> Option<BTreeSet<Vec<u8>>> {
    let version = u32::from_be_bytes(index.get(4..8)?.try_into().ok()?);
    let n_entries = u32::from_be_bytes(index.get(8..12)?.try_into().ok()?);
    if index.get(..4)? != b"DIRC" || !(2..=4).contains(&version) {
        return None;
    }
    // The hash of each entry is as long as the repository's: try the two that exist.
    [20, 32]
        .into_iter()
        .find_map(|hash| entries(index, version, n_entries, hash))
}

fn entries(index: &[u8], version: u32, n_entries: u32, hash: usize) -> Option<BTreeSet<Vec<u8>>> {
    let mut found = BTreeSet::new();
    let mut path: Vec<u8> = Vec::new();
    let mut at = 12;
    for _ in 0..n_entries {
        let start = at;
        // Ten numbers of 32 bits, the hash, the flags.
        at += 40 + hash;
        let flags = u16::from_be_bytes(index.get(at..at + 2)?.try_into().ok()?);
        at += 2;
        if flags & 0x4000 != 0 {
            if version < 3 {
                return None;
            }
            at += 2;
        }
        if version == 4 {
            let dropped = read_offset(index, &mut at)?;
            path.truncate(path.len().checked_sub(dropped)?);
        } else {
            path.clear();
        }
        let rest = index.get(at..)?;
        let len = rest.iter().position(|byte| *byte == 0)?;
        path.extend_from_slice(&rest[..len]);
        let is_plain = usize::from(flags & 0x0fff) == path.len().min(0x0fff);
        if !is_plain {
            return None;
        }
        at += len + 1;
        if version < 4 {
            // One to eight zeros fill the entry up to a multiple of eight.
            at = start + (at - 1 - start) / 8 * 8 + 8;
        }
        if flags & 0x3000 != 0 {
            found.insert(path.clone());
        }
    }
    Some(found)
}

/// Reads git's number of variable length, seven bits a byte.
fn read_offset(index: &[u8], at: &mut usize) -> Option<usize> {
    let mut next = || {
        let byte = *index.get(*at)?;
        *at += 1;
        Some(byte)
    };
    let mut byte = next()?;
    let mut value = usize::from(byte & 0x7f);
    while byte & 0x80 != 0 {
        byte = next()?;
        value = value
            .checked_add(1)?
            .checked_mul(128)?
            .checked_add(usize::from(byte & 0x7f))?;
    }
    Some(value)
}
