//! Which issues a question asks for, and in which order.
//!
//! Owns the order of `query ready` and the fixed queries of `docs/design/tracker.md` section 5. Refuses to print.

use crate::{Assignee, Issue, IssueId, Priority, Readiness, ShownState, State, Timestamp};

/// Returns the work to take: priority first, then how long it has been ready, then the id.
pub fn ready<'a>(readiness: &Readiness<'a>) -> Vec<&'a Issue> {
    let snapshot = readiness.snapshot;
    let mut found: Vec<&Issue> = snapshot
        .issues()
        .filter(|issue| readiness.is_available(issue))
        .collect();
    found.sort_by_cached_key(|issue| urgency(readiness, issue));
    found
}

/// Returns the open issues that something blocks, in the order of `ready`.
pub fn blocked<'a>(readiness: &Readiness<'a>) -> Vec<&'a Issue> {
    let snapshot = readiness.snapshot;
    let is_blocked = |issue: &&Issue| readiness.shown(issue) == ShownState::Open;
    let mut found: Vec<&Issue> = snapshot.issues().filter(is_blocked).collect();
    found.sort_by_cached_key(|issue| urgency(readiness, issue));
    found
}

/// Returns what `who` has to do, what it holds first: `in_progress` by the time of the claim, then `gated`, `ready` and
/// `open`. With `all`, its resolved issues follow.
pub fn assigned<'a>(readiness: &Readiness<'a>, who: &Assignee, all: bool) -> Vec<&'a Issue> {
    let snapshot = readiness.snapshot;
    let is_asked_for = |issue: &&Issue| {
        readiness.assignee(issue) == Some(who) && (all || !issue.state.is_resolved())
    };
    let mut found: Vec<&Issue> = snapshot.issues().filter(is_asked_for).collect();
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
    let is_asked_for = |issue: &&Issue| issue.priority == priority && !issue.state.is_resolved();
    let mut found: Vec<&Issue> = snapshot.issues().filter(is_asked_for).collect();
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
