//! All files below a directory, as a value.
//!
//! Owns taking and restoring. Refuses to know what the files mean.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Directories and files below a root, by relative path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Tree {
    entries: BTreeMap<PathBuf, Entry>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Entry {
    Directory,
    File(Vec<u8>),
}

impl Tree {
    /// Reads everything below a directory.
    pub(crate) fn of(root: &Path) -> Self {
        let mut entries = BTreeMap::new();
        walk(root, &mut |path, is_directory| {
            let entry = if is_directory {
                Entry::Directory
            } else {
                Entry::File(fs::read(path).expect("a file can be read"))
            };
            entries.insert(relative(root, path), entry);
        });
        Self { entries }
    }

    /// Makes a directory equal to this tree, touching only what differs.
    ///
    /// Directories that stay keep their inodes: a store remembers the one of its own directory, and would otherwise take
    /// every restored copy for a stranger's.
    pub(crate) fn restore(&self, root: &Path) {
        let mut present = Vec::new();
        walk(root, &mut |path, is_directory| {
            present.push((path.to_owned(), is_directory));
        });
        for (path, is_directory) in present.iter().rev() {
            if !self.entries.contains_key(&relative(root, path)) {
                let removed = if *is_directory {
                    fs::remove_dir(path)
                } else {
                    fs::remove_file(path)
                };
                removed.expect("what is too much can be removed");
            }
        }
        for (path, entry) in &self.entries {
            let path = root.join(path);
            match entry {
                Entry::Directory => fs::create_dir_all(&path).expect("a directory can be made"),
                Entry::File(bytes) => {
                    if !fs::read(&path).is_ok_and(|present| present == *bytes) {
                        fs::write(&path, bytes).expect("a file can be restored");
                    }
                }
            }
        }
    }

    /// Returns whether two trees differ at most in one file.
    pub(crate) fn equals_but_for(&self, path: &Path, other: &Self) -> bool {
        let [one, two] =
            [self, other].map(|tree| tree.entries.iter().filter(|(name, _)| *name != path));
        one.eq(two)
    }

    /// Returns this tree with one file missing.
    pub(crate) fn without(mut self, path: &Path) -> Self {
        assert!(
            self.entries.remove(path).is_some(),
            "{} is there",
            path.display()
        );
        self
    }

    /// Returns this tree with other bytes in a file.
    pub(crate) fn with(mut self, path: &Path, bytes: Vec<u8>) -> Self {
        self.entries.insert(path.to_owned(), Entry::File(bytes));
        self
    }

    /// Returns the bytes of a file.
    pub(crate) fn file(&self, path: &Path) -> Option<&[u8]> {
        match self.entries.get(path)? {
            Entry::File(bytes) => Some(bytes),
            Entry::Directory => None,
        }
    }

    /// Returns the paths of all files and directories.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.entries.keys().map(PathBuf::as_path)
    }

    /// Returns whether there is anything at a path.
    pub(crate) fn has(&self, path: &Path) -> bool {
        self.entries.contains_key(path)
    }

    /// Returns the files below a folder, with their bytes.
    pub(crate) fn files_below<'a>(
        &'a self,
        folder: &'a Path,
    ) -> impl Iterator<Item = (&'a Path, &'a [u8])> {
        self.entries
            .iter()
            .filter_map(move |(path, entry)| match entry {
                Entry::File(bytes) if path.starts_with(folder) => {
                    Some((path.as_path(), bytes.as_slice()))
                }
                Entry::File(_) | Entry::Directory => None,
            })
    }
}

/// What a read must leave alone: the bytes and the modification time of every file and directory.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Untouched {
    tree: Tree,
    modified: BTreeMap<PathBuf, SystemTime>,
}

impl Untouched {
    /// Looks at everything below a directory.
    pub(crate) fn of(root: &Path) -> Self {
        let mut modified = BTreeMap::new();
        walk(root, &mut |path, _| {
            let time = fs::symlink_metadata(path).and_then(|metadata| metadata.modified());
            modified.insert(
                relative(root, path),
                time.expect("an entry has a modification time"),
            );
        });
        Self {
            tree: Tree::of(root),
            modified,
        }
    }
}

fn relative(root: &Path, path: &Path) -> PathBuf {
    path.strip_prefix(root)
        .expect("the walk stays below its root")
        .to_owned()
}

/// Visits everything below a directory, parents before what they hold.
fn walk(directory: &Path, visit: &mut impl FnMut(&Path, bool)) {
    for entry in fs::read_dir(directory).expect("a directory can be listed") {
        let entry = entry.expect("a directory can be listed");
        let is_directory = entry.file_type().expect("an entry has a type").is_dir();
        visit(&entry.path(), is_directory);
        if is_directory {
            walk(&entry.path(), visit);
        }
    }
}
