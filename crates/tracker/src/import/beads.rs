//! Turns records of beads into issues.
//!
//! Owns the mapping of states, types, priorities and edges. Refuses to write anything.

use super::record::{Edge, Record};
use super::{ImportReport, Left};
use jit_core::decide::Imported;
use jit_core::issue::{
    Comment, CommentKind, Hold, IssueType, Link, LinkKind, MAX_DESCRIPTION, MAX_TEXT, MAX_TITLE,
};
use jit_core::{Assignee, Issue, IssueId, Label, Priority, Request, Snapshot, State, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Members that become fields of an issue; every other one is kept in `context.origin`.
const MAPPED: [&str; 15] = [
    "id",
    "title",
    "description",
    "status",
    "priority",
    "issue_type",
    "assignee",
    "labels",
    "dependencies",
    "comments",
    "created_at",
    "created_by",
    "updated_at",
    "closed_at",
    "close_reason",
];

/// One import under way.
pub(super) struct Batch<'a> {
    request: &'a Request,
    as_open: bool,
    /// New ids by old ids, those of earlier imports too.
    ids: BTreeMap<String, IssueId>,
    taken_before: BTreeSet<String>,
    report: ImportReport,
}

impl<'a> Batch<'a> {
    pub(super) fn new(snapshot: &Snapshot, request: &'a Request, as_open: bool) -> Self {
        let origin = |issue: &Issue| {
            Some((
                issue.context.get("origin_id")?.as_str()?.to_owned(),
                issue.id.clone(),
            ))
        };
        let ids: BTreeMap<String, IssueId> = snapshot.records().filter_map(origin).collect();
        let taken_before = ids.keys().cloned().collect();
        Self {
            request,
            as_open,
            ids,
            taken_before,
            report: ImportReport::default(),
        }
    }

    /// Returns the issues to add, each with one of the `drawn` ids.
    pub(super) fn convert(&mut self, records: &[Record], drawn: &[IssueId]) -> Vec<Issue> {
        self.report.n_records = records.len();
        let mut accepted: Vec<(&Record, IssueId)> = Vec::new();
        for (record, id) in records.iter().zip(drawn) {
            if let Some(reason) = self.reason_to_skip(record) {
                ImportReport::count(&mut self.report.skipped, reason);
            } else {
                self.ids.insert(record.id.clone(), id.clone());
                accepted.push((record, id.clone()));
            }
        }
        let mut edges = edges_by_issue(&accepted);
        let mut issues = Vec::with_capacity(accepted.len());
        for (record, id) in accepted {
            let mut issue = self.issue(record, id);
            for edge in edges.remove(&record.id).unwrap_or_default() {
                self.connect(&mut issue, edge);
            }
            issues.push(issue);
        }
        // What is left begins at issues that were not taken.
        for edge in edges.into_values().flatten() {
            self.leave_out(edge);
        }
        self.report.n_taken = issues.len();
        issues
    }

    /// Returns the report, with the edges that the decision left out.
    pub(super) fn finish(self, imported: &Imported) -> ImportReport {
        let mut report = self.report;
        let old_ids: BTreeMap<&IssueId, &String> =
            self.ids.iter().map(|(old, new)| (new, old)).collect();
        let name = |id: &IssueId| {
            old_ids
                .get(id)
                .map_or_else(|| id.to_string(), |old| (*old).clone())
        };
        for edge in &imported.cyclic {
            let (kind, count) = if edge.is_parent {
                ("parent-child", "parent")
            } else {
                ("blocks", "dependency")
            };
            if let Some(n) = report.edges.get_mut(count) {
                *n -= 1;
            }
            let (from, to) = (name(&edge.from), name(&edge.to));
            report.left_out.push(Left {
                from,
                to,
                kind: kind.to_owned(),
                reason: "cycle",
            });
        }
        report
    }

    fn reason_to_skip(&self, record: &Record) -> Option<&'static str> {
        if record.text("status") == Some("tombstone") {
            return Some("tombstone");
        }
        if self.taken_before.contains(&record.id) {
            return Some("taken before");
        }
        self.ids
            .contains_key(&record.id)
            .then_some("id stands twice in the input")
    }

    fn issue(&mut self, record: &Record, id: IssueId) -> Issue {
        let now = self.request.now.wall;
        for (from, to) in record.oddities() {
            self.map(&from, to);
        }
        let created_by = record.person("created_by");
        let created_by = created_by.unwrap_or_else(|| self.request.actor.clone());
        let created_at = record.time("created_at").unwrap_or(now);
        let mut issue = Issue::new(id, self.title(record), created_by, created_at);
        issue.description = self.text(
            "description",
            record.text("description").unwrap_or_default(),
            MAX_DESCRIPTION,
        );
        issue.updated_at = record.time("updated_at").unwrap_or(created_at);
        issue.priority = self.priority(record);
        issue.labels = self.labels(record);
        issue.comments = self.comments(record);
        issue.origin = Some(format!("beads:{}", record.id));
        issue.context = origin(record);
        self.set_type(&mut issue, record);
        self.set_state(&mut issue, record);
        issue
    }

    fn title(&mut self, record: &Record) -> String {
        let given = record.text("title").unwrap_or_default();
        let line = given.replace(['\n', '\r'], " ");
        if line != given {
            self.map("newline in a title", "space");
        }
        if line.trim().is_empty() {
            self.map("empty title", "(untitled)");
            return "(untitled)".to_owned();
        }
        self.text("title", &line, MAX_TITLE)
    }

    fn text(&mut self, what: &str, text: &str, max: usize) -> String {
        let end = text.floor_char_boundary(max);
        if end < text.len() {
            self.map(&format!("{what} over {max} bytes"), "cut");
        }
        text[..end].to_owned()
    }

    fn priority(&mut self, record: &Record) -> Priority {
        match record.fields.get("priority").and_then(Value::as_u64) {
            Some(0) => Priority::Critical,
            Some(1) => Priority::High,
            Some(2) => Priority::Normal,
            Some(3 | 4) => Priority::Low,
            _ => {
                self.map("unknown priority", "normal");
                Priority::Normal
            }
        }
    }

    fn labels(&mut self, record: &Record) -> BTreeSet<Label> {
        let given = record
            .fields
            .get("labels")
            .and_then(Value::as_array)
            .unwrap_or_default();
        let mut labels = BTreeSet::new();
        for text in given.iter().filter_map(Value::as_str) {
            let plain = text.replace(
                |ch: char| ch.is_whitespace() || ch.is_control() || ch == ',',
                "-",
            );
            match Label::parse(plain.trim_matches('-')) {
                Ok(label) => {
                    if label.as_str() != text {
                        self.map("label with spaces or commas", "label with dashes");
                    }
                    labels.insert(label);
                }
                Err(_) => self.map("label that can't be one", "nothing"),
            }
        }
        labels
    }

    fn comments(&mut self, record: &Record) -> Vec<Comment> {
        let mut comments = Vec::new();
        for (place, given) in record.objects("comments").enumerate() {
            let member = |name: &str| given.get(name).and_then(Value::as_str);
            let by = member("author").and_then(|author| Assignee::parse(author).ok());
            let at = member("created_at").and_then(|at| jit_core::Timestamp::parse(at).ok());
            comments.push(Comment {
                id: format!("import-{}", place + 1),
                by: by.unwrap_or_else(|| self.request.actor.clone()),
                at: at.unwrap_or(self.request.now.wall),
                text: self.text("comment", member("text").unwrap_or_default(), MAX_TEXT),
                kind: CommentKind::Note,
            });
        }
        comments
    }

    fn set_type(&mut self, issue: &mut Issue, record: &Record) {
        let given = record.text("issue_type").unwrap_or("task");
        if let Some(kind) = IssueType::parse(given)
            .ok()
            .filter(|kind| self.request.policy.types.contains(kind))
        {
            issue.kind = kind;
        } else {
            self.map(&format!("type {given}"), "task");
            issue.context.insert("origin_type".to_owned(), given.into());
        }
    }

    fn set_state(&mut self, issue: &mut Issue, record: &Record) {
        let status = record.text("status").unwrap_or("open");
        let assignee = record.person("assignee");
        if self.as_open {
            if status != "open" {
                self.map(&format!("status {status}"), "open");
            }
            return;
        }
        match status {
            "open" => issue.assignee = assignee,
            "closed" => {
                issue.state = State::Done;
                issue.assignee = assignee;
                issue.closed_at = Some(record.time("closed_at").unwrap_or(issue.updated_at));
                issue.close_reason = record.text("close_reason").map(str::to_owned);
                self.map("status closed", "done");
            }
            "in_progress" | "hooked" => {
                self.map(&format!("status {status}"), "open");
                if let Some(assignee) = record.text("assignee") {
                    issue
                        .context
                        .insert("origin_assignee".to_owned(), assignee.into());
                }
            }
            other => {
                self.map(&format!("status {other}"), "open, on hold");
                issue.assignee = assignee;
                issue.hold = Some(Hold {
                    by: self.request.actor.clone(),
                    at: self.request.now.wall,
                    reason: format!("{other} when it was imported"),
                });
            }
        }
    }

    fn connect(&mut self, issue: &mut Issue, edge: Edge) {
        let Some(target) = self.ids.get(&edge.to).cloned() else {
            self.leave_out(edge);
            return;
        };
        let became = match edge.kind.as_str() {
            "blocks" => {
                issue.dependencies.insert(target);
                "dependency"
            }
            "parent-child" if issue.parent.is_none() => {
                issue.parent = Some(target);
                "parent"
            }
            kind => {
                let kind = link_kind(kind);
                issue.links.insert(Link { kind, target });
                kind.as_str()
            }
        };
        ImportReport::count(&mut self.report.edges, became);
    }

    fn leave_out(&mut self, edge: Edge) {
        let Edge { from, to, kind } = edge;
        self.report.left_out.push(Left {
            from,
            to,
            kind,
            reason: "dangling",
        });
    }

    fn map(&mut self, from: &str, to: &str) {
        ImportReport::count(&mut self.report.mapped, format!("{from} → {to}"));
    }
}

fn edges_by_issue(accepted: &[(&Record, IssueId)]) -> BTreeMap<String, Vec<Edge>> {
    let mut found: BTreeMap<String, Vec<Edge>> = BTreeMap::new();
    for edge in accepted.iter().flat_map(|(record, _)| record.edges()) {
        let edges = found.entry(edge.from.clone()).or_default();
        if !edges.contains(&edge) {
            edges.push(edge);
        }
    }
    found
}

fn link_kind(kind: &str) -> LinkKind {
    match kind {
        "discovered-from" => LinkKind::DiscoveredFrom,
        "duplicates" => LinkKind::Duplicates,
        "supersedes" => LinkKind::Supersedes,
        "caused-by" => LinkKind::CausedBy,
        _ => LinkKind::Related,
    }
}

fn origin(record: &Record) -> BTreeMap<String, Value> {
    let kept = record
        .fields
        .iter()
        .filter(|(name, _)| !MAPPED.contains(&name.as_str()));
    let rest: BTreeMap<String, Value> = kept
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let mut context = BTreeMap::from([("origin_id".to_owned(), Value::from(record.id.as_str()))]);
    if !rest.is_empty() {
        context.insert("origin".to_owned(), Value::Object(rest));
    }
    for (name, kept) in [
        ("created_by", "origin_created_by"),
        ("assignee", "origin_assignee"),
    ] {
        if let Some(text) = record.text(name).filter(|_| record.person(name).is_none()) {
            context.insert(kept.to_owned(), text.into());
        }
    }
    context
}
