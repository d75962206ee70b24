//! Records as the files that hold them, outside of any transaction.
//!
//! Owns the way from a record to a path and bytes, for whoever lays out a whole store at once. Refuses to write them: in a
//! store that is in use only a transaction does.

use super::{format, layout};
use jit_core::{Event, EventId, Issue, Timestamp};

/// Returns the path of an issue's file below `.jit`, and what it holds.
pub fn issue_file(issue: &Issue) -> (String, Vec<u8>) {
    let path = layout::issue(&issue.id).path.as_str().to_owned();
    (path, format::write_issue(issue))
}

/// Returns the path below `.jit` of the segment that begins with an event of this id at this time.
pub fn segment_file(ts: Timestamp, first: EventId) -> String {
    format!("events/{}/{first}.jsonl", ts.month())
}

/// Appends the line of an event, with its end.
pub fn push_event(lines: &mut Vec<u8>, event: &Event) {
    serde_json::to_writer(&mut *lines, &event.to_fields())
        .expect("writing to memory does not fail");
    lines.push(b'\n');
}
