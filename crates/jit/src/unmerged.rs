//! The files of a store that git holds in several versions.
//!
//! Owns finding them, reading their versions, and telling git what they are now. Refuses to merge, to write files of the
//! working tree, and to touch anything outside of `.jit`.

use crate::error::CliError;
use crate::git::Git;
use jit_core::{ErrorKind, IssueId};
use jit_store::file::{GitDirs, Mergeable, STORE_DIR, read_issue_file};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// A worktree in which git may be in the middle of a merge.
#[derive(Debug)]
pub(crate) struct Unmerged {
    git: Git,
    /// The unmerged records.
    pub(crate) files: Vec<UnmergedFile>,
    /// The paths of the other unmerged files, such as the settings, for which there is no rule.
    pub(crate) others: Vec<String>,
}

/// A file that git holds in several versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnmergedFile {
    /// What it holds.
    pub(crate) record: Mergeable,
    /// Its path below the top of the worktree.
    pub(crate) path: String,
    /// The objects that git keeps as base, ours and theirs.
    objects: [Option<String>; 3],
}

/// Entries for git's index whose objects git has already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prepared(String);

/// The three versions of a file; one that was removed on a side is absent there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Versions {
    pub(crate) base: Option<Vec<u8>>,
    pub(crate) ours: Option<Vec<u8>>,
    pub(crate) theirs: Option<Vec<u8>>,
}

impl UnmergedFile {
    /// Returns a file in which somebody has committed markers, so that git keeps no versions of it.
    pub(crate) fn of_markers(record: Mergeable, path: String) -> Self {
        Self {
            record,
            path,
            objects: [const { None }; 3],
        }
    }

    /// Returns whether git holds it in several versions.
    pub(crate) fn is_in_index(&self) -> bool {
        self.objects.iter().any(Option::is_some)
    }
}

impl Unmerged {
    /// Asks git which files of the store at the top of a worktree it holds unmerged.
    pub(crate) fn find(dirs: GitDirs) -> Result<Self, CliError> {
        let git = Git::within(dirs);
        let below = format!(":(top,literal){STORE_DIR}");
        let listed = git.answer(&["ls-files", "-u", "-z", "--", &below], b"");
        let (files, others) = entries(&listed.map_err(|error| failed(&error))?);
        Ok(Self { git, files, others })
    }

    /// Reads what git keeps of a file.
    pub(crate) fn versions(&self, file: &UnmergedFile) -> Result<Versions, CliError> {
        let read = |object: &Option<String>| {
            let object = object.as_deref()?;
            Some(self.git.answer(&["cat-file", "blob", object], b""))
        };
        let [base, ours, theirs] = file
            .objects
            .each_ref()
            .map(|object| read(object).transpose());
        let told = |error: io::Error| failed(&error);
        Ok(Versions {
            base: base.map_err(told)?,
            ours: ours.map_err(told)?,
            theirs: theirs.map_err(told)?,
        })
    }

    /// Returns what git writes of two versions where it merges them as texts: with markers, by the clone's own style of them. No
    /// driver and no filter runs.
    pub(crate) fn as_text(&self, versions: &Versions) -> io::Result<Option<Vec<u8>>> {
        let (Some(ours), Some(theirs)) = (&versions.ours, &versions.theirs) else {
            return Ok(None);
        };
        let dir = tempfile::tempdir()?;
        let texts = [
            ("ours", ours.as_slice()),
            ("base", versions.base.as_deref().unwrap_or_default()),
            ("theirs", theirs.as_slice()),
        ];
        let mut command = self.git.command(["merge-file", "-p", "-q"])?;
        for (name, text) in texts {
            let place = dir.path().join(name);
            std::fs::write(&place, text)?;
            command.arg(place);
        }
        let output = command.output()?;
        // Lower codes count the conflicts.
        let is_merged = output.status.code().is_some_and(|code| code < 128);
        Ok(is_merged.then_some(output.stdout))
    }

    /// Returns the etag of an issue in the commit that git merges into, which is what it calls ours; none where that commit or its
    /// file is missing.
    pub(crate) fn our_etag(&self, id: &IssueId, path: &str) -> Option<String> {
        let object = format!("HEAD:{path}");
        let bytes = self.git.answer(&["cat-file", "blob", &object], b"");
        let issue = read_issue_file(id, &bytes.ok()?).ok()?;
        Some(issue.etag)
    }

    /// Gives git the contents of files and returns what makes them the merged ones; so far git keeps its versions.
    pub(crate) fn prepare(&self, files: &[(String, &[u8])]) -> Result<Prepared, CliError> {
        let mut input = String::new();
        for (path, bytes) in files {
            let hash = ["hash-object", "-w", "--no-filters", "--stdin"];
            let object = self
                .git
                .answer(&hash, bytes)
                .map_err(|error| failed(&error))?;
            let object = String::from_utf8_lossy(&object);
            let object = object.trim();
            // The entry without an object takes all versions away; its zeros are as many as the repository's ids are long.
            input.push_str(&format_entry("0", &"0".repeat(object.len()), path));
            input.push_str(&format_entry("100644", object, path));
        }
        Ok(Prepared(input))
    }

    /// Tells git that files are merged, and what they hold. No filter and no hook runs, also where git compares files that it is
    /// not sure of.
    pub(crate) fn settle(&self, prepared: &Prepared) -> Result<(), CliError> {
        let Prepared(input) = prepared;
        if input.is_empty() {
            return Ok(());
        }
        let update = ["update-index", "-z", "--add", "--index-info"];
        let updated = self.git.answer_unfiltered(&update, input.as_bytes());
        updated.map(drop).map_err(|error| {
            let message = format!("the files are merged, but git could not be told: {error}");
            CliError::new(ErrorKind::Git, message).hint("jit resolve")
        })
    }
}

/// Returns the segments of events below the top of a worktree, each with its length. Git is not asked: to compare files it
/// may run filters of the repository's.
pub(crate) fn segments(top: &Path) -> io::Result<BTreeMap<String, u64>> {
    let mut found = BTreeMap::new();
    let events = format!("{STORE_DIR}/events");
    for month in std::fs::read_dir(top.join(&events))? {
        let month = month?;
        if !month.file_type()?.is_dir() {
            continue;
        }
        for segment in std::fs::read_dir(month.path())? {
            let segment = segment?;
            let names = [month.file_name(), segment.file_name()];
            if let [Some(month), Some(name)] = names.each_ref().map(|name| name.to_str())
                && Path::new(name)
                    .extension()
                    .is_some_and(|end| end == "jsonl")
            {
                let path = format!("{events}/{month}/{name}");
                found.insert(path, segment.metadata()?.len());
            }
        }
    }
    Ok(found)
}

fn failed(error: &io::Error) -> CliError {
    CliError::new(ErrorKind::Git, error.to_string())
}

fn format_entry(mode: &str, object: &str, path: &str) -> String {
    format!("{mode} {object} 0\t{path}\0")
}

/// Reads entries such as `100644 OBJECT 2\tPATH`; returns the records, and the paths of what holds none.
fn entries(text: &[u8]) -> (Vec<UnmergedFile>, Vec<String>) {
    let mut found: BTreeMap<String, [Option<String>; 3]> = BTreeMap::new();
    for entry in text.split(|byte| *byte == 0).map(String::from_utf8_lossy) {
        let Some((head, path)) = entry.split_once('\t') else {
            continue;
        };
        let words: Vec<&str> = head.split(' ').collect();
        let stage = words.get(2).and_then(|word| word.parse::<usize>().ok());
        let place = stage
            .and_then(|stage| stage.checked_sub(1))
            .filter(|place| *place < 3);
        if let (Some(place), Some(object)) = (place, words.get(1)) {
            let objects = found.entry(path.to_owned()).or_default();
            objects[place] = Some((*object).to_owned());
        }
    }
    let (mut files, mut others) = (Vec::new(), Vec::new());
    for (path, objects) in found {
        match Mergeable::of_path(&path) {
            Some(record) => files.push(UnmergedFile {
                record,
                path,
                objects,
            }),
            None => others.push(path),
        }
    }
    (files, others)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_one_path_are_one_file() {
        let text = "100644 aa 1\t.jit/issues/k7/k7m2abcdef.json\0\
                    100644 bb 2\t.jit/issues/k7/k7m2abcdef.json\0\
                    100644 cc 3\t.jit/gates/review.json\0\
                    100644 dd 2\t.jit/config.toml\0\
                    100644 ee 9\t.jit/gates/tests.json\0\0 \t\0";
        let (files, others) = entries(text.as_bytes());
        let objects = |n: usize| files[n].objects.each_ref().map(|it| it.as_deref());
        assert_eq!(files.len(), 2);
        assert_eq!(others, [".jit/config.toml"]);
        assert_eq!(objects(0), [None, None, Some("cc")]);
        assert_eq!(objects(1), [Some("aa"), Some("bb"), None]);
    }
}
