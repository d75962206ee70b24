//! Idempotency keys.

use crate::bench::{Bench, agent, call};
use jit_core::ErrorKind;
use jit_core::decide::{NewIssue, NextFilter};
use jit_tracker::Call;

fn keyed(key: &str) -> Call {
    Call {
        key: Some(key.to_owned()),
        ..call()
    }
}

#[test]
fn a_repeated_key_gets_the_first_answer_and_writes_nothing() {
    let bench = Bench::new();
    let new = NewIssue {
        title: "Once".to_owned(),
        ..NewIssue::default()
    };
    let first = bench.tracker.create(&keyed("k"), &new).unwrap();
    let second = bench.tracker.create(&keyed("k"), &new).unwrap();
    assert_eq!((first.issues.clone(), first.changed), (second.issues, true));
    assert!(!second.changed);
    assert_eq!(bench.tracker.view().unwrap().snapshot.issues().count(), 1);
}

#[test]
fn a_key_belongs_to_one_command() {
    let bench = Bench::new();
    let id = bench.create("A");
    bench
        .tracker
        .hold(&keyed("k"), std::slice::from_ref(&id), "later")
        .unwrap();
    let error = bench.tracker.done(&keyed("k"), &[id]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KeyReused);
}

#[test]
fn claim_next_repeats_its_pick_while_the_lease_lives() {
    let bench = Bench::new();
    bench.create("A");
    bench.create("B");
    let pick = || {
        bench
            .tracker
            .claim_next(&keyed("k"), &agent("x"), &NextFilter::default(), None)
    };
    let first = pick().unwrap();
    assert_eq!(first.issues, pick().unwrap().issues);
    bench
        .tracker
        .done(&call(), &[crate::bench::prefix(&first.issues[0])])
        .unwrap();
    assert_eq!(pick().unwrap_err().kind(), ErrorKind::LeaseLost);
}

#[test]
fn a_dry_run_decides_and_writes_nothing() {
    let bench = Bench::new();
    let id = bench.create("A");
    let dry = Call {
        dry_run: true,
        ..call()
    };
    let written = bench.tracker.done(&dry, std::slice::from_ref(&id)).unwrap();
    assert_eq!(written.transitions.len(), 1);
    assert_eq!(bench.state(&id), "ready");
}
