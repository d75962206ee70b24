//! The chain of revisions in the log, and the versions that can be rebuilt from it.
//!
//! Owns the rule that following `prev` from an issue's etag leads through as many events as it had revisions
//! (`docs/design/storage.md` S8). Refuses to read the log and to write anything.

use super::{Finding, Severity};
use crate::changes;
use crate::event::{Event, EventKind};
use crate::fields::Fields;
use crate::{Issue, IssueId, Snapshot, Value, merge};
use std::collections::{BTreeMap, BTreeSet};

/// The events that made versions of issues, by issue and by the etag that each made.
#[derive(Clone, Debug, Default)]
pub struct History<'a> {
    by_issue: BTreeMap<&'a IssueId, BTreeMap<&'a str, &'a Event>>,
}

impl<'a> History<'a> {
    /// Sorts the events of a log.
    pub fn new(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut history = Self::default();
        for event in events {
            if let (Some(issue), Some(etag)) = (&event.draft.issue, &event.draft.etag) {
                let versions = history.by_issue.entry(issue).or_default();
                versions.insert(etag, event);
            }
        }
        history
    }

    /// Returns the issues that the log knows.
    pub fn issues(&self) -> impl Iterator<Item = &'a IssueId> + '_ {
        self.by_issue.keys().copied()
    }

    /// Returns the event that made a version.
    pub fn event(&self, id: &IssueId, etag: &str) -> Option<&'a Event> {
        self.by_issue.get(id)?.get(etag).copied()
    }

    /// Returns how many events in a row lead to a version: its revision, if the log is complete.
    pub fn depth(&self, id: &IssueId, etag: &str) -> u64 {
        self.depth_beyond(id, etag, &[])
    }

    /// Returns how many events in a row lead to a version; `merges` made versions that the log does not know yet.
    fn depth_beyond(&self, id: &IssueId, etag: &str, merges: &[merge::Step]) -> u64 {
        let nothing = BTreeMap::new();
        let versions = self.by_issue.get(id).unwrap_or(&nothing);
        let n_versions = versions.len() + merges.len();
        let mut depth = 0;
        let mut layer: BTreeSet<&str> = BTreeSet::from([etag]);
        loop {
            let recorded = layer.iter().filter_map(|etag| versions.get(etag));
            let recorded = recorded.map(|event| &event.draft.prev);
            let untold = merges.iter().filter(|step| layer.contains(&*step.etag));
            let found: Vec<&Vec<String>> = recorded.chain(untold.map(|step| &step.prev)).collect();
            if found.is_empty() || depth > n_versions as u64 {
                return depth;
            }
            depth += 1;
            layer = found.into_iter().flatten().map(String::as_str).collect();
        }
    }

    /// Returns the last version of an issue that the log knows: the one that no other was made from. Where branches made
    /// several, the one whose event is last in the order of all clones.
    pub fn head(&self, id: &IssueId) -> Option<&'a str> {
        let heads = self.heads(id).into_iter();
        let last = heads.max_by_key(|(_, event)| (event.lc, event.id));
        last.map(|(etag, _)| etag)
    }

    /// Returns the versions that no other was made from.
    fn heads(&self, id: &IssueId) -> Vec<(&'a str, &'a Event)> {
        let Some(versions) = self.by_issue.get(id) else {
            return Vec::new();
        };
        let superseded: BTreeSet<&str> = versions
            .values()
            .flat_map(|event| event.draft.prev.iter().map(String::as_str))
            .collect();
        let heads = versions
            .iter()
            .filter(|(etag, _)| !superseded.contains(**etag));
        heads.map(|(etag, event)| (*etag, *event)).collect()
    }

    /// Returns whether the log ends with the deletion of an issue: one of its last versions is a tombstone. Where branches
    /// made several, a merge of them may have been one that no event tells of.
    pub fn ends_deleted(&self, id: &IssueId) -> bool {
        let heads = self.heads(id);
        heads.iter().any(|(etag, _)| self.is_tombstone(id, etag))
    }

    /// Returns whether a version is a tombstone: the nearest event that tells of a deletion does not take it back.
    fn is_tombstone(&self, id: &IssueId, etag: &str) -> bool {
        let Some(versions) = self.by_issue.get(id) else {
            return false;
        };
        let mut layer: BTreeSet<&str> = BTreeSet::from([etag]);
        for _ in 0..versions.len() {
            let events: Vec<&&Event> = layer.iter().filter_map(|it| versions.get(it)).collect();
            let told = events
                .iter()
                .filter_map(|it| it.draft.changes.get("deleted"));
            let told: Vec<bool> = told.map(|(_, new)| *new != Value::Null).collect();
            if !told.is_empty() {
                return told.contains(&true);
            }
            let before = events.into_iter().flat_map(|event| &event.draft.prev);
            layer = before.map(String::as_str).collect();
        }
        false
    }

    /// Rebuilds a version of an issue from the event that created it, or from one of `bases` where the chain meets it.
    ///
    /// None when the log lacks a step, as it does for an edit by hand, or when the outcome is not what the etag names.
    pub fn rebuild(&self, id: &IssueId, etag: &str, bases: &[Issue]) -> Option<Issue> {
        let (start, steps) = self.steps(id, etag, bases)?;
        let mut fields = start.map(Issue::to_fields).unwrap_or_default();
        for event in steps {
            fields = replay(&fields, event)?;
        }
        let issue = Issue::from_fields(fields).ok()?;
        (issue.id == *id && issue.etag == etag && issue.compute_etag() == etag).then_some(issue)
    }

    /// Returns the way to a version: where it begins, and the events from there on.
    fn steps<'b>(
        &self,
        id: &IssueId,
        etag: &str,
        bases: &'b [Issue],
    ) -> Option<(Option<&'b Issue>, Vec<&'a Event>)> {
        let n_versions = self.by_issue.get(id).map_or(0, BTreeMap::len);
        let mut steps = Vec::new();
        let mut wanted = etag;
        loop {
            if let Some(base) = bases.iter().find(|base| base.etag == wanted) {
                steps.reverse();
                return Some((Some(base), steps));
            }
            let event = self.event(id, wanted)?;
            steps.push(event);
            if event.draft.kind == EventKind::IssueCreated {
                steps.reverse();
                return Some((None, steps));
            }
            if steps.len() > n_versions {
                return None;
            }
            wanted = event.draft.prev.first()?;
        }
    }
}

/// Brings the fields of an issue to what they were after an event.
fn replay(fields: &Fields, event: &Event) -> Option<Fields> {
    let draft = &event.draft;
    let mut after = changes::replay(fields, &draft.changes)?;
    if draft.kind != EventKind::IssueCreated {
        after.insert("updated_at".to_owned(), draft.ts.to_string().into());
    }
    after.insert("rev".to_owned(), draft.rev.into());
    after.insert("etag".to_owned(), draft.etag.clone().into());
    Some(after)
}

/// Returns the issues whose revision the log does not account for: following `prev` from the current etag must lead
/// through as many events as there were revisions.
pub fn audit_history<'a>(
    snapshot: &Snapshot,
    events: impl IntoIterator<Item = &'a Event>,
) -> Vec<Finding> {
    let history = History::new(events);
    let unaccounted = snapshot.records().filter_map(|issue| {
        let n_found = history.depth_beyond(&issue.id, &issue.etag, &issue.unrecorded_merges());
        (n_found != issue.rev).then(|| {
            let message = format!(
                "it has had {} revisions, but the log accounts for {n_found}",
                issue.rev
            );
            Finding::new("history", issue, message)
        })
    });
    unaccounted.collect()
}

/// Returns the issues that the log knows and that have no file, unless the log ends with their deletion: `gc` collects
/// tombstones.
///
/// These are notices. The log alone can't tell a file that was removed by mistake from one that somebody has removed on
/// purpose, or from one whose branch brought its events here and not the file.
pub fn audit_absent<'a>(
    snapshot: &Snapshot,
    events: impl IntoIterator<Item = &'a Event>,
) -> Vec<Finding> {
    let history = History::new(events);
    let broken = snapshot
        .problems()
        .iter()
        .filter_map(|it| it.issue.as_ref());
    let broken: BTreeSet<&IssueId> = broken.collect();
    let absent = history.issues().filter(|id| {
        snapshot.record(id).is_none() && !broken.contains(id) && !history.ends_deleted(id)
    });
    let finding = |id: &IssueId| {
        Finding {
        severity: Severity::Notice,
        issue: Some(id.clone()),
        remedy: Some("git log --diff-filter=D -- .jit/issues names the commit that took it away, git status what no commit has".to_owned()),
        ..Finding::of_file(
            "missing_issue",
            None,
            "the log knows it and not its deletion, but it has no file".to_owned(),
        )
    }
    };
    absent.map(finding).collect()
}
