//! Says something about an issue.
//!
//! Owns comments. Refuses to change anything else.

use super::Decision;
use super::edit::{AfterEnd, Edit};
use crate::event::EventKind;
use crate::issue::{Comment, CommentKind, MAX_TEXT};
use crate::{IssueId, Refusal, Request, Snapshot};

/// Adds a comment; allowed under an ended epoch until the next grant.
pub fn comment(snapshot: &Snapshot, request: &Request, id: &IssueId, text: &str) -> Decision {
    if text.trim().is_empty() || text.len() > MAX_TEXT {
        return Err(Refusal::invalid(
            "comment",
            format_args!("must be 1 to {MAX_TEXT} bytes"),
        ));
    }
    let mut edit = Edit::new(snapshot, request);
    edit.guard(id, AfterEnd::GoOn)?;
    let comment = Comment {
        id: comment_id(&edit.issue(id)?.etag, text),
        by: request.actor.clone(),
        at: request.now.wall,
        text: text.to_owned(),
        kind: CommentKind::Note,
    };
    edit.change(id, EventKind::IssueCommented, |issue| {
        issue.comments.push(comment);
    });
    Ok(edit.finish())
}

/// Returns an id that no other comment of the issue has: the version before it is unique, and so is what follows from
/// it.
pub(super) fn comment_id(etag: &str, text: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher
        .update(etag.as_bytes())
        .update(b"\n")
        .update(text.as_bytes());
    hasher.finalize().to_hex()[..12].to_owned()
}
