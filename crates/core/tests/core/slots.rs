//! Slots: the leases that hold one never exceed its limit.

use crate::script::check;
use expect_test::expect;

#[test]
fn a_full_slot_refuses_and_names_its_holders() {
    check(
        "create a; create b; create c; claim a agent:x slot=s:2; claim b agent:b slot=s:2; claim c agent:h slot=s:2",
        &expect![[r#"
            claim c agent:h slot=s:2: slot_full (slot `s` is full: 2 of 2 taken, by agent:x on `a`, agent:b on `b`)
            a in_progress (agent:x), b in_progress (agent:b), c ready"#]],
    );
}

#[test]
fn a_slot_lives_and_dies_with_the_lease() {
    let taken = "create a; create b; claim a agent:x ttl=60 slot=s:1;";
    for end in [
        "done a",
        "epoch 1; release a",
        "reject a",
        "tick 60; sweep",
        "force; assign a agent:h",
    ] {
        let script = format!("{taken} {end}; claim b agent:b slot=s:1; epoch 1; check b");
        let found = crate::script::run(&script);
        assert!(found.contains("check b: epoch 1"), "{end}: {found}");
    }
}

#[test]
fn a_lease_that_can_still_be_prolonged_keeps_its_place() {
    check(
        "create a; create b; claim a agent:x ttl=60 slot=s:1; tick 70; claim b agent:b slot=s:1; renew a 1",
        &expect![[r#"
            claim b agent:b slot=s:1: slot_full (slot `s` is full: 1 of 1 taken, by agent:x on `a`)
            renew a: Renewed
            a in_progress (agent:x), b ready"#]],
    );
}

#[test]
fn slots_count_apart_and_claims_without_them_pass() {
    check(
        "create a; create b; create c; create d; claim a agent:x slot=s:1 slot=t:2; claim b agent:b slot=t:2; claim c agent:h; claim d agent:e slot=s:1 slot=t:9",
        &expect![[r#"
            claim d agent:e slot=s:1 slot=t:9: slot_full (slot `s` is full: 1 of 1 taken, by agent:x on `a`)
            a in_progress (agent:x), b in_progress (agent:b), c in_progress (agent:h), d ready"#]],
    );
}

#[test]
fn issues_that_are_claimed_together_take_a_place_each() {
    check(
        "create a; create b; claim a,b agent:x slot=s:1; claim a,b agent:x slot=s:2",
        &expect![[r#"
            claim a,b agent:x slot=s:1: slot_full (slot `s` is full: 1 of 1 taken, by agent:x on `a`)
            a in_progress (agent:x), b in_progress (agent:x)"#]],
    );
}

#[test]
fn the_next_issue_takes_its_place_too() {
    check(
        "create a; create b; next agent:x slot=s:1; next agent:b slot=s:1; done a; next agent:b slot=s:1; next agent:h slot=s:1",
        &expect![[r#"
            next agent:b slot=s:1: slot_full (slot `s` is full: 1 of 1 taken, by agent:x on `a`)
            next agent:h slot=s:1: nothing_ready (no issue is ready for agent:h)
            a done (agent:x), b in_progress (agent:b)"#]],
    );
}

#[test]
fn an_issue_does_not_stand_in_its_own_way() {
    // Its own last lease ran out and is about to be replaced.
    check(
        "create a; claim a agent:x ttl=60 slot=s:1; tick 60; claim a agent:b slot=s:1",
        &expect!["a in_progress (agent:b)"],
    );
}

#[test]
fn the_same_key_takes_one_place() {
    check(
        "create a; create b; key k; claim a agent:x slot=s:2; key k; claim a agent:x slot=s:2; claim b agent:b slot=s:2",
        &expect!["a in_progress (agent:x), b in_progress (agent:b)"],
    );
}
