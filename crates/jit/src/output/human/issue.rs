//! An issue as a page, and issues as a tree.
//!
//! Owns what of an issue is worth a person's look, and in which order. Refuses to phrase reasons: `core` does.

use super::{brief, items, labelled, member, text};
use crate::output::color::Style;
use crate::output::page::Page;
use jit_core::Value;

/// Returns all that is worth knowing about one issue.
pub(super) fn page(issue: &Value) -> Page {
    let mut page = Page::default();
    page.text(Style::Cyan, text(issue, "id")).plain("  ");
    page.text(Style::Bold, text(issue, "title")).end();
    let state = text(issue, "state");
    page.text(Style::of_state(state), state).plain(", ");
    let priority = text(issue, "priority");
    page.text(Style::of_priority(priority), priority)
        .plain(", ");
    page.plain(text(issue, "type")).end();
    for name in [
        "assignee",
        "parent",
        "due",
        "not_before",
        "estimate_minutes",
        "close_reason",
    ] {
        if let Some(value) = member(issue, name) {
            labelled(&mut page, name, &brief(value));
        }
    }
    for name in ["labels", "dependencies", "dependents", "children"] {
        if !items(issue, name).is_empty() {
            labelled(&mut page, name, &join(items(issue, name)));
        }
    }
    lease(&mut page, issue);
    blockers(&mut page, issue);
    gates(&mut page, issue);
    links(&mut page, issue);
    let description = text(issue, "description");
    if !description.trim().is_empty() {
        page.end().block("", description);
    }
    checklist(&mut page, issue);
    comments(&mut page, issue);
    page.end();
    labelled(
        &mut page,
        "created",
        &format!(
            "{} by {}",
            text(issue, "created_at"),
            text(issue, "created_by")
        ),
    );
    labelled(&mut page, "updated", text(issue, "updated_at"));
    labelled(
        &mut page,
        "rev",
        &format!("{}, etag {}", brief_of(issue, "rev"), text(issue, "etag")),
    );
    page
}

fn join(values: &[Value]) -> String {
    values.iter().map(brief).collect::<Vec<_>>().join(", ")
}

fn brief_of(issue: &Value, name: &str) -> String {
    member(issue, name).map(brief).unwrap_or_default()
}

fn lease(page: &mut Page, issue: &Value) {
    let Some(lease) = member(issue, "lease") else {
        return;
    };
    let ends = match text(lease, "expires_at") {
        "" => "never expires".to_owned(),
        at => format!("until {at}"),
    };
    let epoch = brief_of(lease, "epoch");
    labelled(
        page,
        "lease",
        &format!("{}, epoch {epoch}, {ends}", text(lease, "holder")),
    );
}

fn blockers(page: &mut Page, issue: &Value) {
    for blocker in items(issue, "blocked_by") {
        labelled(page, "blocked by", &reason(blocker));
    }
}

/// Returns an issue with what blocks it.
pub(super) fn reasons(issue: &Value) -> Page {
    let mut page = Page::default();
    page.text(Style::Cyan, text(issue, "id")).plain("  ");
    let state = text(issue, "state");
    page.text(Style::of_state(state), state).plain("  ");
    page.plain(text(issue, "title")).end();
    for blocker in items(issue, "blocked_by") {
        page.plain("  ").text(Style::Yellow, &reason(blocker)).end();
    }
    page
}

/// Returns a blocker in the words that refusals use for it; one of a newer version as it is.
fn reason(blocker: &Value) -> String {
    jit_core::blocker::words_of(blocker).unwrap_or_else(|| brief(blocker))
}

fn gates(page: &mut Page, issue: &Value) {
    let Some(gates) = member(issue, "gates").and_then(Value::as_object) else {
        return;
    };
    for (key, result) in gates {
        let mut shown = format!("{key} {}", text(result, "status"));
        for (word, name) in [("by", "by"), ("at", "at"), ("—", "note")] {
            let value = text(result, name);
            if !value.is_empty() {
                shown.extend([" ", word, " ", value]);
            }
        }
        labelled(page, "gate", &shown);
    }
}

fn links(page: &mut Page, issue: &Value) {
    for link in items(issue, "links") {
        let kind = text(link, "kind").replace('_', " ");
        labelled(page, "link", &format!("{kind} {}", text(link, "target")));
    }
}

fn checklist(page: &mut Page, issue: &Value) {
    let criteria = items(issue, "checklist");
    if criteria.is_empty() {
        return;
    }
    page.end().text(Style::Bold, "Checklist").end();
    for item in criteria {
        let is_done = member(item, "done")
            .and_then(Value::as_bool)
            .unwrap_or(false);
        let mark = if is_done { "[x] " } else { "[ ] " };
        page.plain(mark).plain(text(item, "id")).plain(" ");
        page.plain(text(item, "text")).end();
    }
}

fn comments(page: &mut Page, issue: &Value) {
    for comment in items(issue, "comments") {
        page.end()
            .text(Style::Bold, text(comment, "by"))
            .plain(", ");
        page.text(Style::Dim, text(comment, "at")).end();
        page.block("  ", text(comment, "text"));
    }
}

/// Returns issues indented by their `depth`.
pub(super) fn tree(nodes: &[Value]) -> Page {
    let mut page = Page::default();
    for node in nodes {
        let depth = member(node, "depth").and_then(Value::as_u64).unwrap_or(0);
        let indent = "  ".repeat(usize::try_from(depth).unwrap_or(0).min(40));
        page.plain(&indent)
            .text(Style::Cyan, text(node, "id"))
            .plain("  ");
        let state = text(node, "state");
        page.text(Style::of_state(state), &format!("{state:<11}"))
            .plain("  ");
        page.plain(text(node, "title")).end();
    }
    page
}
