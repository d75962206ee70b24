//! Claims, releases and assignments.

use crate::script::check;
use expect_test::expect;

#[test]
fn a_claim_has_one_winner() {
    check(
        "create a; claim a agent:x; claim a agent:b",
        &expect![[r#"
        claim a agent:b: already_claimed (issue `a` is held by agent:x)
        a in_progress (agent:x)"#]],
    );
    check(
        "create a; claim a agent:x; claim a agent:x",
        &expect![[r#"
        claim a agent:x: already_claimed (issue `a` is held by agent:x)
        a in_progress (agent:x)"#]],
    );
    check(
        "create a; key k; claim a agent:x; key k; claim a agent:x",
        &expect!["a in_progress (agent:x)"],
    );
    check(
        "create a; key k; claim a agent:x; key l; claim a agent:x",
        &expect![[r#"
            claim a agent:x: already_claimed (issue `a` is held by agent:x)
            a in_progress (agent:x)"#]],
    );
}

#[test]
fn a_claim_needs_a_ready_issue_that_is_meant_for_the_claimant() {
    check(
        "create a; create b dep=a; claim b agent:x",
        &expect![[r#"
            claim b agent:x: not_ready (issue `b` is not ready: dependency a is not resolved)
            a ready, b open"#]],
    );
    check(
        "create a who=agent:b; claim a agent:x; claim a agent:b",
        &expect![[r#"
            claim a agent:x: assigned (issue `a` is assigned to agent:b)
            a in_progress (agent:b)"#]],
    );
    check(
        "create a; done a; claim a agent:x",
        &expect![[r#"
        claim a agent:x: refused (issue `a` is done: it can't be claimed)
        a done"#]],
    );
}

#[test]
fn a_key_never_answers_for_a_lease_that_has_ended() {
    check(
        "create a; key k; claim a agent:x; as agent:x; release a; key k; claim a agent:x",
        &expect![[r#"
            claim a agent:x: lease_lost (epoch 1 of issue `a` is no longer current: nobody holds the issue now)
            a ready"#]],
    );
}

#[test]
fn claim_next_takes_what_is_assigned_first_and_then_the_most_urgent() {
    check(
        "create a; create b prio=high; next agent:x",
        &expect!["a ready, b in_progress (agent:x)"],
    );
    check(
        "create a prio=low who=agent:x; create b prio=critical; next agent:x",
        &expect!["a in_progress (agent:x), b ready"],
    );
    check(
        "create a who=agent:b; next agent:x",
        &expect![[r#"
        next agent:x: nothing_ready (no issue is ready for agent:x)
        a ready (agent:b)"#]],
    );
    check(
        "next agent:x",
        &expect![[r#"
        next agent:x: nothing_ready (no issue is ready for agent:x)
    "#]],
    );
}

#[test]
fn only_the_holder_releases() {
    check(
        "create a; claim a agent:x; release a",
        &expect![[r#"
        release a: refused (human:ada does not hold issue `a`)
        a in_progress (agent:x)"#]],
    );
    check(
        "create a; claim a agent:x; as agent:x; release a; release a",
        &expect!["a ready"],
    );
    check(
        "create a; claim a agent:x; epoch 1; release a",
        &expect!["a ready"],
    );
    check(
        "create a; claim a agent:x; force; release a",
        &expect!["a ready"],
    );
    check(
        "create a; done a; release a",
        &expect![[r#"
        release a: refused (issue `a` is done: it can't be released)
        a done"#]],
    );
}

#[test]
fn a_live_lease_is_not_assigned_away() {
    check(
        "create a; claim a agent:x; assign a agent:b",
        &expect![[r#"
        assign a agent:b: already_claimed (issue `a` is held by agent:x)
        a in_progress (agent:x)"#]],
    );
    check(
        "create a; claim a agent:x; force; assign a agent:b; epoch 1; done a",
        &expect![[r#"
            done a: lease_lost (epoch 1 of issue `a` is no longer current: nobody holds the issue now)
            a ready (agent:b)"#]],
    );
    check(
        "create a; assign a agent:b; unassign a",
        &expect!["a ready"],
    );
    check(
        "create a; claim a agent:x; unassign a",
        &expect![[r#"
        unassign a: already_claimed (issue `a` is held by agent:x)
        a in_progress (agent:x)"#]],
    );
}

#[test]
fn anybody_may_finish_a_live_lease() {
    check(
        "create a; claim a agent:x; done a",
        &expect!["a done (agent:x)"],
    );
    check(
        "create a; claim a agent:x; reject a; epoch 1; comment a",
        &expect!["a rejected (agent:x)"],
    );
}

#[test]
fn the_holder_may_hand_its_issue_on() {
    check(
        "create a; claim a agent:x; as agent:x; assign a agent:b; epoch 1; done a",
        &expect![[r#"
            done a: lease_lost (epoch 1 of issue `a` is no longer current: nobody holds the issue now)
            a ready (agent:b)"#]],
    );
    check(
        "create a; claim a agent:x; epoch 1; unassign a",
        &expect!["a ready"],
    );
}
