//! What the log says about epochs, independently of what the processes were told.
//!
//! Owns one law: an effect carries the epoch that was granted last. Refuses to look at anything but events.

use std::collections::BTreeMap;

use serde_json::Value;

/// Returns the events that an epoch has brought about which had been superseded, or that finish an issue twice.
pub(super) fn superseded(events: &[Value]) -> Vec<&Value> {
    let mut granted: BTreeMap<&str, u64> = BTreeMap::new();
    let mut finished: BTreeMap<&str, bool> = BTreeMap::new();
    let mut found = Vec::new();
    for event in events {
        let (Some(issue), Some(kind)) = (event["issue"].as_str(), event["type"].as_str()) else {
            continue;
        };
        let last = granted.entry(issue).or_default();
        let is_done = finished.entry(issue).or_default();
        let epoch = event["epoch"].as_u64();
        let is_wrong = match kind {
            "issue.claimed" => epoch.is_none_or(|epoch| epoch != *last + 1),
            "issue.done" => *is_done || epoch.is_some_and(|epoch| epoch != *last),
            _ => epoch.is_some_and(|epoch| epoch != *last),
        };
        match kind {
            "issue.claimed" => *last = epoch.unwrap_or(*last),
            "issue.done" => *is_done = true,
            "issue.reopened" => *is_done = false,
            _ => {}
        }
        if is_wrong {
            found.push(event);
        }
    }
    found
}
