//! Says how issues are related without blocking each other.
//!
//! Owns the links of an issue. Refuses to follow them: a link never keeps anything from being done, and its target may go.

use super::Decision;
use super::edit::{AfterEnd, Edit};
use crate::event::EventKind;
use crate::issue::{Link, LinkKind};
use crate::{IssueId, Refusal, Request, Snapshot};

/// Most links of one issue.
pub const MAX_LINKS: usize = 1_000;

/// Links `id` to each target; refused when one does not exist or is the issue itself.
pub fn link(
    snapshot: &Snapshot,
    request: &Request,
    id: &IssueId,
    kind: LinkKind,
    targets: &[IssueId],
) -> Decision {
    let mut edit = Edit::new(snapshot, request);
    edit.guard(id, AfterEnd::Nothing)?;
    for target in targets {
        edit.issue(target)?;
        if target == id {
            return Err(Refusal::invalid(
                "links",
                "an issue can't be linked to itself",
            ));
        }
    }
    let links = targets.iter().map(|target| Link {
        kind,
        target: target.clone(),
    });
    let links: Vec<Link> = links.collect();
    let known = &edit.issue(id)?.links;
    let n_new = links.iter().filter(|link| !known.contains(link)).count();
    if n_new > 0 && known.len() + n_new > MAX_LINKS {
        return Err(Refusal::invalid(
            "links",
            format_args!("at most {MAX_LINKS} are allowed"),
        ));
    }
    edit.change(id, EventKind::IssueUpdated, |issue| {
        issue.links.extend(links);
    });
    Ok(edit.finish())
}

/// Removes the links of one kind from `id` to each target.
pub fn unlink(
    snapshot: &Snapshot,
    request: &Request,
    id: &IssueId,
    kind: LinkKind,
    targets: &[IssueId],
) -> Decision {
    let mut edit = Edit::new(snapshot, request);
    edit.guard(id, AfterEnd::Nothing)?;
    edit.change(id, EventKind::IssueUpdated, |issue| {
        issue
            .links
            .retain(|link| link.kind != kind || !targets.contains(&link.target));
    });
    Ok(edit.finish())
}
