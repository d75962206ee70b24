//! Every finding of the audit is made when there is cause, and only then.

use jit_core::audit::{audit, audit_history};
use jit_core::issue::IssueType;
use jit_core::{Assignee, GateKey, GateResult, Issue, IssueId, Policy, Snapshot, State, Timestamp};
use std::collections::BTreeMap;

fn issue(name: &str) -> Issue {
    let by = Assignee::parse("human:ada").unwrap();
    Issue::new(
        id(name),
        format!("Issue {name}"),
        by,
        Timestamp::from_micros(0),
    )
}

fn id(name: &str) -> IssueId {
    IssueId::parse(&name.repeat(10)).unwrap()
}

fn check(issues: Vec<Issue>, expected: &[&str]) {
    let sealed = issues.into_iter().map(|issue| Issue {
        etag: issue.compute_etag(),
        ..issue
    });
    let snapshot = Snapshot::new(sealed, [], [], Vec::new());
    let codes: Vec<&str> = audit(&snapshot, &Policy::default())
        .iter()
        .map(|finding| finding.code)
        .collect();
    assert_eq!(codes, expected);
}

#[test]
fn each_kind_of_damage_is_found() {
    check(vec![issue("a"), issue("b")], &[]);
    check(
        vec![Issue {
            dependencies: [id("b")].into(),
            ..issue("a")
        }],
        &["dangling_dependency"],
    );
    check(
        vec![Issue {
            parent: Some(id("b")),
            ..issue("a")
        }],
        &["dangling_parent"],
    );
    let gates = BTreeMap::from([(GateKey::parse("review").unwrap(), GateResult::default())]);
    check(
        vec![Issue {
            gates,
            ..issue("a")
        }],
        &["undefined_gate"],
    );
    check(
        vec![Issue {
            kind: IssueType::parse("molecule").unwrap(),
            ..issue("a")
        }],
        &["unknown_type"],
    );
    check(
        vec![Issue {
            state: State::Done,
            ..issue("a")
        }],
        &["closed_at"],
    );
    check(
        vec![Issue {
            state: State::InProgress,
            ..issue("a")
        }],
        &["nobody_works"],
    );
    let circle = vec![
        Issue {
            dependencies: [id("b")].into(),
            ..issue("a")
        },
        Issue {
            dependencies: [id("a")].into(),
            ..issue("b")
        },
    ];
    check(circle, &["cycle", "cycle"]);
}

#[test]
fn a_hand_edit_is_noticed_by_its_etag() {
    let edited = Issue {
        etag: "0".repeat(20),
        ..issue("a")
    };
    let snapshot = Snapshot::new([edited], [], [], Vec::new());
    assert_eq!(
        audit(&snapshot, &Policy::default())[0].code,
        "external_change"
    );
}

#[test]
fn a_revision_that_the_log_does_not_know_is_noticed() {
    let unlogged = Issue {
        rev: 1,
        etag: "0".repeat(20),
        ..issue("a")
    };
    let snapshot = Snapshot::new([unlogged], [], [], Vec::new());
    assert_eq!(audit_history(&snapshot, [])[0].code, "history");
}
