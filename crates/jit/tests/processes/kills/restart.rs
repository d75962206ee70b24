//! What a restart of the machine leaves of a command that was complete: files that lost what was not synced, and a mark of
//! another boot.
//!
//! Owns the damage, done by hand. Refuses to restart anything: `power` does that, with a real file system.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::tree::Tree;

/// How far the log has been applied, and in which boot.
const MARK: &str = ".git/jit/applied";

/// What was committed and may not be synced.
const LOG: &str = ".git/jit/wal";

/// Bytes of the mark before its content: four that name it, its length, its checksum.
const HEADER: usize = 12;

/// Folders whose files are replaced as a whole.
const REPLACED: [&str; 4] = [
    ".jit/issues",
    ".jit/gates",
    ".git/jit/leases",
    ".git/jit/keys",
];

/// Returns the files of `tree` as a restart finds them that lost the contents of all that differs from `synced`.
pub(super) fn after(tree: Tree, synced: &Tree) -> Tree {
    let mut tree = marked_elsewhere(tree);
    if tree.file(Path::new(LOG)).is_none_or(<[u8]>::is_empty) {
        // Whoever empties the log has synced all of it before.
        return tree;
    }
    let mut n_lost = 0;
    for folder in REPLACED {
        for path in changed(&tree, synced, folder) {
            // Every other one is found empty, the rest full of zeros.
            let len = tree.file(&path).map_or(0, <[u8]>::len);
            tree = tree.with(&path, vec![0; len * (n_lost % 2)]);
            n_lost += 1;
        }
    }
    for path in changed(&tree, synced, ".jit/events") {
        let old = synced.file(&path).unwrap_or_default();
        let len = tree.file(&path).map_or(0, <[u8]>::len);
        let lost = [old, &vec![0; len - old.len()]].concat();
        tree = tree.with(&path, lost);
    }
    // The index of another boot is made anew; what it held then must not matter.
    let private = tree.files_below(Path::new(".git/jit"));
    let index: Vec<PathBuf> = private
        .map(|(path, _)| path.to_owned())
        .filter(|path| path.to_string_lossy().contains("/index.db"))
        .collect();
    index.iter().fold(tree, |tree, path| tree.without(path))
}

fn changed(tree: &Tree, synced: &Tree, folder: &str) -> Vec<PathBuf> {
    tree.files_below(Path::new(folder))
        .filter(|(path, bytes)| synced.file(path) != Some(bytes))
        .map(|(path, _)| path.to_owned())
        .collect()
}

/// Returns the tree with a mark that another boot has written.
fn marked_elsewhere(tree: Tree) -> Tree {
    let path = Path::new(MARK);
    let bytes = tree.file(path).expect("a complete command leaves a mark");
    let mark = of_another_boot(bytes).expect("the mark is whole");
    tree.with(path, mark)
}

/// Returns the bytes of a mark as another boot would have written them; `None`: nobody can read it anyway.
pub(crate) fn of_another_boot(mark: &[u8]) -> Option<Vec<u8>> {
    let header = mark.get(..HEADER)?;
    let len = u32::from_le_bytes(header[4..8].try_into().ok()?);
    let content = mark.get(HEADER..HEADER + usize::try_from(len).ok()?)?;
    let mut content: Value = serde_json::from_slice(content).ok()?;
    assert!(content["boot"].is_string(), "the mark names its boot");
    content["boot"] = Value::from("another boot");
    let content = content.to_string().into_bytes();
    let len = u32::try_from(content.len()).ok()?;
    let checksum = crc32c::crc32c(&content);
    Some(
        [
            &header[..4],
            &len.to_le_bytes(),
            &checksum.to_le_bytes(),
            &content,
        ]
        .concat(),
    )
}
