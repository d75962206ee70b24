//! Cycles over dependencies and hierarchy.

use crate::script::check;
use expect_test::expect;

#[test]
fn no_edge_may_close_a_cycle() {
    check(
        "create a; dep a a",
        &expect![[r#"
        dep a a: cycle (that would make a cycle: a)
        a ready"#]],
    );
    check(
        "create a; create b dep=a; dep a b",
        &expect![[r#"
        dep a b: cycle (that would make a cycle: a → b → a)
        a ready, b open"#]],
    );
    check(
        "create a; create b dep=a; create c dep=b; dep a c",
        &expect![[r#"
            dep a c: cycle (that would make a cycle: a → c → b → a)
            a ready, b open, c open"#]],
    );
    check(
        "create a; create b dep=a; create c dep=a; dep c b",
        &expect!["a ready, b open, c open"],
    );
}

#[test]
fn hierarchy_counts_as_waiting() {
    // A child can't wait for its own parent, nor a parent's dependency for a child.
    check(
        "create a; create b parent=a; dep b a",
        &expect![[r#"
        dep b a: cycle (that would make a cycle: b → a → b)
        a open, b ready"#]],
    );
    check(
        "create a; create b parent=a; dep a b",
        &expect![[r#"
        dep a b: cycle (that would make a cycle: a → b → a)
        a open, b ready"#]],
    );
    check(
        "create a; create b parent=a; parent a b",
        &expect![[r#"
        parent a b: cycle (that would make a cycle: a → b → a)
        a open, b ready"#]],
    );
    check(
        "create a; create b dep=a; create c; parent c b; dep a c",
        &expect![[r#"
            dep a c: cycle (that would make a cycle: a → c → b → a)
            a ready, b open, c open"#]],
    );
    check(
        "create a; create b parent=a; create c parent=a; dep c b",
        &expect!["a open, b ready, c open"],
    );
}

#[test]
fn missing_targets_are_named() {
    check(
        "create a dep=b",
        &expect![[r#"
        create a dep=b: refused (dependency `b` does not exist)
    "#]],
    );
    check(
        "create a parent=b",
        &expect![[r#"
        create a parent=b: refused (parent `b` does not exist)
    "#]],
    );
    check(
        "create a; dep a b",
        &expect![[r#"
        dep a b: not_found (no issue matches `b`)
        a ready"#]],
    );
}
