//! One file that git holds in several versions, made one.
//!
//! Owns which version counts where the merge alone can't say. Refuses to lose what a hand has written meanwhile.

use super::markers;
use crate::error::CliError;
use crate::unmerged::{Unmerged, UnmergedFile, Versions};
use jit_core::decide::{Settlement, Take, settle_unseen};
use jit_core::merge::{CONFLICTS, Conflict, MERGED, reseal};
use jit_core::{Assignee, ErrorKind, Issue, IssueId, Timestamp};
use jit_store::file::{Mergeable, Replacement, merge_files, raw, read_issue_file};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// What the caller has chosen, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chosen<'a> {
    pub(super) settlement: &'a Settlement,
    /// Who has the live lease on the issue.
    pub(super) holder: Option<&'a Assignee>,
    pub(super) now: Timestamp,
}

/// A file that is whole again.
#[derive(Clone, Debug)]
pub(super) struct Resolved {
    pub(super) record: Mergeable,
    pub(super) path: String,
    pub(super) bytes: Vec<u8>,
    /// The issue, unless it is a gate.
    pub(super) issue: Option<Issue>,
    /// The etag of the version that git calls ours.
    ours: Option<String>,
    /// What the file held.
    before: Option<Vec<u8>>,
    /// Whether git holds it in several versions; else somebody has committed its markers.
    is_unmerged: bool,
    /// Whether that is in no version that git keeps, and not in the merge either.
    is_by_hand: bool,
}

impl Resolved {
    /// Returns whether somebody has to decide something still. Git keeps its versions of such a file.
    pub(super) fn is_open(&self) -> bool {
        self.issue.as_ref().is_some_and(Issue::has_conflicts)
    }

    pub(super) fn replacement(&self) -> Replacement {
        Replacement {
            record: self.record.clone(),
            before: self.before.clone(),
            after: self.bytes.clone(),
        }
    }

    /// Returns whether git's index is to be told of the file: it waits for that, or will commit it next.
    pub(super) fn is_staged(&self, is_merging: bool) -> bool {
        !self.is_open() && (self.is_unmerged || is_merging)
    }

    /// Returns what a hand has written into the file and nothing else keeps.
    pub(super) fn by_hand(&self) -> Option<&[u8]> {
        self.before.as_deref().filter(|_| self.is_by_hand)
    }

    /// Returns conflicts with the sides as git names them.
    pub(super) fn in_order(&self, conflicts: Vec<Conflict>) -> Vec<Conflict> {
        let turn = |mut conflict: Conflict| {
            if self.ours.as_deref() == Some(&*conflict.versions[1]) {
                std::mem::swap(&mut conflict.ours, &mut conflict.theirs);
                conflict.versions.swap(0, 1);
            }
            conflict
        };
        conflicts.into_iter().map(turn).collect()
    }
}

/// Merges a file and settles what the caller has chosen.
pub(super) fn resolve(
    file: &UnmergedFile,
    (unmerged, versions): (&Unmerged, Versions),
    top: &Path,
    chosen: Chosen<'_>,
) -> Result<Resolved, CliError> {
    let place = top.join(&file.path);
    let before = match std::fs::read(&place) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(CliError::io("read", &file.path, &error)),
    };
    let etag = |id: &IssueId, bytes: &Option<Vec<u8>>| {
        let issue = bytes.as_deref().map(|bytes| read_issue_file(id, bytes));
        issue.and_then(Result::ok).map(|issue| issue.etag)
    };
    let ours = match &file.record {
        Mergeable::Issue(id) => etag(id, &versions.ours),
        Mergeable::Gate(_) => None,
    };
    let is_unmerged = file.is_in_index();
    let is_gits = |text: &[u8]| is_unmerged && is_gits(unmerged, &versions, text);
    let from_git = before.as_deref().is_none_or(is_gits);
    let (bytes, is_judged) = merged(file, versions, before.as_deref(), (chosen, ours.as_deref()))?;
    let is_by_hand = !from_git && !is_judged && before.as_ref() != Some(&bytes);
    let issue =
        match &file.record {
            Mergeable::Issue(id) => Some(read_issue_file(id, &bytes).map_err(|error| {
                refused(file, &error.to_string()).hint("jit resolve --take ours")
            })?),
            Mergeable::Gate(_) => None,
        };
    Ok(Resolved {
        record: file.record.clone(),
        path: file.path.clone(),
        bytes,
        issue,
        ours,
        before,
        is_unmerged,
        is_by_hand,
    })
}

/// Returns whether git has put this text there: one of its versions, or both with markers around them.
fn is_gits(unmerged: &Unmerged, versions: &Versions, text: &[u8]) -> bool {
    let kept = [&versions.base, &versions.ours, &versions.theirs];
    if kept.iter().any(|version| version.as_deref() == Some(text)) {
        return true;
    }
    let Some(sides) = markers::sides(text) else {
        return false;
    };
    // What git can't tell counts as written by hand, for then it is kept.
    let merged = unmerged.as_text(versions).ok().flatten();
    let merged = merged.and_then(|text| markers::sides(&text));
    merged.is_some_and(|it| (it.ours, it.theirs) == (sides.ours, sides.theirs))
}

fn refused(file: &UnmergedFile, reason: &str) -> CliError {
    let message = format!("`{}` can't be merged: {reason}", file.path);
    CliError::new(ErrorKind::Refused, message)
}

/// Returns what the file shall hold, and whether nothing is lost with what it holds: a hand's work in it was looked for.
fn merged(
    file: &UnmergedFile,
    versions: Versions,
    current: Option<&[u8]>,
    (chosen, our_etag): (Chosen<'_>, Option<&str>),
) -> Result<(Vec<u8>, bool), CliError> {
    let whole = match chosen.settlement {
        Settlement::Side { take, field, .. } if field.is_none() => Some(*take),
        _ => None,
    };
    let (ours, theirs) = match (versions.ours, versions.theirs) {
        (Some(ours), Some(theirs)) => (ours, theirs),
        (Some(bytes), None) => {
            return Ok((one_sided(file, bytes, whole == Some(Take::Theirs))?, false));
        }
        (None, Some(bytes)) => {
            return Ok((one_sided(file, bytes, whole == Some(Take::Ours))?, false));
        }
        (None, None) => return Err(refused(file, "both sides removed it").hint("git rm it")),
    };
    let made = merge_files(&file.record, versions.base.as_deref(), [&ours, &theirs]);
    let made = match (made, whole) {
        (Ok(made), _) => made.bytes,
        (Err(_), Some(Take::Ours)) => return Ok((ours, false)),
        (Err(_), Some(Take::Theirs)) => return Ok((theirs, false)),
        (Err(error), _) => {
            let error = refused(file, &error.to_string());
            return Err(error.hint("jit resolve --take ours"));
        }
    };
    let Mergeable::Issue(id) = &file.record else {
        return Ok((made, false));
    };
    let read = |bytes: &[u8]| read_issue_file(id, bytes).ok();
    let merged = read_issue_file(id, &made).map_err(|error| refused(file, &error.to_string()))?;
    let settlement = with_ours(chosen.settlement, our_etag);
    let current = current.and_then(read);
    let is_judged = current.is_some();
    let unsettled = current
        .clone()
        .filter(|issue| goes_on(issue, &merged, chosen.settlement))
        .unwrap_or_else(|| merged.clone());
    let settled = settle_unseen(&unsettled, &settlement, chosen.holder, chosen.now)?;
    let by_hand = current.filter(|issue| {
        let known = [
            Some(merged),
            Some(unsettled),
            Some(settled.clone()),
            read(&ours),
            read(&theirs),
        ];
        !known.contains(&Some(issue.clone()))
    });
    let issue = match (by_hand, whole) {
        (None, _) => settled,
        (Some(edited), Some(Take::Merged)) => accept(edited, &settled),
        (Some(_), _) => {
            let error = refused(file, "it was edited by hand since");
            return Err(error.hint(format!("jit resolve {id} --take merged keeps the edit")));
        }
    };
    Ok((raw::issue_file(&issue).1, is_judged))
}

/// Returns whether the file holds this merge as an earlier call has left it, so that its decisions count: it is sealed as the
/// merge of the same two versions, which an edit by hand is not.
fn goes_on(current: &Issue, merged: &Issue, settlement: &Settlement) -> bool {
    let last = |issue: &Issue| issue.unrecorded_merges().pop();
    let (Some(step), Some(expected)) = (last(current), last(merged)) else {
        return false;
    };
    let is_sealed = step.prev == expected.prev
        && step.etag == current.etag
        && current.etag == current.compute_etag();
    let chooses_anew = matches!(
        settlement,
        Settlement::Side {
            take: Take::Ours | Take::Theirs,
            field: None,
            ..
        }
    );
    is_sealed && (current.has_conflicts() || !chooses_anew)
}

/// A file that one side removed and the other one changed stays: an issue goes by its tombstone, not by its file.
fn one_sided(
    file: &UnmergedFile,
    bytes: Vec<u8>,
    takes_removal: bool,
) -> Result<Vec<u8>, CliError> {
    if takes_removal {
        let error = refused(file, "that side removed the file");
        return Err(error.hint("resolve it first, then jit issue delete"));
    }
    Ok(bytes)
}

/// Returns the settlement with the version that git calls ours.
pub(super) fn with_ours(settlement: &Settlement, etag: Option<&str>) -> Settlement {
    match settlement {
        Settlement::Side { take, field, .. } => Settlement::Side {
            take: *take,
            field: field.clone(),
            ours: etag.map(str::to_owned),
        },
        Settlement::Value { .. } | Settlement::Nothing => settlement.clone(),
    }
}

/// Takes what a hand has made of the merge, as the merge's own outcome.
fn accept(mut edited: Issue, merged: &Issue) -> Issue {
    edited.extra.remove(CONFLICTS);
    if let Some(steps) = merged.extra.get(MERGED) {
        edited.extra.insert(MERGED.to_owned(), steps.clone());
    }
    edited.rev = merged.rev;
    edited.epoch = edited.epoch.max(merged.epoch);
    reseal(&mut edited, Some("resolved by hand"));
    edited
}

/// Keeps what a hand has written into a file aside, below the private directory; returns where.
pub(super) fn keep_aside(
    private: &Path,
    record: &Mergeable,
    (bytes, now): (&[u8], Timestamp),
) -> io::Result<PathBuf> {
    let dir = private.join(format!("backup/{}-0", now.as_micros()));
    std::fs::create_dir_all(&dir)?;
    let place = dir.join(format!("resolve+{}", record.path().replace('/', "+")));
    let mut file = std::fs::File::create_new(&place)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::File::open(&dir)?.sync_all()?;
    Ok(place)
}

/// Replaces a file at once.
pub(super) fn replace(place: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = place.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(dir)?;
    let mut file = tempfile::Builder::new().prefix(".jit-").tempfile_in(dir)?;
    file.write_all(bytes)?;
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    file.as_file().set_permissions(mode)?;
    file.persist(place)?;
    Ok(())
}
