//! Leases that ran out, as the next writer records them.

use crate::bench::{Bench, agent, call};
use expect_test::expect;
use jit_core::decide::RenewOutcome;
use jit_core::{ErrorKind, Fence};
use jit_tracker::{AskedRenewal, Call};
use std::time::Duration;

#[test]
fn the_next_writer_records_what_ran_out_even_when_it_is_refused() {
    let bench = Bench::new();
    let (a, b) = (bench.create("A"), bench.create("B"));
    bench
        .tracker
        .claim(
            &call(),
            std::slice::from_ref(&a),
            &agent("x"),
            &Some(Duration::from_mins(1)).into(),
        )
        .unwrap();
    bench.tick(61);
    assert_eq!(bench.state(&a), "ready");
    let stale = Call {
        fence: Fence {
            flag: Some(1),
            environment: None,
        },
        ..call()
    };
    let refused = bench
        .tracker
        .done(&stale, std::slice::from_ref(&a))
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::LeaseLost);
    bench.tracker.done(&call(), &[b]).unwrap();
    let expected = expect![[r#"
        [
            "issue.created",
            "issue.ready",
            "issue.created",
            "issue.ready",
            "issue.claimed",
            "lease.expired",
            "issue.done",
        ]
    "#]];
    expected.assert_debug_eq(&bench.events());
}

#[test]
fn renewals_answer_in_the_order_of_the_questions() {
    let bench = Bench::new();
    let (a, b) = (bench.create("A"), bench.create("B"));
    bench
        .tracker
        .claim(
            &call(),
            std::slice::from_ref(&b),
            &agent("x"),
            &Some(Duration::from_mins(1)).into(),
        )
        .unwrap();
    let renewal = |issue| AskedRenewal {
        issue,
        epoch: 1,
        process: None,
    };
    let prefix = |text| jit_core::id::IdPrefix::parse(text).unwrap();
    let (missing, short) = (prefix("zzzzzzzzzz"), prefix("zzzz"));
    let answers = bench
        .tracker
        .lease_renew(&call(), &[a, missing, short, b].map(renewal))
        .unwrap();
    let kinds: Vec<&str> = answers
        .iter()
        .map(
            |answer| match answer.as_ref().map(|answer| &answer.outcome) {
                Ok(RenewOutcome::Renewed { .. }) => "renewed",
                Ok(RenewOutcome::Fenced { .. }) => "fenced",
                Ok(RenewOutcome::NotFound) => "not found",
                Err(refusal) => refusal.kind().code(),
            },
        )
        .collect();
    assert_eq!(kinds, ["fenced", "not_found", "not_found", "renewed"]);
}
