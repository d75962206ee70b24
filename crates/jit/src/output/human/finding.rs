//! Findings and repairs as people read them.
//!
//! Owns their pages. Refuses to fetch anything: what is shown is in the objects.

use super::{items, text};
use crate::output::color::Style;
use crate::output::page::Page;
use jit_core::Value;

/// Returns a finding with its remedy, and the edges of a cycle with their origin.
pub(super) fn page(object: &Value) -> Page {
    let mut page = Page::default();
    let style = if text(object, "severity") == "notice" {
        Style::Yellow
    } else {
        Style::Red
    };
    page.text(style, text(object, "code")).plain(" ");
    let path = text(object, "path");
    let place = if path.is_empty() {
        text(object, "issue")
    } else {
        path
    };
    if !place.is_empty() {
        page.text(Style::Cyan, place).plain(": ");
    }
    page.plain(text(object, "message")).end();
    for edge in items(object, "edges") {
        let arrow = match text(edge, "kind") {
            "parent" => "is a part of",
            _ => "waits for",
        };
        let actor = text(edge, "actor");
        let origin = if actor.is_empty() {
            "the log does not know who added that".to_owned()
        } else {
            format!(
                "added by {actor} at {}, event {}",
                text(edge, "ts"),
                text(edge, "event")
            )
        };
        let line = format!(
            "  {} {arrow} {}: {origin}",
            text(edge, "from"),
            text(edge, "to")
        );
        page.plain(&line).end();
    }
    let remedy = text(object, "remedy");
    if !remedy.is_empty() {
        page.text(Style::Dim, "  remedy: ").plain(remedy).end();
    }
    page
}

/// Returns the steps of a repair, and what is left.
pub(super) fn repair(object: &Value) -> Page {
    let mut page = Page::default();
    for step in items(object, "steps") {
        page.text(Style::Green, text(step, "code")).plain(" ");
        page.text(Style::Cyan, text(step, "path")).plain(": ");
        page.plain(text(step, "action")).end();
    }
    let left = items(object, "left");
    if !left.is_empty() {
        page.text(Style::Bold, "Left as it is:").end();
    }
    for finding in left {
        page.append(self::page(finding));
    }
    page
}
