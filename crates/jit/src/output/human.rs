//! Data as people read it.
//!
//! Owns the pages and tables of each shape. Refuses to fetch anything: what is shown is in the objects.

mod finding;
mod issue;
mod tree;

use super::color::Style;
use super::page::Page;
use super::table::{self, Cell};
use crate::reply::Shape;
use jit_core::Value;

/// Returns the text of a member; none of it when it is absent or no text.
pub(super) fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    member(object, name).and_then(Value::as_str).unwrap_or("")
}

/// Returns a member that is not null.
pub(super) fn member<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    object
        .as_object()?
        .get(name)
        .filter(|value| !value.is_null())
}

/// Returns the elements of a member that is a list.
pub(super) fn items<'a>(object: &'a Value, name: &str) -> &'a [Value] {
    member(object, name)
        .and_then(Value::as_array)
        .unwrap_or_default()
}

/// Returns a value in few words: texts as they are, lists with commas, objects as JSON.
pub(crate) fn brief(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Array(items) => items.iter().map(brief).collect::<Vec<_>>().join(","),
        Value::Object(_) => super::json::line(value),
    }
}

/// Returns one object as a page.
pub(super) fn page(shape: Shape, object: &Value) -> Page {
    match shape {
        Shape::Issue | Shape::Blocked | Shape::Node | Shape::Branch => issue::page(object),
        Shape::Why => issue::reasons(object),
        Shape::Status => status(object),
        Shape::Event => event(object),
        Shape::Finding => finding::page(object),
        Shape::Repair => finding::repair(object),
        Shape::Gate
        | Shape::Lease
        | Shape::Renewal
        | Shape::Place
        | Shape::Garbage
        | Shape::Commit
        | Shape::Migration
        | Shape::Recovered
        | Shape::Resolution
        | Shape::Import
        | Shape::Drawing
        | Shape::Export => members(shape, object),
    }
}

/// Returns several objects under each other.
pub(super) fn list(shape: Shape, objects: &[Value], width: Option<usize>) -> Page {
    match shape {
        Shape::Node => issue::tree(objects),
        Shape::Branch => tree::tree(objects),
        Shape::Blocked | Shape::Why => joined(objects, issue::reasons),
        Shape::Finding => joined(objects, finding::page),
        Shape::Repair => joined(objects, finding::repair),
        Shape::Event => joined(objects, event),
        Shape::Issue
        | Shape::Gate
        | Shape::Lease
        | Shape::Renewal
        | Shape::Garbage
        | Shape::Commit
        | Shape::Migration
        | Shape::Place
        | Shape::Recovered
        | Shape::Resolution
        | Shape::Status
        | Shape::Import
        | Shape::Drawing
        | Shape::Export => rows(objects, shape.columns(), width),
    }
}

/// Returns a table of the given members.
pub(super) fn rows<S: AsRef<str>>(objects: &[Value], columns: &[S], width: Option<usize>) -> Page {
    let rows: Vec<Vec<Cell>> = objects
        .iter()
        .map(|object| {
            columns
                .iter()
                .map(|column| cell(object, column.as_ref()))
                .collect()
        })
        .collect();
    table::lay_out(&rows, width)
}

fn cell(object: &Value, column: &str) -> Cell {
    let shown = member(object, column).map(brief).unwrap_or_default();
    let style = match column {
        "id" | "key" => Style::Cyan,
        "state" => Style::of_state(&shown),
        "priority" => Style::of_priority(&shown),
        _ => Style::Plain,
    };
    if shown.is_empty() {
        return (Style::Dim, "-".to_owned());
    }
    (style, shown)
}

fn joined(objects: &[Value], one: fn(&Value) -> Page) -> Page {
    let mut page = Page::default();
    for object in objects {
        page.append(one(object));
    }
    page
}

/// Lists the members in the order of the shape.
fn members(shape: Shape, object: &Value) -> Page {
    let mut page = Page::default();
    for name in shape.fields() {
        let Some(value) = member(object, name) else {
            continue;
        };
        let shown = brief(value);
        if !shown.is_empty() {
            labelled(&mut page, name, &shown);
        }
    }
    page
}

/// Appends a line `name: value`.
pub(super) fn labelled(page: &mut Page, name: &str, shown: &str) {
    let label = format!("{}:", name.replace('_', " "));
    page.text(Style::Dim, &format!("{label:<13} "))
        .plain(shown)
        .end();
}

fn status(object: &Value) -> Page {
    let mut page = Page::default();
    let counts = member(object, "counts").and_then(Value::as_object);
    for state in jit_core::ShownState::ALL {
        let count = counts.and_then(|counts| counts.get(state.as_str()));
        let shown = count.map(brief).unwrap_or_default();
        page.text(
            Style::of_state(state.as_str()),
            &format!("{:<12}", state.as_str()),
        );
        page.plain(&format!("{shown:>6}")).end();
    }
    let leases = items(object, "leases");
    if !leases.is_empty() {
        page.end().text(Style::Bold, "Leases").end();
        page.append(rows(leases, Shape::Lease.columns(), None));
    }
    let problems = items(object, "problems");
    if !problems.is_empty() {
        page.end().text(Style::Bold, "Problems").end();
        for problem in problems {
            page.text(Style::Red, text(problem, "path")).plain(": ");
            page.plain(text(problem, "message")).end();
        }
    }
    page
}

fn event(object: &Value) -> Page {
    let mut page = Page::default();
    page.text(Style::Dim, text(object, "ts")).plain("  ");
    page.text(Style::Cyan, &format!("{:<10}", text(object, "issue")))
        .plain("  ");
    page.plain(&format!("{:<15}", text(object, "type")))
        .plain("  ");
    page.plain(text(object, "actor"));
    let gate = text(object, "gate");
    if !gate.is_empty() {
        page.plain("  ").plain(gate);
    }
    let note = text(object, "note");
    if !note.is_empty() {
        page.plain("  ").text(Style::Dim, note);
    }
    page.end();
    page
}
