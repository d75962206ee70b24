//! Archives, labels and links: marks that change nothing about the work itself.

use crate::script::check;
use expect_test::expect;

#[test]
fn only_what_is_resolved_is_archived() {
    check(
        "create a; archive a; done a; archive a; archive a; show a",
        &expect![[r#"
            archive a: refused (issue `a` is open: it can't be archived)
            a: rev 3
            a archived"#]],
    );
    check(
        "create a; create b dep=a; reject a; archive a",
        &expect!["a archived, b ready"],
    );
    check(
        "create a; claim a agent:x; archive a",
        &expect![[r#"
        archive a: refused (issue `a` is in_progress: it can't be archived)
        a in_progress (agent:x)"#]],
    );
    check(
        "create a; done a; state a archived; reopen a",
        &expect!["a ready"],
    );
    check(
        "create a; state a archived",
        &expect![[r#"
        state a archived: refused (issue `a` is open: it can't be archived)
        a ready"#]],
    );
    check(
        "create a; done a; archive a; done a; reject a",
        &expect![[r#"
            done a: refused (issue `a` is archived: it can't be done)
            reject a: refused (issue `a` is archived: it can't be rejected)
            a archived"#]],
    );
}

#[test]
fn an_archived_rejection_blocks_nobody_any_more() {
    check(
        "strict; create a; create b dep=a; reject a; ready; archive a; ready",
        &expect![[r#"
            ready: 
            ready: b
            a archived, b ready"#]],
    );
}

#[test]
fn labels_come_and_go() {
    check(
        "create a; tag a x,area:core; tag a -x,y; tag a y; show a",
        &expect![[r#"
            a: area:core, y, rev 3
            a ready"#]],
    );
    check(
        "create a; tag a x; tag a -z; show a",
        &expect![[r#"
        a: x, rev 2
        a ready"#]],
    );
    check(
        "create a; create b; tag a,b x; show a; show b",
        &expect![[r#"
            a: x, rev 2
            b: x, rev 2
            a ready, b ready"#]],
    );
    check(
        "create a; tag a x,-x",
        &expect![[r#"
        tag a x,-x: invalid_value (labels: `x` can't be added and removed at once)
        a ready"#]],
    );
    check(
        "create a; claim a agent:x; epoch 9; tag a x",
        &expect![[r#"
            tag a x: lease_lost (epoch 9 of issue `a` is no longer current: the issue is held under epoch 1)
            a in_progress (agent:x)"#]],
    );
}

#[test]
fn links_never_block() {
    check(
        "create a; create b; link a related b; link a related b; link a caused_by b; show a",
        &expect![[r#"
            a: related b, caused_by b, rev 3
            a ready, b ready"#]],
    );
    check(
        "create a; create b; link a duplicates b; unlink a related b; show a; unlink a duplicates b; show a",
        &expect![[r#"
            a: duplicates b, rev 2
            a: rev 3
            a ready, b ready"#]],
    );
    check(
        "create a; link a related a; link a related b",
        &expect![[r#"
            link a related a: invalid_value (links: an issue can't be linked to itself)
            link a related b: not_found (no issue matches `b`)
            a ready"#]],
    );
    check(
        "create a; create b; link a related b; delete b; show a; unlink a related b; show a",
        &expect![[r#"
            a: related b, rev 2
            a: rev 3
            a ready"#]],
    );
    check(
        "create a; create b; link a related b; link b related a",
        &expect!["a ready, b ready"],
    );
}
