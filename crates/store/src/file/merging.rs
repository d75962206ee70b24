//! The merge of two versions of a file, for git's merge driver and for whoever settles a merge.
//!
//! Owns the way from three texts to one, and that what comes out can be read again. Refuses to know git, and to write
//! anything but what a merge has made.

use super::format::{self, FormatError, MAX_FILE};
use super::layout;
use super::options::{Env, Warning};
use super::session::{Session, change};
use super::store;
use crate::error::{Result, StoreError};
use crate::fs::{self, At, absent_ok};
use jit_core::merge::{Irreconcilable, merge, merge_gates};
use jit_core::{GateKey, Issue, IssueId};
use std::path::Path;

/// Longest file that a merge replaces, in bytes: two versions and the markers that git put between them.
const MAX_REPLACED: u64 = 4 * MAX_FILE;

/// The record that a file of the store holds, as its name says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mergeable {
    /// An issue.
    Issue(IssueId),
    /// The definition of a gate.
    Gate(GateKey),
}

impl Mergeable {
    /// Returns the record that a path names, whatever directory the store lies in.
    pub fn of_path(path: &str) -> Option<Self> {
        let mut parts = path.rsplit('/');
        let name = parts.next()?.strip_suffix(".json")?;
        let (dir, above) = (parts.next()?, parts.next());
        if dir == "gates" {
            return GateKey::parse(name).ok().map(Self::Gate);
        }
        let id = IssueId::parse(name).ok()?;
        let is_placed = above == Some("issues") && id.as_str().starts_with(dir) && dir.len() == 2;
        is_placed.then_some(Self::Issue(id))
    }

    /// Returns the path of the record's file below the store's directory.
    pub fn path(&self) -> String {
        self.at().path.as_str().to_owned()
    }

    fn at(&self) -> At {
        match self {
            Self::Issue(id) => layout::issue(id),
            Self::Gate(key) => layout::gate(key),
        }
    }
}

/// Two files made one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergedFile {
    /// What the file shall hold.
    pub bytes: Vec<u8>,
    /// How many fields are left to decide.
    pub n_conflicts: usize,
}

/// Why two files can't be made one.
#[derive(Debug, thiserror::Error)]
pub enum Unmergeable {
    /// A side is no such record.
    #[error("{side} can't be read: {reason}")]
    Unreadable {
        /// Which side.
        side: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The records can't become one.
    #[error(transparent)]
    Irreconcilable(#[from] Irreconcilable),
    /// The result could not be stored.
    #[error("together they can't be stored: {0}")]
    Unstorable(String),
}

fn unreadable(side: &'static str) -> impl Fn(FormatError) -> Unmergeable {
    move |error| Unmergeable::Unreadable {
        side,
        reason: error.to_string(),
    }
}

/// Merges two versions of a file that were made from `base`. A base that is absent or can't be read counts as none.
pub fn merge_files(
    record: &Mergeable,
    base: Option<&[u8]>,
    [ours, theirs]: [&[u8]; 2],
) -> std::result::Result<MergedFile, Unmergeable> {
    match record {
        Mergeable::Issue(id) => {
            let read = |bytes| format::read_issue(id, bytes);
            let ours = read(ours).map_err(unreadable("our version"))?;
            let theirs = read(theirs).map_err(unreadable("their version"))?;
            let base = base.and_then(|bytes| read(bytes).ok());
            let merged = merge(base.as_ref(), &ours, &theirs)?;
            let bytes = storable(format::write_issue(&merged.issue))?;
            let again = read(&bytes).map_err(|error| Unmergeable::Unstorable(error.to_string()))?;
            if again != merged.issue {
                let reason = "the result would not read back as it is".to_owned();
                return Err(Unmergeable::Unstorable(reason));
            }
            Ok(MergedFile {
                bytes,
                n_conflicts: merged.n_conflicts,
            })
        }
        Mergeable::Gate(_) => {
            let ours = format::read_gate(ours).map_err(unreadable("our version"))?;
            let theirs = format::read_gate(theirs).map_err(unreadable("their version"))?;
            let base = base.and_then(|bytes| format::read_gate(bytes).ok());
            let merged = merge_gates(base.as_ref(), &ours, &theirs)?;
            let bytes = storable(format::write_gate(&merged))?;
            Ok(MergedFile {
                bytes,
                n_conflicts: 0,
            })
        }
    }
}

fn storable(bytes: Vec<u8>) -> std::result::Result<Vec<u8>, Unmergeable> {
    if bytes.len() as u64 > MAX_FILE {
        let reason = format!("{} bytes, at most {MAX_FILE} are allowed", bytes.len());
        return Err(Unmergeable::Unstorable(reason));
    }
    Ok(bytes)
}

/// Reads the issue that a file of this name holds, and says why it can't be read.
pub fn read_issue_file(id: &IssueId, bytes: &[u8]) -> std::result::Result<Issue, Unmergeable> {
    format::read_issue(id, bytes).map_err(unreadable("the file"))
}

/// Reads a file that takes part in a merge; one that is longer than any record is refused.
pub fn read_version(path: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path)?;
    file.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE {
        let reason = format!("it is longer than {MAX_FILE} bytes");
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, reason));
    }
    Ok(bytes)
}

/// Merges an edit that somebody made of an earlier version with the one that the log was about to write in its place.
///
/// The edit keeps the etag of the version that it was made from, which tells it from an edit of the later version and from a file
/// that git has put there. None when that version is not among `earlier`, or when the two can't be merged.
pub(crate) fn merge_edit(
    at: &At,
    earlier: impl IntoIterator<Item = Vec<u8>>,
    [logged, edited]: [&[u8]; 2],
) -> Option<Vec<u8>> {
    let record = Mergeable::of_path(at.path.as_str())?;
    let Mergeable::Issue(id) = &record else {
        return None;
    };
    let etag = format::read_issue(id, edited).ok()?.etag;
    let is_base = |bytes: &Vec<u8>| {
        let issue = format::read_issue(id, bytes);
        issue.is_ok_and(|issue| issue.etag == etag && issue.compute_etag() == etag)
    };
    let is_of_the_later = is_base(&logged.to_vec());
    let base = earlier
        .into_iter()
        .find(is_base)
        .filter(|_| !is_of_the_later)?;
    let merged = merge_files(&record, Some(&base), [logged, edited]).ok()?;
    Some(merged.bytes)
}

/// A file that a merge has made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The record.
    pub record: Mergeable,
    /// What its file held when it was merged.
    pub before: Option<Vec<u8>>,
    /// What it shall hold.
    pub after: Vec<u8>,
}

/// Replaces files of records by what a merge has made of them; see [`crate::Store::put_merged`].
pub(crate) fn put_merged(env: &Env, files: &[Replacement]) -> Result<Vec<Warning>> {
    let mut session = Session::begin(env)?;
    store::read_format(&*env.fs)?.check_write()?;
    let mut changes = Vec::with_capacity(files.len());
    for file in files {
        let at = file.record.at();
        let current = absent_ok(fs::read(&*env.fs, &at, MAX_REPLACED))
            .map_err(|error| StoreError::io("read", &at, error))?;
        if current != file.before {
            let path = at.to_string();
            return Err(StoreError::ChangedMeanwhile { path });
        }
        if current.as_ref() != Some(&file.after) {
            changes.push(change(at, current.as_deref(), Some(file.after.clone())));
        }
    }
    if !changes.is_empty() {
        session.commit(changes, None)?;
    }
    Ok(std::mem::take(&mut session.warnings))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jit_core::{Assignee, Timestamp};

    fn id() -> IssueId {
        IssueId::parse("k7m2abcdef").unwrap()
    }

    fn issue(title: &str) -> Vec<u8> {
        let by = Assignee::parse("human:ada").unwrap();
        let issue = Issue::new(id(), title.to_owned(), by, Timestamp::from_micros(0));
        format::write_issue(&issue)
    }

    #[test]
    fn a_path_names_its_record() {
        let check = |path: &str, expected: Option<Mergeable>| {
            assert_eq!(Mergeable::of_path(path), expected, "{path}");
        };
        let known = Some(Mergeable::Issue(id()));
        check(".jit/issues/k7/k7m2abcdef.json", known.clone());
        check("deep/er/.jit/issues/k7/k7m2abcdef.json", known);
        let gate = GateKey::parse("review").unwrap();
        check(".jit/gates/review.json", Some(Mergeable::Gate(gate)));
        check(".jit/issues/zz/k7m2abcdef.json", None);
        check(".jit/issues/k7/a'$(touch PWN).json", None);
        check(".jit/config.toml", None);
        check("", None);
    }

    #[test]
    fn what_can_not_be_merged_is_refused_with_its_reason() {
        let record = Mergeable::Issue(id());
        let check = |ours: &[u8], theirs: &[u8], expected: &str| {
            let error = merge_files(&record, None, [ours, theirs]).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        };
        check(b"{", &issue("a"), "our version");
        check(&issue("a"), b"<<<<<<< ours\n", "conflict markers");
        let long = |letter: &str| {
            let mut text = String::from_utf8(issue("a")).unwrap();
            let member = format!(",\"x_{letter}\":\"{}\"}}", letter.repeat(600_000));
            text.truncate(text.len() - 2);
            (text + &member).into_bytes()
        };
        check(&long("a"), &long("b"), "can't be stored");
    }

    #[test]
    fn a_merge_that_nests_too_deep_with_its_conflicts_is_refused() {
        let nested = |leaf: u8| {
            let text = String::from_utf8(issue("a")).unwrap();
            let deep = format!("{}{leaf}{}", "[".repeat(62), "]".repeat(62));
            format!("{},\"x\":{deep}}}", text.trim_end().trim_end_matches('}'))
        };
        let sides = [nested(1), nested(2)];
        let sides = [sides[0].as_bytes(), sides[1].as_bytes()];
        let error = merge_files(&Mergeable::Issue(id()), None, sides).unwrap_err();
        assert!(matches!(error, Unmergeable::Unstorable(_)), "{error}");
    }

    proptest::proptest! {
        #![proptest_config(crate::chance::fixed())]

        #[test]
        fn no_bytes_make_the_merge_fail_otherwise(
            base: Vec<u8>, cut in 0_usize..400, place in 0_usize..400, byte: u8
        ) {
            let (whole, mut broken) = (issue("whole"), issue("broken"));
            let at = place % broken.len();
            broken[at] = byte;
            let cut = &broken[..cut.min(broken.len())];
            let record = Mergeable::Issue(id());
            for sides in [[&whole[..], &broken[..]], [cut, &whole[..]], [&base[..], &whole[..]]] {
                if let Ok(merged) = merge_files(&record, Some(&base), sides) {
                    assert!(format::read_issue(&id(), &merged.bytes).is_ok());
                }
            }
        }
    }
}
