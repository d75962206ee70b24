//! Where an edge of the graph comes from: the event that added it, and its author.
//!
//! Owns the reading of edges from events. Refuses to remove an edge (`decide::mend`) and to find cycles (`graph`).

use super::Finding;
use crate::event::Event;
use crate::graph::{Edge, EdgeKind};
use crate::{Assignee, EventId, IssueId, Snapshot, Timestamp, Value};
use std::collections::BTreeMap;

/// An edge with the event that added it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdgeOrigin {
    /// The issue whose file holds the edge.
    pub from: IssueId,
    /// The issue that it names.
    pub to: IssueId,
    /// What the edge means.
    pub kind: EdgeKind,
    /// What is known of its origin; none when the log has no event that added it, as after an edit by hand.
    pub added: Option<Added>,
}

/// The event that added an edge.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Added {
    /// Its logical clock; compared first.
    pub lc: u64,
    /// Its id.
    pub event: EventId,
    /// Who caused it.
    pub actor: Assignee,
    /// When.
    pub ts: Timestamp,
}

/// Returns the edge by which `from` waits for `to`: a dependency, or a parent in either direction.
pub(super) fn between(snapshot: &Snapshot, from: &IssueId, to: &IssueId) -> Option<EdgeOrigin> {
    let edge = |from: &IssueId, to: &IssueId, kind| EdgeOrigin {
        from: from.clone(),
        to: to.clone(),
        kind,
        added: None,
    };
    let (waiting, awaited) = (snapshot.issue(from)?, snapshot.issue(to)?);
    if waiting.dependencies.contains(to) {
        Some(edge(from, to, EdgeKind::Dependency))
    } else if waiting.parent.as_ref() == Some(to) {
        Some(edge(from, to, EdgeKind::Parent))
    } else if awaited.parent.as_ref() == Some(from) {
        Some(edge(to, from, EdgeKind::Parent))
    } else {
        None
    }
}

/// Tells for each edge of each finding which event added it.
pub fn add_origins<'a>(findings: &mut [Finding], events: impl IntoIterator<Item = &'a Event>) {
    if findings.iter().all(|finding| finding.edges.is_empty()) {
        return;
    }
    let added = Additions::new(events);
    let edges = findings.iter_mut().flat_map(|finding| &mut finding.edges);
    for edge in edges {
        edge.added = added.of(&edge.from, &edge.to, edge.kind);
    }
}

/// The last event that added each edge.
#[derive(Debug, Default)]
pub(crate) struct Additions(BTreeMap<(IssueId, IssueId, EdgeKind), Added>);

impl Additions {
    /// Reads which edges the events added.
    pub(crate) fn new<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut additions = Self::default();
        for event in events {
            additions.read(event);
        }
        additions
    }

    /// Returns the last event that added an edge.
    pub(crate) fn of(&self, from: &IssueId, to: &IssueId, kind: EdgeKind) -> Option<Added> {
        self.0.get(&(from.clone(), to.clone(), kind)).cloned()
    }

    /// Returns what decides which edge of a cycle goes: an edge that the log does not know goes first, then the one that
    /// came last. The ends make the order total.
    pub(crate) fn rank(&self, edge: &Edge) -> (bool, Option<(u64, EventId)>, Edge) {
        let added = self.of(&edge.from, &edge.to, edge.kind);
        let place = added.map(|added| (added.lc, added.event));
        (place.is_none(), place, edge.clone())
    }

    fn read(&mut self, event: &Event) {
        let Some(from) = &event.draft.issue else {
            return;
        };
        let added = Added {
            lc: event.lc,
            event: event.id,
            actor: event.draft.actor.clone(),
            ts: event.draft.ts,
        };
        let mut add = |to: IssueId, kind| {
            let place = self.0.entry((from.clone(), to, kind));
            let known = place.or_insert_with(|| added.clone());
            if *known < added {
                *known = added.clone();
            }
        };
        if let Some((old, new)) = event.draft.changes.get("dependencies") {
            let before = ids(old);
            let fresh = ids(new).into_iter().filter(|id| !before.contains(id));
            fresh.for_each(|to| add(to, EdgeKind::Dependency));
        }
        if let Some((_, new)) = event.draft.changes.get("parent")
            && let Some(to) = id(new)
        {
            add(to, EdgeKind::Parent);
        }
    }
}

/// Returns the ids in a list, or in the part of a long list that an event recorded.
fn ids(value: &Value) -> Vec<IssueId> {
    let part = value.as_object().and_then(|part| part.get("$items"));
    let items = part.unwrap_or(value).as_array();
    items.unwrap_or_default().iter().filter_map(id).collect()
}

fn id(value: &Value) -> Option<IssueId> {
    value.as_str().and_then(|text| IssueId::parse(text).ok())
}
