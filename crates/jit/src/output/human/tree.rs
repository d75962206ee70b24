//! Issues as a tree with lines.
//!
//! Owns the lines. Refuses to change the order: that of the objects is that of the tree.

use super::{member, text};
use crate::output::color::Style;
use crate::output::page::Page;
use jit_core::Value;

/// Lines are drawn for so many levels; what lies deeper says how deep.
const MAX_DRAWN: usize = 32;

/// Returns the tree that objects with a `depth` form, each before those below it.
pub(super) fn tree(objects: &[Value]) -> Page {
    let depths: Vec<usize> = objects.iter().map(depth).collect();
    let is_last = last_of_siblings(&depths);
    // For each level above the current line, whether more of its siblings come.
    let mut goes_on: Vec<bool> = Vec::new();
    let mut page = Page::default();
    for (place, object) in objects.iter().enumerate() {
        let depth = depths[place];
        goes_on.resize(depth.saturating_sub(1), false);
        page.text(Style::Dim, &lines(&goes_on, depth, is_last[place]));
        if depth > 0 {
            goes_on.push(!is_last[place]);
        }
        branch(&mut page, object);
    }
    page
}

fn depth(object: &Value) -> usize {
    let depth = member(object, "depth").and_then(Value::as_u64);
    usize::try_from(depth.unwrap_or(0)).unwrap_or(usize::MAX)
}

/// Returns for each line whether no other of the same parent follows.
fn last_of_siblings(depths: &[usize]) -> Vec<bool> {
    // For each level, whether a line of it was seen since the last one above it; read from the end.
    let mut is_seen: Vec<bool> = Vec::new();
    let mut is_last: Vec<bool> = depths
        .iter()
        .rev()
        .map(|&depth| {
            is_seen.resize(depth + 1, false);
            !std::mem::replace(&mut is_seen[depth], true)
        })
        .collect();
    is_last.reverse();
    is_last
}

fn lines(goes_on: &[bool], depth: usize, is_last: bool) -> String {
    if depth == 0 {
        return String::new();
    }
    if depth > MAX_DRAWN {
        return format!("{}({depth}) ", "   ".repeat(MAX_DRAWN));
    }
    let mut lines = String::new();
    for goes_on in goes_on {
        lines.push_str(if *goes_on { "│  " } else { "   " });
    }
    lines.push_str(if is_last { "└─ " } else { "├─ " });
    lines
}

fn branch(page: &mut Page, object: &Value) {
    page.text(Style::Cyan, text(object, "id"));
    let state = text(object, "state");
    if !state.is_empty() {
        page.plain("  ").text(Style::of_state(state), state);
        page.plain("  ").plain(text(object, "title"));
    }
    let end = match text(object, "end") {
        "" => "",
        "repeated" => "  (shown above)",
        "cycle" => "  (waits for itself)",
        "missing" => "  (missing)",
        "cut" => "  …",
        other => other,
    };
    page.text(Style::Dim, end).end();
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    #[expect(
        clippy::needless_pass_by_value,
        reason = "a snapshot is made for one check"
    )]
    fn check(depths: &[u64], expected: Expect) {
        let object = |(place, depth): (usize, &u64)| {
            Value::object([
                ("id", Value::from(place.to_string())),
                ("depth", (*depth).into()),
            ])
        };
        let objects: Vec<Value> = depths.iter().enumerate().map(object).collect();
        expected.assert_eq(&tree(&objects).render(false));
    }

    #[test]
    fn lines_lead_from_each_issue_to_what_it_waits_for() {
        check(
            &[0],
            expect![[r#"
            0
        "#]],
        );
        check(
            &[0, 1, 2, 2, 1, 2, 3],
            expect![[r#"
            0
            ├─ 1
            │  ├─ 2
            │  └─ 3
            └─ 4
               └─ 5
                  └─ 6
        "#]],
        );
        check(
            &[0, 1, 2, 3, 1],
            expect![[r#"
            0
            ├─ 1
            │  └─ 2
            │     └─ 3
            └─ 4
        "#]],
        );
    }

    #[test]
    fn what_lies_very_deep_says_how_deep() {
        let chain: Vec<u64> = (0..40).collect();
        let page = check_last_line(&chain);
        assert_eq!(page.trim_start(), "(39) 39");
    }

    fn check_last_line(depths: &[u64]) -> String {
        let objects = depths.iter().map(|depth| {
            Value::object([
                ("id", Value::from(depth.to_string())),
                ("depth", (*depth).into()),
            ])
        });
        let page = tree(&objects.collect::<Vec<_>>()).render(false);
        page.lines().last().unwrap_or_default().to_owned()
    }
}
