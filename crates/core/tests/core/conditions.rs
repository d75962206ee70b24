//! Conditions that any write may carry.

use crate::script::check;
use expect_test::expect;

#[test]
fn an_etag_that_differs_refuses_the_write() {
    check(
        "create a; etag nonsense; label a x",
        &expect![[r#"
        label a x: etag_mismatch (issue `a` has changed: its etag is 8fc157dc039adefdaa8e)
        a ready"#]],
    );
}

#[test]
fn a_write_that_changes_nothing_is_none() {
    check(
        "create a; label a x; label a x; unassign a; unhold a; reopen a; release a",
        &expect!["a ready"],
    );
}

#[test]
fn an_etag_is_that_of_the_version_before_the_command() {
    check(
        "gate g exit; gate h exit; create a gate=g,h; seen a; pass a g,h; seen a; done a",
        &expect!["a done"],
    );
}
