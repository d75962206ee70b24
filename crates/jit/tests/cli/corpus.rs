//! A corpus of damage: each kind is named by its code, hides no healthy issue, and is mended or left, but never deleted.
//!
//! Owns the laws that hold for every row. Refuses to damage anything by itself: see `rows`.

#![expect(
    clippy::too_many_lines,
    reason = "the rows of a table are one piece each"
)]
#![expect(
    clippy::unwrap_used,
    reason = "a row that can't be run must fail loudly"
)]

mod lab;
mod rows;

use lab::Lab;
use rows::{Fix, Reads, Row, rows};
use serde_json::Value;
use std::collections::BTreeSet;

/// Longest that any command may take at any damage.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

#[test]
fn every_kind_of_damage_is_named_and_nothing_is_lost() {
    let rows = rows();
    assert!(rows.len() >= 40, "{} kinds of damage", rows.len());
    let names: BTreeSet<&str> = rows.iter().map(|row| row.name).collect();
    assert_eq!(names.len(), rows.len(), "every row has a name of its own");
    let failures: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = rows
            .chunks(rows.len().div_ceil(4))
            .map(|rows| scope.spawn(|| rows.iter().filter_map(failure).collect::<Vec<_>>()))
            .collect();
        let all = threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap());
        all.collect()
    });
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// A store in good order is told to be so, and --fix leaves it alone: else the rows would prove nothing.
#[test]
fn a_healthy_store_has_no_finding_and_nothing_to_mend() {
    let lab = Lab::new();
    let before = lab.files();
    let (code, found) = findings(&lab);
    assert_eq!(code, 0, "{found:?}");
    let codes: Vec<&str> = found.iter().map(code_of).collect();
    assert_eq!(codes, ["untracked"], "two issues are in no commit");
    let answer = lab.jit(&["validate", "--fix", "--json"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert_eq!(lab.files(), before);
}

/// Runs a row and says what was not as it must be.
fn failure(row: &Row) -> Option<String> {
    let outcome = std::panic::catch_unwind(|| check(row));
    outcome.err().map(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        format!("{}: {}", row.name, text.unwrap_or_default())
    })
}

fn check(row: &Row) {
    let lab = Lab::new();
    (row.damage)(&lab);
    let before = lab.files();
    let began = std::time::Instant::now();
    let named = is_named(&lab, row);
    check_reads(&lab, row);
    assert!(began.elapsed() < PATIENCE, "it takes {:?}", began.elapsed());
    assert_eq!(lab.files(), before, "reading wrote something");
    let dry = lab.jit(&["validate", "--fix", "--dry-run", "--json"]);
    assert_eq!(lab.files(), before, "a dry run wrote something: {dry:?}");
    let fixed = lab.jit(&["validate", "--fix", "--json"]);
    nothing_is_lost(&lab, &before, row);
    match row.fix {
        Fix::Refused(code) => {
            assert_eq!(fixed.code, code, "{fixed:?}");
            assert_eq!(lab.files(), before, "a refused repair wrote something");
            return;
        }
        Fix::Mended | Fix::Person => {
            assert!([0, 4].contains(&fixed.code), "{fixed:?}");
        }
    }
    let (_, left) = findings(&lab);
    let still = left.iter().any(|found| code_of(found) == row.code);
    assert_eq!(
        named && still,
        row.fix == Fix::Person,
        "after --fix {fixed:?} these are left: {left:#?}"
    );
    let after = lab.files();
    let again = lab.jit(&["validate", "--fix", "--json"]);
    let report: Value = serde_json::from_str(&again.stdout).unwrap();
    assert_eq!(report["changed"], false, "the second repair: {again:?}");
    assert_eq!(report["steps"], serde_json::json!([]));
    assert_eq!(lab.files(), after, "the second repair wrote something");
}

/// Insists that `validate` names the damage, or that every command refuses the store.
fn is_named(lab: &Lab, row: &Row) -> bool {
    if let Reads::Nothing(code) = row.reads {
        let answer = lab.jit(&["validate", "--json"]);
        assert_eq!(answer.code, code, "{answer:?}");
        let error: Value = serde_json::from_str(&answer.stderr).unwrap();
        assert_eq!(error["error"]["code"], row.code);
        return false;
    }
    let (code, found) = findings(lab);
    let named: Vec<&Value> = found
        .iter()
        .filter(|found| code_of(found) == row.code)
        .collect();
    assert!(!named.is_empty(), "{} is not among {found:#?}", row.code);
    let is_error = found.iter().any(|found| found["severity"] == "error");
    assert_eq!(code, if is_error { 4 } else { 0 }, "{found:#?}");
    for found in named {
        assert!(
            found["remedy"].is_string() || found["issue"].is_string(),
            "no remedy: {found}"
        );
        let remedy = found["remedy"].as_str().unwrap_or_default();
        for harmful in ["delete", "reset", "clean", "checkout --", " rm -"] {
            assert!(!remedy.contains(harmful), "{remedy}");
        }
    }
    true
}

fn check_reads(lab: &Lab, row: &Row) {
    let list = lab.jit(&["issue", "list", "--all", "-o", "id"]);
    let ready = lab.jit(&["query", "ready", "-o", "id"]);
    if let Reads::Refused(code) | Reads::Nothing(code) = row.reads {
        assert_eq!((list.code, ready.code), (code, code), "{list:?}");
        return;
    }
    assert_eq!((list.code, ready.code), (0, 0), "{list:?} {ready:?}");
    let ids = &lab.ids;
    let all = [
        &ids.parser,
        &ids.tests,
        &ids.docs,
        &ids.chapter,
        &ids.held,
        &ids.late,
    ];
    let broken = (row.hidden)(ids);
    for id in all {
        let is_shown = list.stdout.lines().any(|line| line == id);
        assert_eq!(is_shown, !broken.contains(id), "{id} in {list:?}");
    }
    for id in [&ids.parser, &ids.chapter, &ids.late] {
        let is_ready = ready.stdout.lines().any(|line| line == id);
        let may_be = !broken.contains(id) && !(row.unready)(ids).contains(id);
        assert_eq!(is_ready, may_be, "{id} in {ready:?}");
    }
}

/// Every content that was there is there still: in its place, or kept aside.
fn nothing_is_lost(
    lab: &Lab,
    before: &std::collections::BTreeMap<std::path::PathBuf, Vec<u8>>,
    row: &Row,
) {
    let after = lab.files();
    let kept: BTreeSet<&Vec<u8>> = after.values().collect();
    for (path, content) in before {
        let name = path.file_name().unwrap().to_string_lossy();
        let is_grown = after
            .get(path)
            .is_some_and(|now| now.starts_with(content) && !content.is_empty());
        // The log, its mark and the spool are the store's own: they say nothing that the files do not.
        let is_own = ["wal", "applied"].contains(&&*name);
        assert!(
            kept.contains(content) || is_grown || is_own,
            "{}: {} is gone",
            row.name,
            path.display()
        );
    }
}

/// Returns what `validate` finds, and its exit code.
fn findings(lab: &Lab) -> (i32, Vec<Value>) {
    let answer = lab.jit(&["validate", "--level", "git", "--json"]);
    assert!([0, 4].contains(&answer.code), "{answer:?}");
    let found: Vec<Value> = serde_json::from_str(&answer.stdout).unwrap();
    (answer.code, found)
}

fn code_of(finding: &Value) -> &str {
    finding["code"].as_str().unwrap()
}
