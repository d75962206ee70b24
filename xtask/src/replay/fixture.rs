//! An issue log of the shape of the real one, for machines that do not have it.
//!
//! Owns the proportions: how many are closed, are tombstones, block each other, are parts of epics. Refuses real text. The same
//! seed gives the same bytes.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

/// How many issues the real log has.
pub(super) const SIZE: usize = 2_518;

/// A small generator; the log needs variety, not secrets.
struct Dice(u64);

impl Dice {
    /// Returns a number below `sides`.
    fn roll(&mut self, sides: usize) -> usize {
        // Steps of a 64-bit linear congruence; the upper half is well mixed.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let upper = usize::try_from(self.0 >> 33).expect("31 bits fit");
        upper % sides
    }

    /// Says yes `part` times out of `whole`.
    fn chance(&mut self, part: usize, whole: usize) -> bool {
        self.roll(whole) < part
    }
}

/// Returns the log as JSON lines.
pub(super) fn log(n_issues: usize, seed: u64) -> String {
    let mut dice = Dice(seed);
    let mut text = String::new();
    for number in 0..n_issues {
        writeln!(text, "{}", issue(number, &mut dice)).expect("a String takes any text");
    }
    text
}

fn id(number: usize) -> String {
    format!("fx-{number:05}")
}

fn issue(number: usize, dice: &mut Dice) -> Value {
    let created = format!(
        "2026-01-{:02}T{:02}:{:02}:00Z",
        1 + number % 28,
        number / 60 % 24,
        number % 60
    );
    let kind = [
        "task", "task", "task", "event", "event", "bug", "feature", "epic", "chore",
    ][dice.roll(9)];
    let priority = [0, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 4][dice.roll(12)];
    let mut issue = json!({
        "id": id(number),
        "title": format!("Fixture {number}: {} the {}", ["mend", "write", "move", "drop"][dice.roll(4)], ["parser", "store", "page", "index"][dice.roll(4)]),
        "description": "A line of text that stands for what people write.\n".repeat(dice.roll(12)),
        "status": "closed",
        "priority": priority,
        "issue_type": kind,
        "created_at": created,
        "updated_at": created,
    });
    let fields = issue.as_object_mut().expect("it was made as an object");
    state(fields, &created, dice);
    let edges = edges(number, &created, dice);
    if !edges.is_empty() {
        fields.insert("dependencies".to_owned(), Value::Array(edges));
    }
    issue
}

/// Of 2,518 real issues 345 are tombstones, 88 open, 14 hooked.
fn state(fields: &mut Map<String, Value>, at: &str, dice: &mut Dice) {
    let mut set = |key: &str, value: &str| fields.insert(key.to_owned(), json!(value));
    match dice.roll(SIZE) {
        0..345 => {
            set("status", "tombstone");
            set("deleted_at", at);
        }
        345..433 => {
            set("status", "open");
        }
        433..447 => {
            set("status", "hooked");
            set("assignee", "fixture/worker");
        }
        _ => {
            set("closed_at", at);
        }
    }
}

/// Edges lead to smaller numbers, so there is no cycle to leave out.
fn edges(number: usize, at: &str, dice: &mut Dice) -> Vec<Value> {
    let kinds = [
        ("blocks", 478),
        ("parent-child", 446),
        ("discovered-from", 70),
    ];
    let mut edges = Vec::new();
    for (kind, part) in kinds {
        if number > 0 && dice.chance(part, SIZE) {
            let to = id(dice.roll(number));
            edges.push(json!({ "issue_id": id(number), "depends_on_id": to, "type": kind, "created_at": at }));
        }
    }
    edges
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{SIZE, log};

    #[test]
    fn one_seed_gives_one_log_of_the_real_proportions() {
        let text = log(SIZE, 7);
        assert_eq!(text, log(SIZE, 7));
        assert_ne!(text, log(SIZE, 8));
        let issues: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let n_tombstones = issues
            .iter()
            .filter(|issue| issue["status"] == "tombstone")
            .count();
        let n_edges: usize = issues
            .iter()
            .filter_map(|issue| issue["dependencies"].as_array())
            .map(Vec::len)
            .sum();
        assert_eq!(issues.len(), SIZE);
        assert!((300..400).contains(&n_tombstones), "{n_tombstones}");
        assert!((850..1_150).contains(&n_edges), "{n_edges}");
    }
}
