//! What a store says, with everything taken out that differs between two runs that did the same.
//!
//! Owns the two views, asked of `jit` and read from the files, and their normal form. Refuses to judge which state is right.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::program::{Answer, jit};
use super::tree::Tree;

/// Titles that begin so belong to the harness, not to the state.
pub(crate) const PROBE: &str = "probe";

/// Fields that no two runs agree on and that carry no meaning of their own.
const VOLATILE: [&str; 10] = [
    "etag",
    "lc",
    "txn",
    "short_id",
    "boot_id",
    "host",
    "pid",
    "pid_start",
    "run_id",
    "ts",
];

/// How the names of fields end that tell the time of a clock nobody sees.
const BOOT_CLOCK: &str = "_boottime_ms";

/// Fields that are sorted by random ids.
const SETS: [&str; 4] = ["dependents", "dependencies", "children", "blocked_by"];

/// How much of a line is shown, in characters.
const SHOWN: usize = 400;

/// Issues, events, leases, gates and kept answers in normal form: ids replaced by titles, times by a mark, everything sorted.
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
        let gates = ask(root, &["gate", "list", "--json"])?;
        Ok(normal(&Records {
            issues: array(&list)?,
            events: json_lines(&events)?,
            leases: array(&leases)?,
            gates: array(&gates)?,
            answers: Vec::new(),
        }))
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
        Ok(normal(&Records {
            issues: documents(".jit/issues")?,
            events,
            leases: documents(".git/jit/leases")?,
            gates: documents(".jit/gates")?,
            answers: documents(".git/jit/keys")?,
        }))
    }

    /// Returns the lines that only one of two states has, shortened.
    pub(crate) fn difference(&self, other: &Self) -> Vec<String> {
        let only = |sign: char, one: &Self, two: &Self| -> Vec<String> {
            let lines = one.lines.iter().filter(|line| !two.lines.contains(line));
            lines
                .map(|line| format!("{sign} {}", line.chars().take(SHOWN).collect::<String>()))
                .collect()
        };
        [only('-', self, other), only('+', other, self)].concat()
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

/// What a store consists of.
struct Records {
    issues: Vec<Value>,
    events: Vec<Value>,
    leases: Vec<Value>,
    gates: Vec<Value>,
    answers: Vec<Value>,
}

fn normal(records: &Records) -> State {
    let names = Names::of(&records.issues, &records.events);
    let is_probe = |id: &str| {
        names
            .names
            .get(id)
            .is_some_and(|name| name.starts_with(PROBE))
    };
    let shown = |kind: &str, owner: &str, values: &[Value]| -> Vec<String> {
        let kept = values.iter().filter(|value| !is_probe(text(value, owner)));
        kept.map(|value| format!("{kind} {}", names.stable(value)))
            .collect()
    };
    let mut lines = [
        shown("issue", "id", &records.issues),
        shown("event", "issue", &records.events),
        shown("lease", "issue", &records.leases),
        shown("gate", "key", &records.gates),
        shown("answer", "key", &records.answers),
    ]
    .concat();
    lines.sort();
    State { lines }
}

/// Stable names for what two runs draw at random.
struct Names {
    /// Issues by their titles, revisions by the events that made them.
    names: BTreeMap<String, String>,
}

impl Names {
    fn of(issues: &[Value], events: &[Value]) -> Self {
        let titles = issues.iter().map(|issue| {
            (
                text(issue, "id").to_owned(),
                text(issue, "title").to_owned(),
            )
        });
        let revisions = events
            .iter()
            .filter(|event| event["etag"].is_string())
            .map(|event| {
                let name = format!("{} of rev {}", text(event, "type"), event["rev"]);
                (text(event, "etag").to_owned(), name)
            });
        Self {
            names: titles.chain(revisions).collect(),
        }
    }

    fn stable(&self, value: &Value) -> Value {
        match value {
            Value::Object(fields) => {
                let kept = fields
                    .iter()
                    .filter(|(name, value)| self.is_kept(name, value));
                Value::Object(
                    kept.map(|(name, value)| (name.clone(), self.field(name, value)))
                        .collect(),
                )
            }
            Value::Array(items) => items.iter().map(|item| self.stable(item)).collect(),
            Value::String(text) if is_time(text) => Value::from("<time>"),
            Value::String(text) => self.names.get(text).unwrap_or(text).as_str().into(),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    /// Events and comments have ids of their own that nothing else names.
    fn is_kept(&self, name: &str, value: &Value) -> bool {
        let is_known = || value.as_str().is_some_and(|id| self.names.contains_key(id));
        !VOLATILE.contains(&name) && !name.ends_with(BOOT_CLOCK) && (name != "id" || is_known())
    }

    fn field(&self, name: &str, value: &Value) -> Value {
        let mut stable = self.stable(value);
        if let Value::Array(items) = &mut stable
            && SETS.contains(&name)
            && !items.iter().any(Value::is_array)
        {
            items.sort_by_key(ToString::to_string);
        }
        stable
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
