//! Imports from beads.

use crate::bench::{Bench, call};
use expect_test::{Expect, expect};
use jit_core::{Issue, ShownState, State, audit, query};
use jit_tracker::ImportReport;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

const SAMPLE: &str = r#"
{"id":"bd-1","title":"Epic","status":"open","priority":0,"issue_type":"epic","created_at":"2025-01-01T00:00:00Z"}
{"id":"bd-2","title":"Two\nlines","status":"closed","priority":1,"issue_type":"molecule","created_at":"2025-01-01T00:00:00-08:00","closed_at":"2025-01-02T00:00:00Z","close_reason":"did it","labels":["ui","two words"],"dependencies":[{"issue_id":"bd-2","depends_on_id":"bd-1","type":"parent-child"}],"comments":[{"id":1,"author":"ada","text":"Hm.","created_at":"2025-01-01T00:00:00Z"}]}
{"id":"bd-3","title":"Held back","status":"deferred","priority":4,"issue_type":"bug","created_at":"2025-01-01T00:00:00Z","dependencies":[{"issue_id":"bd-3","depends_on_id":"bd-2","type":"blocks"},{"issue_id":"bd-3","depends_on_id":"bd-9","type":"blocks"},{"issue_id":"bd-3","depends_on_id":"bd-1","type":"parent-child"},{"issue_id":"bd-3","depends_on_id":"bd-2","type":"parent-child"},{"issue_id":"bd-3","depends_on_id":"bd-4","type":"discovered-from"}]}
{"id":"bd-4","title":"Running","status":"hooked","priority":2,"issue_type":"task","assignee":"crew/joe","created_at":"2025-01-01T00:00:00Z","notes":"keep me","dependencies":[{"issue_id":"bd-4","depends_on_id":"bd-5","type":"blocks"}]}
{"id":"bd-5","title":"Circle","status":"open","priority":3,"issue_type":"task","assignee":"bob","created_at":"2025-01-01T00:00:00Z","dependencies":[{"issue_id":"bd-5","depends_on_id":"bd-4","type":"blocks"}]}
{"id":"bd-6","title":"Gone","status":"tombstone","priority":2,"issue_type":"task","created_at":"2025-01-01T00:00:00Z"}
"#;

fn summary(bench: &Bench) -> String {
    let view = bench.tracker.view().unwrap();
    let old_ids = old_ids(view.snapshot.issues());
    let mut lines: Vec<String> = view
        .snapshot
        .issues()
        .map(|issue| line(issue, &view, &old_ids))
        .collect();
    lines.sort();
    lines.join("\n")
}

fn line(issue: &Issue, view: &jit_tracker::View, old_ids: &BTreeMap<String, String>) -> String {
    let old = |id: &jit_core::IssueId| old_ids[id.as_str()].clone();
    let mut text = format!(
        "{} {} {} {} `{}`",
        old(&issue.id),
        view.readiness().shown(issue),
        issue.priority,
        issue.kind,
        issue.title
    );
    for dependency in &issue.dependencies {
        write!(text, " dep={}", old(dependency)).unwrap();
    }
    if let Some(parent) = &issue.parent {
        write!(text, " parent={}", old(parent)).unwrap();
    }
    for link in &issue.links {
        write!(text, " {}={}", link.kind.as_str(), old(&link.target)).unwrap();
    }
    if let Some(who) = &issue.assignee {
        write!(text, " {who}").unwrap();
    }
    for label in &issue.labels {
        write!(text, " #{label}").unwrap();
    }
    let context: BTreeSet<&str> = issue.context.keys().map(String::as_str).collect();
    write!(text, " {context:?}").unwrap();
    text
}

fn old_ids<'a>(issues: impl Iterator<Item = &'a Issue>) -> BTreeMap<String, String> {
    issues
        .map(|issue| {
            (
                issue.id.to_string(),
                issue.context["origin_id"].as_str().unwrap().to_owned(),
            )
        })
        .collect()
}

fn check(as_open: bool, issues: &Expect, report: &Expect) {
    let bench = Bench::new();
    let (_, told) = bench
        .tracker
        .import_beads(&call(), SAMPLE, as_open)
        .unwrap();
    issues.assert_eq(&summary(&bench));
    report.assert_debug_eq(&told);
}

#[test]
fn every_field_of_a_record_finds_its_place() {
    check(
        false,
        &expect![[r#"
        bd-1 open critical epic `Epic` {"origin_id"}
        bd-2 done high task `Two lines` parent=bd-1 #two-words #ui {"origin_id", "origin_type"}
        bd-3 open low bug `Held back` dep=bd-2 parent=bd-1 related=bd-2 discovered_from=bd-4 {"origin_id"}
        bd-4 open normal task `Running` dep=bd-5 {"origin", "origin_assignee", "origin_id"}
        bd-5 ready low task `Circle` agent:bob {"origin_id"}"#]],
        &expect![[r#"
        ImportReport {
            n_records: 6,
            n_taken: 5,
            mapped: {
                "label with spaces or commas → label with dashes": 1,
                "newline in a title → space": 1,
                "status closed → done": 1,
                "status deferred → open, on hold": 1,
                "status hooked → open": 1,
                "type molecule → task": 1,
            },
            skipped: {
                "tombstone": 1,
            },
            edges: {
                "dependency": 2,
                "discovered_from": 1,
                "parent": 2,
                "related": 1,
            },
            left_out: [
                Left {
                    from: "bd-3",
                    to: "bd-9",
                    kind: "blocks",
                    reason: "dangling",
                },
                Left {
                    from: "bd-5",
                    to: "bd-4",
                    kind: "blocks",
                    reason: "cycle",
                },
            ],
        }
    "#]],
    );
}

const ODD: &str = r#"
{"id":"bd-1","title":"A","description":7,"status":"open","priority":9,"created_at":"soon","created_by":"No:body","assignee":"Foo:bar","labels":["a",1],"dependencies":[{"type":"blocks"},"x",{"issue_id":"bd-8","depends_on_id":"bd-1","type":"blocks"}],"comments":"none"}
"#;

#[test]
fn what_is_lost_is_counted() {
    let bench = Bench::new();
    let (_, told) = bench.tracker.import_beads(&call(), ODD, false).unwrap();
    expect![[
        r#"bd-1 ready normal task `A` #a {"origin_assignee", "origin_created_by", "origin_id"}"#
    ]]
    .assert_eq(&summary(&bench));
    expect![[r#"
        (
            {
                "assignee that names nobody → kept in the context": 1,
                "comments that is no list → left out": 1,
                "created_at that is no time → the nearest known time": 1,
                "created_by that names nobody → kept in the context": 1,
                "description that is no text → left out": 1,
                "edge without a target → left out": 2,
                "label that is no text → left out": 1,
                "unknown priority → normal": 1,
            },
            [
                Left {
                    from: "bd-8",
                    to: "bd-1",
                    kind: "blocks",
                    reason: "dangling",
                },
            ],
        )
    "#]]
    .assert_debug_eq(&(told.mapped, told.left_out));
}

#[test]
fn as_open_forgets_holds_and_assignees() {
    check(
        true,
        &expect![[r#"
        bd-1 open critical epic `Epic` {"origin_id"}
        bd-2 ready high task `Two lines` parent=bd-1 #two-words #ui {"origin_id", "origin_type"}
        bd-3 open low bug `Held back` dep=bd-2 parent=bd-1 related=bd-2 discovered_from=bd-4 {"origin_id"}
        bd-4 open normal task `Running` dep=bd-5 {"origin", "origin_id"}
        bd-5 ready low task `Circle` {"origin_id"}"#]],
        &expect![[r#"
        ImportReport {
            n_records: 6,
            n_taken: 5,
            mapped: {
                "label with spaces or commas → label with dashes": 1,
                "newline in a title → space": 1,
                "status closed → open": 1,
                "status deferred → open": 1,
                "status hooked → open": 1,
                "type molecule → task": 1,
            },
            skipped: {
                "tombstone": 1,
            },
            edges: {
                "dependency": 2,
                "discovered_from": 1,
                "parent": 2,
                "related": 1,
            },
            left_out: [
                Left {
                    from: "bd-3",
                    to: "bd-9",
                    kind: "blocks",
                    reason: "dangling",
                },
                Left {
                    from: "bd-5",
                    to: "bd-4",
                    kind: "blocks",
                    reason: "cycle",
                },
            ],
        }
    "#]],
    );
}

#[test]
fn a_second_import_adds_nothing() {
    let bench = Bench::new();
    bench.tracker.import_beads(&call(), SAMPLE, false).unwrap();
    let (written, report) = bench.tracker.import_beads(&call(), SAMPLE, false).unwrap();
    assert!(!written.changed);
    assert_eq!((report.n_taken, report.skipped["taken before"]), (0, 5));
}

#[test]
fn an_unreadable_line_refuses_the_whole_input() {
    let bench = Bench::new();
    let text = format!("{SAMPLE}\n{{\"id\":");
    let error = bench
        .tracker
        .import_beads(&call(), &text, false)
        .unwrap_err();
    assert!(
        error.to_string().starts_with("line 9: not a JSON object"),
        "{error}"
    );
    assert_eq!(bench.tracker.view().unwrap().snapshot.issues().count(), 0);
}

/// The public log of a real project, where it is present; where it is not, the test says that it did not run.
#[expect(clippy::print_stderr, reason = "nothing is left out silently")]
fn real_log() -> Option<String> {
    let named = std::env::var_os("JIT_REAL_DATA").map(std::path::PathBuf::from);
    let beside = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let path = named.unwrap_or(beside).join("beads-issues-2518.jsonl");
    let is_named = std::env::var_os("JIT_REAL_DATA").is_some();
    let text = std::fs::read_to_string(&path).ok();
    assert!(
        text.is_some() || !is_named,
        "JIT_REAL_DATA names no directory with `{}`",
        path.display()
    );
    if text.is_none() {
        eprintln!("not run: `{}` is absent", path.display());
    }
    text
}

fn import_real(as_open: bool) -> Option<(Bench, ImportReport)> {
    let text = real_log()?;
    let bench = Bench::new();
    let (_, report) = bench.tracker.import_beads(&call(), &text, as_open).unwrap();
    Some((bench, report))
}

#[test]
fn the_real_log_imports_clean() {
    let Some((bench, report)) = import_real(false) else {
        return;
    };
    assert_eq!(
        (
            report.n_records,
            report.n_taken,
            report.skipped["tombstone"]
        ),
        (2_518, 2_173, 345)
    );
    let view = bench.tracker.view().unwrap();
    let events = bench.tracker.events(None).unwrap().events;
    assert_eq!(audit::audit(&view.snapshot, &view.policy), []);
    assert_eq!(audit::audit_history(&view.snapshot, &events), []);
    check_real_report(&report);
}

fn check_real_report(report: &ImportReport) {
    expect![[r#"
        ImportReport {
            n_records: 2518,
            n_taken: 2173,
            mapped: {
                "newline in a title → space": 1,
                "status closed → done": 2071,
                "status hooked → open": 14,
                "type agent → task": 11,
                "type event → task": 474,
                "type gate → task": 2,
                "type merge-request → task": 102,
                "type message → task": 6,
                "type molecule → task": 15,
                "type rig → task": 1,
                "type role → task": 1,
            },
            skipped: {
                "tombstone": 345,
            },
            edges: {
                "dependency": 352,
                "discovered_from": 69,
                "parent": 323,
                "related": 13,
            },
            left_out: [
                Left {
                    from: "bd-7bs4.1",
                    to: "bd-7bs4",
                    kind: "parent-child",
                    reason: "dangling",
                },
                Left {
                    from: "bd-879d",
                    to: "bd-d3e5",
                    kind: "discovered-from",
                    reason: "dangling",
                },
                Left {
                    from: "bd-yyxi",
                    to: "bd-eph-5h2",
                    kind: "parent-child",
                    reason: "dangling",
                },
            ],
        }
    "#]]
    .assert_debug_eq(report);
}

/// Recomputes readiness from the plain fields, by repeated elimination instead of the rules' own walk.
#[test]
fn ready_agrees_with_an_independent_recomputation() {
    for as_open in [false, true] {
        let Some((bench, _)) = import_real(as_open) else {
            return;
        };
        let view = bench.tracker.view().unwrap();
        let readiness = view.readiness();
        let shown = view
            .snapshot
            .issues()
            .filter(|issue| readiness.shown(issue) == ShownState::Ready);
        let shown: BTreeSet<String> = shown.map(|issue| issue.id.to_string()).collect();
        let issues: BTreeMap<String, &Issue> = view
            .snapshot
            .issues()
            .map(|issue| (issue.id.to_string(), issue))
            .collect();
        let recomputed = recompute(&issues);
        assert_eq!(shown, recomputed, "as_open: {as_open}");
        assert!(!shown.is_empty());
        // An agent may take what is ready and assigned to nobody.
        let listed: BTreeSet<String> = query::ready(&readiness, usize::MAX)
            .issues
            .iter()
            .map(|issue| issue.id.to_string())
            .collect();
        let is_free = |id: &String| issues[id].assignee.is_none();
        let free: BTreeSet<String> = recomputed.into_iter().filter(is_free).collect();
        assert_eq!(listed, free, "as_open: {as_open}");
    }
}

fn recompute(issues: &BTreeMap<String, &Issue>) -> BTreeSet<String> {
    let is_closed = |id: &str| {
        matches!(
            issues[id].state,
            State::Done | State::Rejected | State::Archived
        )
    };
    let waits = |issue: &Issue| {
        issue.hold.is_some()
            || issue
                .dependencies
                .iter()
                .any(|dependency| !is_closed(dependency.as_str()))
    };
    let mut blocked: BTreeSet<&str> = issues
        .iter()
        .filter(|(id, issue)| !is_closed(id) && waits(issue))
        .map(|(id, _)| id.as_str())
        .collect();
    // What blocks a parent blocks its children, until nothing new is found.
    loop {
        let inherits = |issue: &&&Issue| {
            issue
                .parent
                .as_ref()
                .is_some_and(|parent| blocked.contains(parent.as_str()))
        };
        let found: Vec<&str> = issues
            .values()
            .filter(inherits)
            .map(|issue| issue.id.as_str())
            .collect();
        let n_before = blocked.len();
        blocked.extend(found);
        if blocked.len() == n_before {
            break;
        }
    }
    let parents_of_open: BTreeSet<&str> = issues
        .values()
        .filter(|issue| !is_closed(issue.id.as_str()))
        .filter_map(|issue| issue.parent.as_ref().map(jit_core::IssueId::as_str))
        .collect();
    issues
        .keys()
        .filter(|id| {
            !is_closed(id)
                && !blocked.contains(id.as_str())
                && !parents_of_open.contains(id.as_str())
        })
        .cloned()
        .collect()
}
