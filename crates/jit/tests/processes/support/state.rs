//! What a store says, with everything taken out that differs between two runs that did the same.
//!
//! Owns the two views, asked of `jit` and read from the files, and their normal form. Refuses to judge which state is right.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use super::program::{Answer, jit};
use super::tree::Tree;

/// Titles that begin so belong to the harness, not to the state.
pub(crate) const PROBE: &str = "probe";

/// Fields that no two runs agree on and that carry no meaning of their own.
const VOLATILE: [&str; 12] = [
    "etag",
    "lc",
    "txn",
    "short_id",
    "granted_wall",
    "granted_boottime_ms",
    "boot_id",
    "host",
    "pid",
    "pid_start",
    "run_id",
    "ts",
];

/// Issues, events and leases in normal form: ids replaced by titles, times by a mark, everything sorted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct State {
    lines: Vec<String>,
}

impl State {
    /// Asks `jit` by reading commands.
    pub(crate) fn asked(root: &Path) -> Result<Self, String> {
        let list = ask(root, &["issue", "list", "--all", "--json"])?;
        let leases = ask(root, &["lease", "list", "--json"])?;
        let events = ask(root, &["events", "query", "--json"])?;
        Ok(normal(
            &array(&list)?,
            &json_lines(&events)?,
            &array(&leases)?,
        ))
    }

    /// Reads the files of the store, which is all of it once no commit waits to be applied.
    pub(crate) fn on_disk(root: &Path) -> Result<Self, String> {
        let tree = Tree::of(root);
        let documents = |folder: &str| -> Result<Vec<Value>, String> {
            tree.files_below(Path::new(folder))
                .map(|(path, bytes)| {
                    serde_json::from_slice(bytes)
                        .map_err(|error| format!("{}: {error}", path.display()))
                })
                .collect()
        };
        let mut events = Vec::new();
        for (path, bytes) in tree.files_below(Path::new(".jit/events")) {
            let text = std::str::from_utf8(bytes)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            events
                .extend(json_lines(text).map_err(|error| format!("{}: {error}", path.display()))?);
        }
        Ok(normal(
            &documents(".jit/issues")?,
            &events,
            &documents(".git/jit/leases")?,
        ))
    }

    /// Returns the lines that only one of two states has.
    pub(crate) fn difference(&self, other: &Self) -> String {
        let mut text = String::new();
        for (sign, one, two) in [('-', self, other), ('+', other, self)] {
            for line in one.lines.iter().filter(|line| !two.lines.contains(line)) {
                text.push(sign);
                text.push_str(line);
                text.push('\n');
            }
        }
        text
    }
}

fn ask(root: &Path, arguments: &[&str]) -> Result<String, String> {
    let answer = Answer::of(&mut jit(root, arguments));
    if answer.code == Some(0) {
        Ok(answer.stdout)
    } else {
        Err(format!("jit {arguments:?} fails: {answer:?}"))
    }
}

fn array(text: &str) -> Result<Vec<Value>, String> {
    serde_json::from_str(text).map_err(|error| format!("no JSON array ({error}): {text}"))
}

fn json_lines(text: &str) -> Result<Vec<Value>, String> {
    text.lines()
        .map(|line| {
            serde_json::from_str(line).map_err(|error| format!("no JSON line ({error}): {line}"))
        })
        .collect()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

fn normal(issues: &[Value], events: &[Value], leases: &[Value]) -> State {
    let titles: BTreeMap<&str, &str> = issues
        .iter()
        .map(|issue| (text(issue, "id"), text(issue, "title")))
        .collect();
    let is_probe = |id: &str| titles.get(id).is_some_and(|title| title.starts_with(PROBE));
    let event_names: BTreeMap<&str, Value> = events
        .iter()
        .map(|event| {
            (
                text(event, "id"),
                format!("{} of rev {}", text(event, "type"), event["rev"]).into(),
            )
        })
        .collect();
    let lease_issue = |lease: &Value| {
        text(
            lease,
            if lease["issue"].is_string() {
                "issue"
            } else {
                "id"
            },
        )
        .to_owned()
    };
    let mut lines = Vec::new();
    let mut add = |kind: &str, value: &Value| {
        let line = format!("{kind} {}", stable(value, 0));
        lines.push(
            titles
                .iter()
                .fold(line, |line, (id, title)| line.replace(id, title)),
        );
    };
    issues
        .iter()
        .filter(|issue| !is_probe(text(issue, "id")))
        .for_each(|issue| add("issue", issue));
    events
        .iter()
        .filter(|event| !is_probe(text(event, "issue")))
        .for_each(|event| add("event", &named(event, &event_names)));
    leases
        .iter()
        .filter(|lease| !is_probe(&lease_issue(lease)))
        .for_each(|lease| add("lease", lease));
    lines.sort();
    State { lines }
}

/// Replaces the ids of an event and of those before it by what these say; two runs give them different ids.
fn named(event: &Value, names: &BTreeMap<&str, Value>) -> Value {
    let rename = |id: &mut Value| {
        if let Some(name) = id.as_str().and_then(|id| names.get(id)) {
            *id = name.clone();
        }
    };
    let mut event = event.clone();
    let Some(fields) = event.as_object_mut() else {
        return event;
    };
    fields.remove("id");
    match fields.get_mut("prev") {
        Some(Value::Array(ids)) => ids.iter_mut().for_each(rename),
        Some(id) => rename(id),
        None => {}
    }
    event
}

fn stable(value: &Value, depth: usize) -> Value {
    match value {
        Value::Object(fields) => {
            let is_kept = |name: &str| !VOLATILE.contains(&name) && (name != "id" || depth == 0);
            let kept = fields.iter().filter(|(name, _)| is_kept(name));
            Value::Object(
                kept.map(|(name, value)| (name.clone(), stable(value, depth + 1)))
                    .collect::<Map<_, _>>(),
            )
        }
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| stable(item, depth + 1)).collect())
        }
        Value::String(text) if is_time(text) => Value::from("<time>"),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 20
        && bytes.ends_with(b"Z")
        && bytes[4] == b'-'
        && bytes[10] == b'T'
        && bytes[..4].iter().all(u8::is_ascii_digit)
}
