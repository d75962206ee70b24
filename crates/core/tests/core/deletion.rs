//! Tombstones: what refuses them, what force cuts, what a restoration brings back.

use crate::script::check;
use expect_test::expect;

#[test]
fn a_deleted_issue_is_hidden_and_resolves_nothing() {
    check("create a; create b; delete a", &expect!["b ready"]);
    check(
        "create a; delete a; delete a; show a",
        &expect![[r#"
        a: deleted by human:ada, rev 2
    "#]],
    );
    check(
        "create a; delete a; claim a agent:x; reopen a",
        &expect![[r#"
            claim a agent:x: not_found (no issue matches `a`)
            reopen a: not_found (no issue matches `a`)
        "#]],
    );
    check(
        "delete a",
        &expect![[r#"
        delete a: not_found (no issue matches `a`)
    "#]],
    );
}

#[test]
fn what_hangs_on_an_issue_refuses_its_deletion() {
    check(
        "create a; create b dep=a; delete a",
        &expect![[r#"
        delete a: refused (issue `a` can't be deleted: b depends on it)
        a ready, b open"#]],
    );
    check(
        "create a; create b parent=a; create c parent=a; delete a",
        &expect![[r#"
            delete a: refused (issue `a` can't be deleted: b, c are parts of it)
            a open, b ready, c ready"#]],
    );
    check(
        "create a; claim a agent:x; delete a",
        &expect![[r#"
        delete a: refused (issue `a` can't be deleted: agent:x holds it)
        a in_progress (agent:x)"#]],
    );
    check(
        "create a; done a; create b dep=a; done b; delete a",
        &expect![[r#"
            delete a: refused (issue `a` can't be deleted: b depends on it)
            a done, b done"#]],
    );
}

#[test]
fn a_lease_that_ran_out_hinders_nothing() {
    check(
        "create a; claim a agent:x ttl=60; tick 61; delete a; restore a",
        &expect!["a ready"],
    );
}

#[test]
fn issues_that_go_together_keep_no_other() {
    check(
        "create a; create b dep=a; create c parent=a; delete a,b,c",
        &expect![[""]],
    );
    check(
        "create a; create b dep=a; delete b,a; restore b,a; show b",
        &expect![[r#"
            b: dep a, rev 3
            a ready, b open"#]],
    );
    check(
        "create a; create b dep=a; delete b; delete a",
        &expect![[""]],
    );
}

#[test]
fn force_cuts_the_edges_of_those_that_stay() {
    check(
        "create a; create d; create b dep=a,d; create c parent=a; force; delete a; show a; show b; show c",
        &expect![[r#"
            a: deleted by human:ada, rev 2
            b: dep d, rev 2
            c: rev 2
            b open, c ready, d ready"#]],
    );
    check(
        "create a; create b dep=a; create c parent=b; force; delete a; restore a; show b",
        &expect![[r#"
            b: rev 2
            a ready, b open, c ready"#]],
    );
    check("create a; create b parent=a; delete b", &expect!["a ready"]);
}

#[test]
fn force_ends_the_lease() {
    check(
        "create a; claim a agent:x; force; delete a; restore a; claim a agent:y; epoch 1; done a",
        &expect![[r#"
            done a: lease_lost (epoch 1 of issue `a` is no longer current: the issue is held under epoch 2)
            a in_progress (agent:y)"#]],
    );
}

#[test]
fn a_restored_issue_is_as_it_was() {
    check("create a; done a; delete a; restore a", &expect!["a done"]);
    check(
        "gate g exit; create a gate=g; done a; delete a; restore a",
        &expect!["a gated"],
    );
    check(
        "create a; restore a; restore b",
        &expect![[r#"
        restore b: not_found (no issue matches `b`)
        a ready"#]],
    );
    // Its dependency has gone meanwhile, so it is named as missing.
    check(
        "create a; create b dep=a; delete b; delete a; restore b; done b",
        &expect![[r#"
            done b: refused (issue `b` can't be done: dependency a is missing)
            b open"#]],
    );
}

#[test]
fn what_a_newer_version_wrote_is_not_overwritten_by_the_way() {
    check(
        "create a; create b dep=a; modernize b; force; delete a; show b",
        &expect![[r#"
            delete a: format_too_new (issue `b` can only be read: a newer jit has written priority)
            b: dep a, rev 1
            a ready, b open"#]],
    );
    check(
        "create a; create b parent=a; modernize b; force; delete a",
        &expect![[r#"
            delete a: format_too_new (issue `b` can only be read: a newer jit has written priority)
            a open, b open"#]],
    );
    check(
        "gate g entry; create a gate=g; modernize a; force; ungate g",
        &expect![[r#"
            ungate g: format_too_new (issue `a` can only be read: a newer jit has written priority)
            a open"#]],
    );
}

#[test]
fn conditions_hold_for_a_deletion() {
    check(
        "create a; etag 0123; delete a",
        &expect![[r#"
        delete a: etag_mismatch (issue `a` has changed: its etag is 8fc157dc039adefdaa8e)
        a ready"#]],
    );
    check("create a; seen a; delete a", &expect![[""]]);
    check(
        "create a; claim a agent:x; epoch 2; force; delete a",
        &expect![[r#"
            delete a: lease_lost (epoch 2 of issue `a` is no longer current: the issue is held under epoch 1)
            a in_progress (agent:x)"#]],
    );
    check(
        "create a; claim a agent:x; epoch 1; force; delete a; epoch 1; delete a; epoch 2; delete a",
        &expect![[r#"
            delete a: lease_lost (epoch 2 of issue `a` is no longer current: nobody holds the issue now)
        "#]],
    );
    // The environment's fence protects an issue that the command writes beside the named one.
    check(
        "create a; create b dep=a; env b 3; force; delete a",
        &expect![[r#"
            delete a: lease_lost (epoch 3 of issue `b` is no longer current: nobody holds the issue now)
            a ready, b open"#]],
    );
    check(
        "create a; etag 0123; delete a; seen a; delete a; etag 0123; restore a",
        &expect![[r#"
            delete a: etag_mismatch (issue `a` has changed: its etag is 8fc157dc039adefdaa8e)
            restore a: etag_mismatch (issue `a` has changed: its etag is 88fe5a0aa2cf38c26af2)
        "#]],
    );
}
