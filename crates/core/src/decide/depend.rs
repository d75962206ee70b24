//! Adds and removes dependencies.
//!
//! Owns the edges between issues and keeps them free of cycles. Refuses to judge what is blocked (`readiness`).

use super::Decision;
use super::edit::{AfterEnd, Edit};
use crate::event::EventKind;
use crate::issue::MAX_DEPENDENCIES;
use crate::{IssueId, Refusal, Request, Snapshot, graph};

/// Makes `id` wait for each of `dependencies`; refused when anything would wait for itself.
pub fn dep_add(
    snapshot: &Snapshot,
    request: &Request,
    id: &IssueId,
    dependencies: &[IssueId],
) -> Decision {
    let mut edit = Edit::new(snapshot, request);
    edit.guard(id, AfterEnd::Nothing)?;
    for dependency in dependencies {
        edit.issue(dependency)?;
    }
    if edit.issue(id)?.dependencies.len() + dependencies.len() > MAX_DEPENDENCIES {
        return Err(Refusal::invalid(
            "dependencies",
            format_args!("at most {MAX_DEPENDENCIES} are allowed"),
        ));
    }
    let is_changed = edit.change(id, EventKind::DepAdded, |issue| {
        issue.dependencies.extend(dependencies.iter().cloned());
    });
    if is_changed {
        refuse_cycle(&edit, id)?;
    }
    Ok(edit.finish())
}

/// Makes `id` wait no longer for each of `dependencies`.
pub fn dep_rm(
    snapshot: &Snapshot,
    request: &Request,
    id: &IssueId,
    dependencies: &[IssueId],
) -> Decision {
    let mut edit = Edit::new(snapshot, request);
    edit.guard(id, AfterEnd::Nothing)?;
    edit.change(id, EventKind::DepRemoved, |issue| {
        issue
            .dependencies
            .retain(|dependency| !dependencies.contains(dependency));
    });
    Ok(edit.finish())
}

/// Refuses the edit if `id` now lies on a cycle; every new edge starts or ends at it.
pub(super) fn refuse_cycle(edit: &Edit<'_>, id: &IssueId) -> Result<(), Refusal> {
    match graph::cycle_through(edit.snapshot(), id) {
        Some(path) => Err(Refusal::Cycle { path }),
        None => Ok(()),
    }
}
