//! Idempotency keys.

use crate::bench::{Bench, agent, call};
use jit_core::decide::{ClaimTerms, NewIssue, NextFilter};
use jit_core::id::IdPrefix;
use jit_core::{ErrorKind, Timestamp};
use jit_tracker::Call;
use std::time::Duration;

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
        bench.tracker.claim_next(
            &keyed("k"),
            &agent("x"),
            &NextFilter::default(),
            &ClaimTerms::default(),
        )
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

#[test]
fn a_key_answers_only_for_the_very_same_request() {
    let bench = Bench::new();
    let (a, b) = (bench.create("A"), bench.create("B"));
    let claim = |id: &IdPrefix, who: &str| {
        bench.tracker.claim(
            &keyed("k"),
            std::slice::from_ref(id),
            &agent(who),
            &ClaimTerms::default(),
        )
    };
    assert!(claim(&a, "x").unwrap().changed);
    assert!(!claim(&a, "x").unwrap().changed);
    assert_eq!(claim(&a, "y").unwrap_err().kind(), ErrorKind::KeyReused);
    assert_eq!(claim(&b, "x").unwrap_err().kind(), ErrorKind::KeyReused);
    assert_eq!(bench.state(&b), "ready");
}

#[test]
fn a_key_that_took_several_issues_answers_only_while_it_holds_them_all() {
    let bench = Bench::new();
    let both = [bench.create("A"), bench.create("B")];
    let claim = || {
        bench
            .tracker
            .claim(&keyed("k"), &both, &agent("x"), &ClaimTerms::default())
    };
    claim().unwrap();
    let force = Call {
        force: true,
        ..call()
    };
    bench
        .tracker
        .release(&force, &both[..1], None, None)
        .unwrap();
    bench
        .tracker
        .claim(&call(), &both[..1], &agent("y"), &ClaimTerms::default())
        .unwrap();
    assert_eq!(claim().unwrap_err().kind(), ErrorKind::LeaseLost);
}

#[test]
fn a_retry_may_name_another_moment() {
    let bench = Bench::new();
    let id = bench.create("A");
    let release = |at: u64| {
        let not_before = Timestamp::from_micros(0).plus(Duration::from_secs(at));
        let ids = std::slice::from_ref(&id);
        let force = Call {
            force: true,
            ..keyed("k")
        };
        bench
            .tracker
            .release(&force, ids, Some("later"), Some(not_before))
    };
    bench
        .tracker
        .claim(
            &call(),
            std::slice::from_ref(&id),
            &agent("x"),
            &ClaimTerms::default(),
        )
        .unwrap();
    assert!(release(10).unwrap().changed);
    assert!(!release(20).unwrap().changed);
}

#[test]
fn a_sweep_takes_no_answer_away() {
    let bench = Bench::new();
    let id = bench.create("A");
    bench
        .tracker
        .claim(
            &call(),
            std::slice::from_ref(&id),
            &agent("x"),
            &Some(Duration::from_secs(9)).into(),
        )
        .unwrap();
    bench.tracker.comment(&keyed("k"), &id, "said").unwrap();
    bench.tick(10);
    bench.tracker.lease_sweep(&keyed("k")).unwrap();
    assert!(
        !bench
            .tracker
            .comment(&keyed("k"), &id, "said")
            .unwrap()
            .changed
    );
}
