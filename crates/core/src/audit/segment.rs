//! What must hold for the events of one segment, and for copies of one event.
//!
//! Owns the signs that a line was lost, moved or altered. Refuses to read files: it is given events in their order.

use super::Finding;
use crate::EventId;
use crate::event::Event;
use std::collections::{BTreeMap, BTreeSet};

/// Returns what the order of events in a segment gives away.
///
/// One clone alone appends to a segment, and its clock only rises; the events of one transaction have ids in a row.
pub fn audit_segment(path: &str, events: &[Event]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let descends = |pair: &&[Event]| pair[1].lc <= pair[0].lc && pair[1].id != pair[0].id;
    if let Some(pair) = events.windows(2).find(descends) {
        let message = format!(
            "event {} stands behind event {}, which came later",
            pair[1].id, pair[0].id
        );
        findings.push(Finding::of_file(
            "events_out_of_order",
            Some(path.to_owned()),
            message,
        ));
    }
    let mut txns: BTreeMap<EventId, BTreeSet<EventId>> = BTreeMap::new();
    for event in events {
        txns.entry(event.txn).or_default().insert(event.id);
    }
    for (txn, ids) in txns {
        // Whether the last ones are missing too, only the chain of revisions can tell.
        let missing = (0..ids.len())
            .map(|place| txn.offset(place))
            .find(|id| !ids.contains(id));
        if let Some(id) = missing {
            let message = format!("event {id} of transaction {txn} is missing");
            findings.push(Finding::of_file(
                "missing_event",
                Some(path.to_owned()),
                message,
            ));
        }
    }
    findings
}

/// Returns the ids under which the log holds different events; copies that agree are harmless.
pub fn audit_copies<'a>(
    segments: impl IntoIterator<Item = (&'a str, &'a [Event])>,
) -> Vec<Finding> {
    let mut seen: BTreeMap<EventId, &Event> = BTreeMap::new();
    let mut findings = Vec::new();
    for (path, events) in segments {
        for event in events {
            let first = seen.entry(event.id).or_insert(event);
            if *first != event {
                let message = format!("event {} stands in the log with other words too", event.id);
                findings.push(Finding::of_file(
                    "conflicting_event",
                    Some(path.to_owned()),
                    message,
                ));
            }
        }
    }
    findings
}
