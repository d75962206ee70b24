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
fn a_tree_shows_each_shared_subtree_once() {
    let diamond = "create e; create d dep=e; create c dep=d; create b dep=d; create a dep=b,c; create x dep=a,d;";
    check(
        &format!("{diamond} tree x; tree d"),
        &expect![[r#"
            0x, 1a, 2b, 3d, 4e, 2c, 3d repeated, 1d repeated
            0d, 1e
            a open, b open, c open, d open, e ready, x open"#]],
    );
    check(
        &format!("{diamond} tree x 0; tree x 1; tree x 2; tree x 9"),
        &expect![[r#"
            0x cut
            0x, 1a cut, 1d cut
            0x, 1a, 2b cut, 2c cut, 1d, 2e
            0x, 1a, 2b, 3d, 4e, 2c, 3d repeated, 1d repeated
            a open, b open, c open, d open, e ready, x open"#]],
    );
    // The first place of `c` lies too deep to show what is below it, the second does not.
    check(
        "create e; create d dep=e; create c dep=d; create b dep=c; create a dep=b,c; tree a 3; tree a 2",
        &expect![[r#"
            0a, 1b, 2c, 3d cut, 1c, 2d, 3e
            0a, 1b, 2c cut, 1c, 2d cut
            a open, b open, c open, d open, e ready"#]],
    );
}

#[test]
fn a_tree_survives_cycles_and_holes() {
    check(
        "create a; create b dep=a; create c dep=b; close a c; tree a; tree c",
        &expect![[r#"
            0a, 1c, 2b, 3a cycle
            0c, 1b, 2a, 3c cycle
            a open, b open, c open"#]],
    );
    check(
        "create a; close a a; tree a",
        &expect![[r#"
        0a, 1a cycle
        a open"#]],
    );
    check(
        "create a; create b dep=a; close a f; tree b; tree b 1",
        &expect![[r#"
            0b, 1a, 2f missing
            0b, 1a cut
            a open, b open"#]],
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
