//! Readiness and the states, row by row of `docs/design/tracker.md` section 2.

use crate::script::check;
use expect_test::expect;

#[test]
fn an_issue_that_nothing_blocks_is_ready() {
    check("create a", &expect!["a ready"]);
    check("create a; create b dep=a", &expect!["a ready, b open"]);
    check("create a; create b; dep b a", &expect!["a ready, b open"]);
    check(
        "create a; create b dep=a; undep b a",
        &expect!["a ready, b ready"],
    );
}

#[test]
fn resolving_a_dependency_readies_its_dependents() {
    check(
        "create a; create b dep=a; done a",
        &expect!["a done, b ready"],
    );
    check(
        "create a; create b dep=a; reject a",
        &expect!["a rejected, b ready"],
    );
    check(
        "strict; create a; create b dep=a; reject a",
        &expect!["a rejected, b open"],
    );
    check(
        "create a; create b; create c dep=a,b; done a",
        &expect!["a done, b ready, c open"],
    );
    check(
        "create a; create b dep=a; done a; reopen a",
        &expect!["a ready, b open"],
    );
}

#[test]
fn an_epic_is_ready_once_its_children_are_resolved() {
    check(
        "create a; create b parent=a; create c parent=a",
        &expect!["a open, b ready, c ready"],
    );
    check(
        "create a; create b parent=a; create c parent=a; done b; reject c",
        &expect!["a ready, b done, c rejected"],
    );
    check(
        "create a; create b parent=a; done a",
        &expect![[r#"
        done a: refused (issue `a` can't be done: child b is not resolved)
        a open, b ready"#]],
    );
    check(
        "create a; create b parent=a; force; done a",
        &expect!["a done, b ready"],
    );
}

#[test]
fn children_wait_for_their_parents_own_reasons_only() {
    check(
        "create a; create b dep=a; create c parent=b",
        &expect!["a ready, b open, c open"],
    );
    check(
        "create a; create b dep=a; create c parent=b; create d parent=c; done a",
        &expect!["a done, b open, c open, d ready"],
    );
    check(
        "create a; create b parent=a; hold a",
        &expect!["a open, b open"],
    );
    check(
        "gate g entry; create a gate=g; create b parent=a; pass a g",
        &expect!["a open, b ready"],
    );
}

#[test]
fn holds_and_times_keep_an_issue_from_being_ready() {
    check("create a; hold a", &expect!["a open"]);
    check(
        "create a; hold a; done a; unhold a; done a",
        &expect![[r#"
        done a: refused (issue `a` can't be done: on hold by human:ada: wait)
        a done"#]],
    );
    check(
        "create a after=2030-01-01T00:01:00Z; claim a agent:x",
        &expect![[r#"
            claim a agent:x: not_ready (issue `a` is not ready: not before 2030-01-01T00:01:00.000000Z)
            a open"#]],
    );
    check(
        "create a after=2030-01-01T00:01:00Z; tick 60; claim a agent:x",
        &expect!["a in_progress (agent:x)"],
    );
}

#[test]
fn done_is_refused_while_something_is_unfinished() {
    check(
        "create a; create b dep=a; done b",
        &expect![[r#"
            done b: refused (issue `b` can't be done: dependency a is not resolved)
            a ready, b open"#]],
    );
    check(
        "create a; create b dep=a; force; done b",
        &expect!["a ready, b done"],
    );
    check(
        "create a check=tests; done a",
        &expect![[r#"
        done a: refused (issue `a` can't be done: checklist item 1 is open: tests)
        a ready"#]],
    );
    check(
        "create a; reject a; done a",
        &expect![[r#"
        done a: refused (issue `a` is rejected: it can't be done)
        a rejected"#]],
    );
    check(
        "create a; done a; done a; reject a",
        &expect![[r#"
        reject a: refused (issue `a` is done: it can't be rejected)
        a done"#]],
    );
}

#[test]
fn a_state_can_be_reached_by_update() {
    check(
        "create a; as agent:x; state a in_progress; state a done",
        &expect!["a done (agent:x)"],
    );
    check(
        "create a; as agent:x; state a in_progress; state a open",
        &expect!["a ready"],
    );
    check(
        "create a; done a; state a ready; state a rejected",
        &expect!["a rejected"],
    );
    check(
        "create a; state a gated; state a archived",
        &expect![[r#"
            state a gated: invalid_value (state: `gated` is reached by `done` while an exit gate is open)
            state a archived: refused (issue `a` is open: it can't be archived)
            a ready"#]],
    );
}

#[test]
fn ready_since_is_the_latest_reason_to_have_waited() {
    check(
        "create a; tick 5; create b dep=a; tick 5; done a; tick 5; since b",
        &expect![[r#"
            b ready since 00:00:10
            a done, b ready"#]],
    );
    check(
        "create a; tick 5; hold a; tick 5; unhold a; tick 5; since a",
        &expect![[r#"
            a ready since 00:00:10
            a ready"#]],
    );
    check(
        "create a; tick 5; claim a agent:x; tick 5; as agent:x; release a; since a",
        &expect![[r#"
            a ready since 00:00:00
            a ready"#]],
    );
    check(
        "create a; tick 5; done a; tick 5; reopen a; since a",
        &expect![[r#"
            a ready since 00:00:10
            a ready"#]],
    );
    check(
        "create a; create b parent=a; tick 5; done b; tick 5; since a",
        &expect![[r#"
            a ready since 00:00:05
            a ready, b done"#]],
    );
}

#[test]
fn a_retry_keeps_the_age_of_its_issue() {
    check(
        "create a after=2030-01-01T00:00:05Z; tick 6; since a",
        &expect![[r#"
            a ready since 00:00:05
            a ready"#]],
    );
    check(
        "create a; tick 5; claim a agent:x; as agent:x; later a 60; tick 99; since a",
        &expect![[r#"
            a ready since 00:00:00
            a ready"#]],
    );
}

#[test]
fn ready_issues_come_by_priority_then_age() {
    check(
        "create a prio=low; tick 1; create b prio=critical; tick 1; create c; create d prio=high; tick 1; create e; ready",
        &expect![[r#"
            ready: b d c e a
            a ready, b ready, c ready, d ready, e ready"#]],
    );
    check(
        "create a who=agent:x; create b; ready",
        &expect![[r#"
        ready: b
        a ready (agent:x), b ready"#]],
    );
}
