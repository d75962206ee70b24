//! Every finding of the audit is made when there is cause, and only then.

use jit_core::audit::{audit, audit_history};
use jit_core::issue::IssueType;
use jit_core::{
    Assignee, GateKey, GateResult, Issue, IssueId, Lease, LeaseState, Policy, Problem, Snapshot,
    State, Timestamp,
};
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

/// Words of commands that would destroy or override what somebody meant.
const HARMFUL: [&str; 7] = [
    "delete",
    "reject",
    "unhold",
    "gate pass",
    "reopen",
    "checkout",
    "reset",
];

fn check_remedy(snapshot: &Snapshot, code: &str, expected: Option<&str>) {
    let findings = audit(snapshot, &Policy::default());
    let finding = findings.iter().find(|finding| finding.code == code);
    let finding = finding.unwrap_or_else(|| panic!("{code} is found: {findings:?}"));
    assert_eq!(finding.remedy.as_deref(), expected, "{code}");
    for remedy in findings.iter().filter_map(|found| found.remedy.as_ref()) {
        assert!(
            HARMFUL.iter().all(|word| !remedy.contains(word)),
            "{remedy}"
        );
    }
}

fn snapshot(issues: Vec<Issue>, problems: Vec<Problem>) -> Snapshot {
    Snapshot::new(issues, [], [], problems)
}

#[test]
fn a_remedy_takes_away_nothing_that_is_in_order() {
    let waits = |from: &str, to: &str| Issue {
        dependencies: [id(to)].into(),
        ..issue(from)
    };
    let part = |of: &str, parent: &str| Issue {
        parent: Some(id(parent)),
        ..issue(of)
    };
    let damaged = Problem {
        path: ".jit/issues/bb/bbbbbbbbbb.json".to_owned(),
        issue: Some(id("b")),
        code: "unreadable_issue".to_owned(),
        message: "it is not valid JSON".to_owned(),
    };
    let mend = "mend `.jit/issues/bb/bbbbbbbbbb.json` by hand, or take it back from git";
    check_remedy(
        &snapshot(vec![waits("a", "b")], Vec::new()),
        "dangling_dependency",
        Some("jit dep rm aaaaaaaaaa bbbbbbbbbb"),
    );
    check_remedy(
        &snapshot(vec![waits("a", "b")], vec![damaged.clone()]),
        "dangling_dependency",
        Some(mend),
    );
    check_remedy(
        &snapshot(vec![part("a", "b")], Vec::new()),
        "dangling_parent",
        Some("jit issue update aaaaaaaaaa --clear parent"),
    );
    check_remedy(
        &snapshot(vec![part("a", "b")], vec![damaged]),
        "dangling_parent",
        Some(mend),
    );
    check_remedy(
        &snapshot(vec![waits("a", "b"), waits("b", "a")], Vec::new()),
        "cycle",
        Some("jit dep rm aaaaaaaaaa bbbbbbbbbb"),
    );
    check_remedy(
        &snapshot(vec![part("a", "b"), part("b", "a")], Vec::new()),
        "cycle",
        Some("jit issue update aaaaaaaaaa --clear parent"),
    );
}

#[test]
fn an_epoch_behind_its_lease_is_released() {
    let by = Assignee::parse("human:ada").unwrap();
    let held = |state| Lease {
        issue: id("a"),
        epoch: 2,
        state,
        holder: by.clone(),
        actor: by.clone(),
        host: "host".to_owned(),
        boot_id: "boot".to_owned(),
        granted_wall: Timestamp::from_micros(0),
        renewed_wall: Timestamp::from_micros(0),
        renewed_boottime_ms: 0,
        ttl_ms: None,
        renew_seq: 0,
        cancel_requested: false,
        slots: std::collections::BTreeSet::new(),
        process: None,
        key: None,
        extra: BTreeMap::new(),
    };
    let check = |state, expected| {
        let snapshot = Snapshot::new([issue("a")], [], [held(state)], Vec::new());
        check_remedy(&snapshot, "epoch_behind", expected);
    };
    check(
        LeaseState::Held,
        Some("jit issue release aaaaaaaaaa --force"),
    );
    check(LeaseState::Released, None);
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
