//! The chain of revisions in the log, and the versions that can be rebuilt from it.
//!
//! Owns the rule that following `prev` from an issue's etag leads through as many events as it had revisions
//! (`docs/design/storage.md` S8). Refuses to read the log and to write anything.

use super::Finding;
use crate::changes;
use crate::event::{Event, EventKind};
use crate::fields::Fields;
use crate::{Issue, IssueId, Snapshot, merge};
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
        let versions = self.by_issue.get(id)?;
        let superseded: BTreeSet<&str> = versions
            .values()
            .flat_map(|event| event.draft.prev.iter().map(String::as_str))
            .collect();
        let heads = versions
            .iter()
            .filter(|(etag, _)| !superseded.contains(**etag));
        let last = heads.max_by_key(|(_, event)| (event.lc, event.id));
        last.map(|(etag, _)| *etag)
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
