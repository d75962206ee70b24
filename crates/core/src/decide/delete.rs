//! Deletes issues, and takes it back.
//!
//! Owns tombstones: what must not hang on an issue when it goes, and which edges `--force` cuts. Refuses to remove any
//! record, so that a deletion travels through git like every other change.

use super::Decision;
use super::depend::refuse_cycle;
use super::edit::{AfterEnd, Edit, Step};
use super::release::{exit_gates, return_to_open};
use crate::event::EventKind;
use crate::issue::Deleted;
use crate::{Issue, IssueId, LeaseState, Refusal, Request, Snapshot, State};
use std::collections::BTreeSet;

/// Turns each issue into a tombstone; what hangs on it refuses, unless it is deleted along with it or `force` is set, which
/// cuts the edges of the others and ends the lease.
pub fn delete(snapshot: &Snapshot, request: &Request, ids: &[IssueId]) -> Decision {
    let mut edit = Edit::new(snapshot, request);
    let together: BTreeSet<&IssueId> = ids.iter().collect();
    for id in ids {
        delete_one(&mut edit, id, &together)?;
    }
    Ok(edit.finish())
}

/// Takes the deletion of each issue back; edges that were cut by force stay cut.
pub fn restore(snapshot: &Snapshot, request: &Request, ids: &[IssueId]) -> Decision {
    let mut edit = Edit::new(snapshot, request);
    for id in ids {
        let is_deleted = edit.snapshot().record(id).is_some_and(Issue::is_deleted);
        if is_deleted {
            edit.change(
                id,
                Step::noted(EventKind::IssueDeleted, Some("restored".to_owned())),
                |issue| issue.deleted = None,
            );
            refuse_cycle(&edit, id)?;
        }
        // The version that the caller saw is the one before this decision, whether it was a tombstone or not.
        edit.guard(id, AfterEnd::Nothing)?;
    }
    Ok(edit.finish())
}

fn delete_one(
    edit: &mut Edit<'_>,
    id: &IssueId,
    together: &BTreeSet<&IssueId>,
) -> Result<(), Refusal> {
    if let Some(tombstone) = edit
        .snapshot()
        .record(id)
        .filter(|record| record.is_deleted())
    {
        // A tombstone has no lease, so an epoch can only be that of one which is over.
        return match edit.request.fence.epoch_for(id) {
            Some(presented) if presented != tombstone.epoch => Err(Refusal::LeaseLost {
                id: id.clone(),
                presented,
                current: None,
            }),
            _ => Ok(()),
        };
    }
    edit.guard(id, AfterEnd::Nothing)?;
    let hanging = Hanging::on(edit, id, together);
    if !hanging.is_nothing() && !edit.request.force {
        return Err(hanging.refusal(id));
    }
    hanging.cut(edit, id)?;
    let issue = edit.issue(id)?;
    let exits = exit_gates(edit.snapshot(), issue);
    let deleted = Deleted {
        at: edit.request.now.wall,
        by: edit.request.actor.clone(),
    };
    // Whoever held it holds it no longer, and the log says under which epoch that was.
    let step = Step {
        epoch: edit.live_lease(id).map(|lease| lease.epoch),
        ..Step::noted(EventKind::IssueDeleted, hanging.note())
    };
    edit.end_lease(id, LeaseState::Released);
    edit.change(id, step, |issue| {
        issue.deleted = Some(deleted);
        if issue.state == State::InProgress {
            return_to_open(issue, &exits);
        }
    });
    Ok(())
}

/// What hangs on an issue.
struct Hanging {
    dependents: Vec<IssueId>,
    children: Vec<IssueId>,
    holder: Option<crate::Assignee>,
}

impl Hanging {
    fn on(edit: &Edit<'_>, id: &IssueId, together: &BTreeSet<&IssueId>) -> Self {
        let snapshot = edit.snapshot();
        let stays = |id: &IssueId| !together.contains(id);
        let dependents = snapshot.dependents(id).map(|issue| issue.id.clone());
        let children = snapshot.children(id).map(|issue| issue.id.clone());
        Self {
            dependents: dependents.filter(stays).collect(),
            children: children.filter(stays).collect(),
            holder: edit.live_lease(id).map(|lease| lease.holder.clone()),
        }
    }

    fn is_nothing(&self) -> bool {
        self.dependents.is_empty() && self.children.is_empty() && self.holder.is_none()
    }

    fn refusal(self, id: &IssueId) -> Refusal {
        Refusal::StillNeeded {
            id: id.clone(),
            dependents: self.dependents,
            children: self.children,
            holder: self.holder,
        }
    }

    /// Cuts the edges of those that stay.
    fn cut(&self, edit: &mut Edit<'_>, id: &IssueId) -> Result<(), Refusal> {
        let note = || Some(format!("{id} was deleted"));
        for dependent in &self.dependents {
            edit.guard_unnamed(dependent)?;
            edit.change(
                dependent,
                Step::noted(EventKind::DepRemoved, note()),
                |issue| {
                    issue.dependencies.remove(id);
                },
            );
        }
        for child in &self.children {
            edit.guard_unnamed(child)?;
            edit.change(
                child,
                Step::noted(EventKind::IssueUpdated, note()),
                |issue| issue.parent = None,
            );
        }
        Ok(())
    }

    fn note(&self) -> Option<String> {
        if self.is_nothing() {
            return None;
        }
        let reasons =
            crate::refusal::hanging(&self.dependents, &self.children, self.holder.as_ref());
        Some(format!("forced: {reasons}"))
    }
}
