//! What a merged issue says about its own merge: what could not be decided, and what the log does not know yet.
//!
//! Owns the form of the members [`CONFLICTS`] and [`MERGED`]. Refuses to decide anything.

use crate::{Issue, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The member of an issue that lists what a merge could not decide.
pub const CONFLICTS: &str = "_conflicts";

/// The member of an issue that lists the merges which the log does not know yet. It is no content: the etag leaves it out.
pub const MERGED: &str = "_merged";

/// A field that both sides changed to something else.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// Which field: its name, or a path such as `context/port` or `comments/4f2a` with `~1` for `/` and `~0` for `~`.
    pub field: String,
    /// What it was; none when it was not there.
    pub base: Option<Value>,
    /// What the version of the first etag says.
    pub ours: Option<Value>,
    /// What the version of the second etag says.
    pub theirs: Option<Value>,
    /// The etags of the two versions. The order does not depend on who merges: the version that was written later is first.
    pub versions: [String; 2],
}

impl Conflict {
    /// Returns the conflict as an issue keeps it.
    pub fn to_value(&self) -> Value {
        let versions = self.versions.iter().map(|etag| etag.as_str().into());
        let mut members = BTreeMap::from([
            ("field".to_owned(), Value::from(self.field.as_str())),
            ("versions".to_owned(), Value::Array(versions.collect())),
        ]);
        let sides = [
            ("base", &self.base),
            ("ours", &self.ours),
            ("theirs", &self.theirs),
        ];
        for (name, side) in sides {
            if let Some(value) = side {
                members.insert(name.to_owned(), value.clone());
            }
        }
        Value::Object(members)
    }

    /// Reads a conflict; none when the value is not one.
    pub fn from_value(value: &Value) -> Option<Self> {
        let members = value.as_object()?;
        let version = |place: usize| {
            let versions = members.get("versions").and_then(Value::as_array);
            let etag = versions.and_then(|all| all.get(place));
            etag.and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        Some(Self {
            field: members.get("field")?.as_str()?.to_owned(),
            base: members.get("base").cloned(),
            ours: members.get("ours").cloned(),
            theirs: members.get("theirs").cloned(),
            versions: [version(0), version(1)],
        })
    }

    /// Returns whether an entry is about the same values, whichever versions they come from.
    pub(super) fn says_the_same(&self, entry: &Value) -> bool {
        let is_same = |other: Self| {
            let is_so = other.ours == self.ours && other.theirs == self.theirs;
            let is_other_way = other.ours == self.theirs && other.theirs == self.ours;
            other.field == self.field && (is_so || is_other_way)
        };
        Self::from_value(entry).is_some_and(is_same)
    }
}

/// A merge that the log does not know yet: what its event will say.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// The revision that the merge made.
    pub rev: u64,
    /// The etag that the merge made.
    pub etag: String,
    /// The etags of the versions that it was made from, sorted.
    pub prev: Vec<String>,
    /// What the merge decided that neither side had said, for people.
    pub note: Option<String>,
}

impl Step {
    fn to_value(&self) -> Value {
        let prev = self.prev.iter().map(|etag| etag.as_str().into());
        let mut members = BTreeMap::from([
            ("rev".to_owned(), Value::from(self.rev)),
            ("etag".to_owned(), self.etag.as_str().into()),
            ("prev".to_owned(), Value::Array(prev.collect())),
        ]);
        if let Some(note) = &self.note {
            members.insert("note".to_owned(), note.as_str().into());
        }
        Value::Object(members)
    }

    fn from_value(value: &Value) -> Option<Self> {
        let members = value.as_object()?;
        let prev = members.get("prev")?.as_array()?.iter();
        Some(Self {
            rev: members.get("rev")?.as_u64()?,
            etag: members.get("etag")?.as_str()?.to_owned(),
            prev: prev
                .map(|etag| etag.as_str().map(str::to_owned))
                .collect::<Option<_>>()?,
            note: members
                .get("note")
                .and_then(Value::as_str)
                .map(str::to_owned),
        })
    }
}

impl Issue {
    /// Returns what a merge could not decide; what can't be read as a conflict is left out, but still blocks the issue.
    pub fn conflicts(&self) -> Vec<Conflict> {
        let entries = entries(self).into_iter();
        entries
            .filter_map(|entry| Conflict::from_value(&entry))
            .collect()
    }

    /// Returns whether a merge left something undecided.
    pub fn has_conflicts(&self) -> bool {
        !entries(self).is_empty()
    }

    /// Takes the conflicts about one field away; returns whether there were any.
    pub fn forget_conflict(&mut self, field: &str) -> bool {
        let all = entries(self);
        let n_all = all.len();
        let is_other = |entry: &Value| {
            Conflict::from_value(entry).is_none_or(|conflict| conflict.field != field)
        };
        let kept: Vec<Value> = all.into_iter().filter(is_other).collect();
        let has_found = kept.len() < n_all;
        if kept.is_empty() {
            self.extra.remove(CONFLICTS);
        } else {
            self.extra.insert(CONFLICTS.to_owned(), Value::Array(kept));
        }
        has_found
    }

    /// Returns the merges that the log does not know yet, the oldest first.
    pub fn unrecorded_merges(&self) -> Vec<Step> {
        let steps = self.extra.get(MERGED).and_then(Value::as_array);
        let steps = steps.unwrap_or_default().iter();
        steps.filter_map(Step::from_value).collect()
    }
}

/// Makes what was decided about a merge part of the merge itself, as long as nobody has seen the version that it made.
pub fn reseal(issue: &mut Issue, decided: Option<&str>) {
    let mut steps = issue.unrecorded_merges();
    issue.etag = issue.compute_etag();
    let Some(last) = steps.last_mut() else {
        return;
    };
    last.etag.clone_from(&issue.etag);
    last.rev = issue.rev;
    let notes = last.note.take().into_iter();
    let notes: Vec<String> = notes.chain(decided.map(str::to_owned)).collect();
    last.note = (!notes.is_empty()).then(|| notes.join("; "));
    set_pending(issue, &steps);
}

/// Returns the entries of the list of conflicts, also those that can't be read as one.
pub(super) fn entries(issue: &Issue) -> Vec<Value> {
    match issue.extra.get(CONFLICTS) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(entries)) => entries.clone(),
        Some(other) => vec![other.clone()],
    }
}

/// Returns the merges that the merged version has to tell the log: those that a side still had to tell, and that the other
/// one had not told meanwhile.
pub(super) fn pending(base: Option<&Issue>, ours: &Issue, theirs: &Issue) -> Vec<Step> {
    let steps = |issue: &Issue| BTreeSet::from_iter(issue.unrecorded_merges());
    let base = base.map(steps).unwrap_or_default();
    let (ours, theirs) = (steps(ours), steps(theirs));
    let all = ours.union(&theirs);
    let is_due =
        |step: &&Step| !base.contains(*step) || (ours.contains(*step) && theirs.contains(*step));
    all.filter(is_due).cloned().collect()
}

/// Puts the steps into the issue.
pub(super) fn set_pending(issue: &mut Issue, steps: &[Step]) {
    let steps = steps.iter().map(Step::to_value).collect();
    issue.extra.insert(MERGED.to_owned(), Value::Array(steps));
}
