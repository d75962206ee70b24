//! Which issues a question asks for, and in which order.
//!
//! Owns the order of `query ready` and the fixed queries of `docs/design/tracker.md` section 5. Refuses to print.

use crate::label::LabelPattern;
use crate::{Assignee, Issue, IssueId, Priority, Readiness, ShownState, State, Timestamp};

/// Issues in their order, of all that a question asks for.
#[derive(Clone, Debug)]
pub struct Page<'a> {
    /// The first ones.
    pub issues: Vec<&'a Issue>,
    /// How many there are in all.
    pub n_all: usize,
}

/// Returns the work to take: priority first, then how long it has been ready, then the id; the first `limit` of it.
pub fn ready<'a>(readiness: &Readiness<'a>, limit: usize) -> Page<'a> {
    let ranked = ranked(readiness, None);
    let issues = ranked.iter().take(limit);
    Page {
        n_all: ranked.len(),
        issues: issues
            .filter_map(|rank| readiness.snapshot.issue(&rank.id))
            .collect(),
    }
}

/// Returns the ready issue that comes first for `who`: one that is assigned to `who` before others, then by the order of
/// [`ready`]. Only those count that are `wanted`.
pub fn next<'a>(
    readiness: &Readiness<'a>,
    who: &Assignee,
    wanted: impl Fn(&Issue) -> bool,
) -> Option<&'a Issue> {
    let mut ranked = ranked(readiness, Some(who));
    ranked.sort_by_key(|rank| !rank.is_assigned);
    let mut issues = ranked
        .iter()
        .filter_map(|rank| readiness.snapshot.issue(&rank.id));
    // What was ranked by the word of an index may have been edited since.
    issues.find(|issue| wanted(issue) && judge(readiness, issue, Some(who)).is_some())
}

/// The place of a ready issue in the queue.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    priority: Priority,
    since: Timestamp,
    id: IssueId,
    is_assigned: bool,
}

/// Returns the place of an issue that may be taken, if it is assigned to nobody, or to `who`.
fn judge(readiness: &Readiness<'_>, issue: &Issue, who: Option<&Assignee>) -> Option<Rank> {
    let assignee = readiness.assignee(issue);
    let is_for_us = assignee.is_none() || assignee == who;
    (is_for_us && readiness.is_takeable(issue)).then(|| Rank {
        priority: issue.priority,
        since: readiness.ready_since(issue),
        id: issue.id.clone(),
        is_assigned: assignee.is_some(),
    })
}

/// Returns the ready issues that no live lease holds and that are assigned to nobody, or to `who`, in order.
fn ranked(readiness: &Readiness<'_>, who: Option<&Assignee>) -> Vec<Rank> {
    let snapshot = readiness.snapshot;
    let judged = |issue: &Issue| judge(readiness, issue, who);
    let Some(candidates) = snapshot.candidates(readiness.policy, readiness.now, who) else {
        let mut ranked: Vec<Rank> = snapshot.unresolved().filter_map(judged).collect();
        ranked.sort();
        return ranked;
    };
    let lapsed: Vec<&Issue> = snapshot
        .lapsed_leases(readiness.now)
        .filter_map(|lease| snapshot.issue(&lease.issue))
        .collect();
    let mut is_sorted = lapsed.is_empty();
    let mut ranked: Vec<Rank> = lapsed.into_iter().filter_map(judged).collect();
    for candidate in candidates {
        if candidate.is_certain {
            ranked.push(Rank {
                priority: candidate.priority,
                since: candidate.since,
                id: candidate.id,
                is_assigned: candidate.assignee.is_some(),
            });
        } else {
            is_sorted = false;
            ranked.extend(snapshot.issue(&candidate.id).and_then(judged));
        }
    }
    if !is_sorted {
        ranked.sort();
        ranked.dedup();
    }
    ranked
}

/// Returns the open issues that something blocks, in the order of `ready`.
pub fn blocked<'a>(readiness: &Readiness<'a>) -> Vec<&'a Issue> {
    let snapshot = readiness.snapshot;
    let is_blocked = |issue: &&Issue| readiness.shown(issue) == ShownState::Open;
    let mut found: Vec<&Issue> = snapshot.unresolved().filter(is_blocked).collect();
    found.sort_by_cached_key(|issue| urgency(readiness, issue));
    found
}

/// Returns what `who` has to do, what it holds first: `in_progress` by the time of the claim, then `gated`, `ready` and
/// `open`. With `all`, its resolved issues follow.
pub fn assigned<'a>(readiness: &Readiness<'a>, who: &Assignee, all: bool) -> Vec<&'a Issue> {
    let snapshot = readiness.snapshot;
    let is_asked_for = |issue: &&Issue| readiness.assignee(issue) == Some(who);
    let mut found: Vec<&Issue> = if all {
        snapshot.issues().filter(is_asked_for).collect()
    } else {
        snapshot.unresolved().filter(is_asked_for).collect()
    };
    found.sort_by_cached_key(|issue| {
        let shown = readiness.shown(issue);
        let claimed = snapshot.lease(&issue.id).map(|lease| lease.granted_wall);
        (
            place(shown),
            claimed.filter(|_| shown == ShownState::InProgress),
            urgency(readiness, issue),
        )
    });
    found
}

/// Returns the issues that are shown in `state`, in the order of `ready`.
pub fn in_state<'a>(readiness: &Readiness<'a>, state: ShownState) -> Vec<&'a Issue> {
    let snapshot = readiness.snapshot;
    let mut found: Vec<&Issue> = snapshot
        .issues()
        .filter(|issue| readiness.shown(issue) == state)
        .collect();
    found.sort_by_cached_key(|issue| urgency(readiness, issue));
    found
}

/// Returns the unresolved issues of one priority, in the order of `ready`.
pub fn of_priority<'a>(readiness: &Readiness<'a>, priority: Priority) -> Vec<&'a Issue> {
    let snapshot = readiness.snapshot;
    let is_asked_for = |issue: &&Issue| issue.priority == priority;
    let mut found: Vec<&Issue> = snapshot.unresolved().filter(is_asked_for).collect();
    found.sort_by_cached_key(|issue| urgency(readiness, issue));
    found
}

/// Returns the unresolved issues with a label that is asked for, in the order of `ready`; with `all`, resolved ones too.
pub fn labelled<'a>(
    readiness: &Readiness<'a>,
    pattern: &LabelPattern,
    all: bool,
) -> Vec<&'a Issue> {
    let snapshot = readiness.snapshot;
    let is_asked_for = |issue: &&Issue| issue.labels.iter().any(|label| pattern.accepts(label));
    let mut found: Vec<&Issue> = if all {
        snapshot.issues().filter(is_asked_for).collect()
    } else {
        snapshot.unresolved().filter(is_asked_for).collect()
    };
    found.sort_by_cached_key(|issue| urgency(readiness, issue));
    found
}

/// Returns every issue but the archived ones, or really every one, in order of creation.
pub fn all<'a>(readiness: &Readiness<'a>, archived_too: bool) -> Vec<&'a Issue> {
    let is_shown = |issue: &&Issue| archived_too || issue.state != State::Archived;
    let mut found: Vec<&Issue> = readiness.snapshot.issues().filter(is_shown).collect();
    found.sort_by(|left, right| (left.created_at, &left.id).cmp(&(right.created_at, &right.id)));
    found
}

fn urgency(readiness: &Readiness<'_>, issue: &Issue) -> (Priority, Timestamp, IssueId) {
    (
        issue.priority,
        readiness.ready_since(issue),
        issue.id.clone(),
    )
}

fn place(shown: ShownState) -> u8 {
    match shown {
        ShownState::InProgress => 0,
        ShownState::Gated => 1,
        ShownState::Ready => 2,
        ShownState::Open => 3,
        ShownState::Done => 4,
        ShownState::Rejected => 5,
        ShownState::Archived => 6,
    }
}
