//! Mends what can be mended without asking anybody: `jit validate --fix`.
//!
//! Owns which findings of the audit have one safe answer, and that answer. Refuses everything that takes somebody's
//! judgement: an edge to an issue that is missing, a gate that nobody defines, a lease that somebody holds.

use super::edit::Edit;
use crate::audit::{Additions, History};
use crate::event::{Event, EventKind};
use crate::graph::{self, Edge, EdgeKind};
use crate::{Changeset, Issue, IssueId, LeaseState, Request, Snapshot};

/// One thing that was mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mended {
    /// The code of the finding.
    pub code: &'static str,
    /// The issue concerned.
    pub issue: IssueId,
    /// What was done, as a sentence.
    pub action: String,
}

/// Mends what has one safe answer, and says what that is; `events` is the whole log.
///
/// Which edge of a cycle goes follows from the log alone, so that two clones which mend alone come to the same graph.
pub fn mend(snapshot: &Snapshot, request: &Request, events: &[Event]) -> (Changeset, Vec<Mended>) {
    let mut edit = Edit::new(snapshot, request);
    let mut mended = accept_edits(snapshot, events, &mut edit);
    mended.extend(end_leases(snapshot, &mut edit));
    mended.extend(cut_cycles(events, &mut edit));
    (edit.finish(), mended)
}

/// Takes over files that were edited by hand, so that the log accounts for them again.
fn accept_edits(snapshot: &Snapshot, events: &[Event], edit: &mut Edit<'_>) -> Vec<Mended> {
    let is_edited = |issue: &&Issue| issue.etag != issue.compute_etag() && !issue.is_read_only();
    let edited: Vec<&Issue> = snapshot.records().filter(is_edited).collect();
    if edited.is_empty() {
        return Vec::new();
    }
    let history = History::new(events);
    let mut mended = Vec::new();
    for issue in edited {
        let id = &issue.id;
        // The edit may have garbled the etag too: then the last version that the log knows came before it.
        let known = history
            .event(id, &issue.etag)
            .map(|_| issue.etag.as_str())
            .or_else(|| history.head(id));
        let before = known.and_then(|etag| history.rebuild(id, etag, &[]));
        let prev = known.unwrap_or(&issue.etag).to_owned();
        edit.accept(id, before.as_ref(), prev);
        mended.push(Mended {
            code: "external_change",
            issue: id.clone(),
            action: "record the outside change of its file in the log".to_owned(),
        });
    }
    mended
}

/// Ends leases that hold nothing any more.
fn end_leases(snapshot: &Snapshot, edit: &mut Edit<'_>) -> Vec<Mended> {
    let held = snapshot
        .leases()
        .filter(|lease| lease.state == LeaseState::Held);
    let mut mended = Vec::new();
    for lease in held {
        let Some(issue) = snapshot.record(&lease.issue) else {
            continue;
        };
        let code = if issue.is_deleted() {
            "lease_of_tombstone"
        } else if lease.epoch < issue.epoch {
            "lease_overtaken"
        } else {
            continue;
        };
        edit.end_lease(&lease.issue, LeaseState::Expired);
        mended.push(Mended {
            code,
            issue: lease.issue.clone(),
            action: format!(
                "end the lease of {} under epoch {}, which holds nothing",
                lease.holder, lease.epoch
            ),
        });
    }
    mended
}

/// Removes edges until no issue waits for itself.
fn cut_cycles(events: &[Event], edit: &mut Edit<'_>) -> Vec<Mended> {
    let mut mended = Vec::new();
    let mut additions: Option<Additions> = None;
    loop {
        let mut edges = graph::edges_on_cycles(edit.snapshot());
        let is_read_only =
            |id: &IssueId| edit.snapshot().issue(id).is_some_and(Issue::is_read_only);
        edges.retain(|edge| !is_read_only(&edge.from));
        if edges.is_empty() {
            return mended;
        }
        let additions = additions.get_or_insert_with(|| Additions::new(events));
        let last = edges.into_iter().max_by_key(|edge| additions.rank(edge));
        let edge = last.expect("there is one at least");
        if !cut(edit, &edge) {
            return mended;
        }
        let origin = match additions.of(&edge.from, &edge.to, edge.kind) {
            Some(added) => format!("{} added it at {}", added.actor, added.ts),
            None => "the log does not know who added it".to_owned(),
        };
        let what = match edge.kind {
            EdgeKind::Dependency => format!("remove its dependency on {}", edge.to),
            EdgeKind::Parent => format!("remove its parent {}", edge.to),
        };
        mended.push(Mended {
            code: "cycle",
            issue: edge.from,
            action: format!("{what}, the last edge of a cycle ({origin})"),
        });
    }
}

fn cut(edit: &mut Edit<'_>, edge: &Edge) -> bool {
    match edge.kind {
        EdgeKind::Dependency => edit.change(&edge.from, EventKind::DepRemoved, |issue| {
            issue.dependencies.remove(&edge.to);
        }),
        EdgeKind::Parent => edit.change(&edge.from, EventKind::IssueUpdated, |issue| {
            issue.parent = None;
        }),
    }
}
