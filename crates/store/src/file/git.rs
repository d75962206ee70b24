//! What git has in hand: an unfinished merge, and the files that it holds in several versions.
//!
//! Owns reading git's own files for that. Refuses to run git and to write anything of git's.

use super::git_dirs::GitDirs;
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

/// Returns what git is in the middle of in a worktree, such as `merge`.
pub fn unfinished(git: &GitDirs) -> Result<Option<&'static str>> {
    operation(git)
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

/// Returns whether git's index holds this path; an index that can't be read holds nothing.
pub(super) fn is_tracked(git: &GitDirs, path: &str) -> bool {
    let index = std::fs::read(git.dir.join("index")).unwrap_or_default();
    paths(&index, |_| true).is_some_and(|paths| paths.contains(path.as_bytes()))
}

/// Returns the paths of an index that have another stage than 0; `None` when the index can't be understood.
fn unmerged(index: &[u8]) -> Option<BTreeSet<Vec<u8>>> {
    paths(index, |stage| stage != 0)
}

/// Returns the paths of an index at some stages; `None` when the index can't be understood.
fn paths(index: &[u8], is_wanted: fn(u16) -> bool) -> Option<BTreeSet<Vec<u8>>> {
    let version = u32::from_be_bytes(index.get(4..8)?.try_into().ok()?);
    let n_entries = u32::from_be_bytes(index.get(8..12)?.try_into().ok()?);
    if index.get(..4)? != b"DIRC" || !(2..=4).contains(&version) {
        return None;
    }
    // The hash of each entry is as long as the repository's: try the two that exist.
    [20, 32]
        .into_iter()
        .find_map(|hash| entries(index, (version, n_entries), hash, is_wanted))
}

fn entries(
    index: &[u8],
    (version, n_entries): (u32, u32),
    hash: usize,
    is_wanted: fn(u16) -> bool,
) -> Option<BTreeSet<Vec<u8>>> {
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
        if is_wanted(flags >> 12 & 3) {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns an index of version 2 with these paths and stages.
    fn index(entries: &[(&str, u16)]) -> Vec<u8> {
        let mut bytes = b"DIRC\0\0\0\x02".to_vec();
        bytes.extend_from_slice(&u32::try_from(entries.len()).unwrap().to_be_bytes());
        for (path, stage) in entries {
            let start = bytes.len();
            bytes.extend_from_slice(&[7; 60]);
            let flags = stage << 12 | u16::try_from(path.len()).unwrap();
            bytes.extend_from_slice(&flags.to_be_bytes());
            bytes.extend_from_slice(path.as_bytes());
            let len = (bytes.len() - start) / 8 * 8 + 8;
            bytes.resize(start + len, 0);
        }
        bytes.extend_from_slice(&[9; 20]);
        bytes
    }

    #[test]
    fn entries_of_another_stage_are_unmerged() {
        let bytes = index(&[
            ("a", 0),
            (".jit/issues/aa/x.json", 1),
            (".jit/issues/aa/x.json", 2),
            ("zz", 0),
        ]);
        let found = unmerged(&bytes).unwrap();
        assert_eq!(found, BTreeSet::from([b".jit/issues/aa/x.json".to_vec()]));
        // The zeros after the last name may go, and the checksum behind them.
        for cut in 0..bytes.len() - 20 - 8 {
            assert_eq!(unmerged(&bytes[..cut]), None, "cut at {cut}");
        }
    }

    proptest::proptest! {
        #![proptest_config(crate::chance::fixed())]

        #[test]
        fn no_bytes_make_the_reader_fail(bytes: Vec<u8>, place in 0_usize..300, bit in 0_u8..8) {
            drop(unmerged(&[b"DIRC\0\0\0\x04\0\0\0\x05", &bytes[..]].concat()));
            let mut broken = index(&[("a", 0), ("b/c", 3), ("long/name/of/a/file", 0)]);
            let place = place % broken.len();
            broken[place] ^= 1 << bit;
            drop(unmerged(&broken));
        }
    }
}
