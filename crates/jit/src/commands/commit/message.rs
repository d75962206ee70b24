//! A message from the events that the last commit does not have.
//!
//! Owns its words. Refuses to put any text of an issue into it that is no plain line.

use super::files::Change;
use crate::commands::validate::Target;
use crate::error::CliError;
use crate::git::Git;
use crate::output::is_deceptive;
use jit_core::{Event, IssueId, Snapshot};
use jit_store::file::Depth;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// How many issues a message names.
const MAX_LINES: usize = 50;

/// Longest title in a message, in characters.
const MAX_TITLE: usize = 72;

const INFALLIBLE: &str = "a string takes any text";

/// Returns the message for these changes.
pub(super) fn of_changes(
    target: &Target,
    git: &Git,
    changes: &[Change],
) -> Result<String, CliError> {
    let seen = target.store.examine(Depth::Everything)?;
    let touched: BTreeSet<&str> = changes.iter().map(|it| it.path.as_str()).collect();
    let mut fresh: Vec<&Event> = Vec::new();
    for segment in &seen.segments {
        let path = segment.path.strip_prefix(".jit/").unwrap_or(&segment.path);
        let path = format!("{}/{path}", git.prefix());
        if !touched.contains(path.as_str()) {
            continue;
        }
        let old = git.committed(&path)?.unwrap_or_default();
        let old = String::from_utf8_lossy(&old).into_owned();
        let is_new = |event: &&Event| !old.contains(&format!("\"id\":\"{}\"", event.id));
        fresh.extend(segment.events.iter().filter(is_new));
    }
    Ok(compose(&fresh, &seen.snapshot))
}

fn compose(events: &[&Event], snapshot: &Snapshot) -> String {
    let mut counts: BTreeMap<String, BTreeSet<&IssueId>> = BTreeMap::new();
    let mut issues: Vec<(&IssueId, Vec<String>)> = Vec::new();
    let mut places: BTreeMap<&IssueId, usize> = BTreeMap::new();
    for event in events {
        let (Some(id), Some(_)) = (&event.draft.issue, event.draft.rev) else {
            continue;
        };
        let verb = verb(event.draft.kind.as_str());
        counts.entry(verb.clone()).or_default().insert(id);
        let place = *places.entry(id).or_insert_with(|| {
            issues.push((id, Vec::new()));
            issues.len() - 1
        });
        let verbs = &mut issues[place].1;
        if !verbs.contains(&verb) {
            verbs.push(verb);
        }
    }
    if issues.is_empty() {
        return "jit: update the store\n".to_owned();
    }
    let parts: Vec<String> = counts
        .iter()
        .map(|(verb, ids)| format!("{} {verb}", ids.len()))
        .collect();
    let mut text = format!("jit: {}\n\n", parts.join(", "));
    for (id, verbs) in issues.iter().take(MAX_LINES) {
        let title = snapshot.record(id).map_or("", |issue| &issue.title);
        writeln!(text, "- {id} {}: {}", plain(title), verbs.join(", ")).expect(INFALLIBLE);
    }
    if issues.len() > MAX_LINES {
        writeln!(text, "- and {} more", issues.len() - MAX_LINES).expect(INFALLIBLE);
    }
    text
}

/// Returns what happened, as a word: `done` of `issue.done`, `dep added` of `dep.added`.
fn verb(kind: &str) -> String {
    kind.strip_prefix("issue.")
        .map_or_else(|| kind.replace('.', " "), str::to_owned)
}

fn plain(title: &str) -> String {
    let visible = |c: &char| !c.is_control() && !is_deceptive(*c);
    title.chars().filter(visible).take(MAX_TITLE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_are_words() {
        assert_eq!(verb("issue.done"), "done");
        assert_eq!(verb("dep.added"), "dep added");
        assert_eq!(plain("a\u{202e}b\tc\u{1b}[1m"), "abc[1m");
        assert_eq!(
            compose(&[], &Snapshot::default()),
            "jit: update the store\n"
        );
    }
}
