//! Puts labels on issues and takes them off.
//!
//! Owns the labels of an issue. Refuses to give any of them a meaning.

use super::Decision;
use super::edit::{AfterEnd, Edit};
use crate::event::EventKind;
use crate::{IssueId, Label, Refusal, Request, Snapshot};

/// Adds and removes labels of each issue; a label that is to be both is refused.
pub fn label(
    snapshot: &Snapshot,
    request: &Request,
    ids: &[IssueId],
    added: &[Label],
    removed: &[Label],
) -> Decision {
    if let Some(label) = added.iter().find(|label| removed.contains(label)) {
        return Err(Refusal::invalid(
            "labels",
            format_args!("`{label}` can't be added and removed at once"),
        ));
    }
    let mut edit = Edit::new(snapshot, request);
    for id in ids {
        edit.guard(id, AfterEnd::Nothing)?;
        edit.change(id, EventKind::IssueUpdated, |issue| {
            issue.labels.extend(added.iter().cloned());
            issue.labels.retain(|label| !removed.contains(label));
        });
    }
    Ok(edit.finish())
}
