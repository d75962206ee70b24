//! Manual gates of both stages.

use crate::script::check;
use expect_test::expect;

#[test]
fn an_entry_gate_keeps_an_issue_out_of_ready() {
    check("gate g entry; create a gate=g", &expect!["a open"]);
    check(
        "gate g entry; create a gate=g; pass a g",
        &expect!["a ready"],
    );
    check(
        "gate g entry; create a; require a g; unrequire a g",
        &expect!["a ready"],
    );
    check(
        "gate g entry; create a; claim a agent:x; require a g; done a; pass a g; done a",
        &expect![[r#"
            done a: refused (issue `a` can't be done: gate g is pending)
            a done (agent:x)"#]],
    );
}

#[test]
fn an_exit_gate_keeps_an_issue_out_of_done() {
    check(
        "gate g exit; create a gate=g; claim a agent:x; done a",
        &expect!["a gated (agent:x)"],
    );
    check(
        "gate g exit; create a gate=g; claim a agent:x; done a; pass a g",
        &expect!["a done (agent:x)"],
    );
    check(
        "gate g exit; gate h exit; create a gate=g,h; done a; pass a g; pass a h",
        &expect!["a done"],
    );
    check(
        "gate g exit; create a gate=g; pass a g; done a",
        &expect!["a done"],
    );
    check(
        "gate g exit; create a gate=g; done a; unrequire a g",
        &expect!["a done"],
    );
    check(
        "gate g exit; create a gate=g; create b dep=a; done a; force; done a",
        &expect!["a done, b ready"],
    );
}

#[test]
fn a_failed_exit_gate_opens_the_issue_again() {
    check(
        "gate g exit; create a gate=g; claim a agent:x; done a; fail a g",
        &expect!["a ready"],
    );
    check(
        "gate g exit; gate h exit; create a gate=g,h; done a; pass a g; fail a h; done a; pass a h",
        &expect!["a gated"],
    );
    check(
        "gate g exit; create a gate=g; fail a g; claim a agent:x",
        &expect!["a in_progress (agent:x)"],
    );
}

#[test]
fn a_return_to_open_forgets_exit_passes() {
    check(
        "gate g exit; create a gate=g; claim a agent:x; pass a g; as agent:x; release a; done a",
        &expect!["a gated"],
    );
    check(
        "gate g exit; create a gate=g; pass a g; done a; reopen a; done a",
        &expect!["a gated"],
    );
}

#[test]
fn gates_must_be_defined_and_required() {
    check(
        "create a gate=g",
        &expect![[r#"
        create a gate=g: refused (gate `g` is not defined)
    "#]],
    );
    check(
        "gate review exit; create a; require a reviews",
        &expect![[r#"
            require a reviews: refused (gate `reviews` is not defined)
            a ready"#]],
    );
    check(
        "gate g exit; create a; pass a g",
        &expect![[r#"
        pass a g: refused (issue `a` does not require gate `g`)
        a ready"#]],
    );
    check(
        "gate g exit auto; create a gate=g; pass a g",
        &expect![[r#"
        pass a g: not_permitted (gate `g` is automatic: only its checker can pass it)
        a ready"#]],
    );
    check(
        "gate g exit; gate g exit; gate g entry",
        &expect![[r#"
        gate g entry: exists (gate `g` is already defined differently)
    "#]],
    );
}

#[test]
fn defining_a_gate_anew_tells_what_became_ready() {
    check(
        "gate g entry; create a gate=g; force; gate g exit",
        &expect!["a ready"],
    );
}

#[test]
fn a_repeated_verdict_changes_nothing() {
    check(
        "gate g exit; create a gate=g; done a; pass a g; pass a g; unrequire a g; unrequire a g; unrequire a h",
        &expect![[r#"
            unrequire a h: refused (gate `h` is not defined)
            a done"#]],
    );
}

#[test]
fn naming_somebody_else_lends_no_role() {
    check(
        "gate g exit role=human; create a gate=g; pass a g",
        &expect!["a ready"],
    );
    check(
        "gate g exit role=human; create a gate=g; as agent:x; pass a g; pass a g human:ada",
        &expect![[r#"
            pass a g: not_permitted (gate `g` can only be passed by human, not by agent:x)
            pass a g human:ada: not_permitted (gate `g` can only be passed by human, not by agent:x)
            a ready"#]],
    );
}

#[test]
fn a_gate_goes_once_no_unresolved_issue_requires_it() {
    check(
        "gate g entry; ungate g; create a gate=g",
        &expect![[r#"
        create a gate=g: refused (gate `g` is not defined)
    "#]],
    );
    check(
        "gate g entry; create a gate=g; create b gate=g; ungate g; ready",
        &expect![[r#"
            ungate g: refused (gate `g` can't be removed: a, b require it)
            ready: 
            a open, b open"#]],
    );
    check(
        "gate g exit; create a gate=g; pass a g; done a; ungate g; reopen a; done a",
        &expect!["a done"],
    );
    check(
        "gate review exit; ungate revue; ungate review; ungate review",
        &expect![[r#"
            ungate revue: refused (gate `revue` is not defined)
            ungate review: refused (gate `review` is not defined)
        "#]],
    );
}

#[test]
fn force_removes_the_requirement_with_the_gate() {
    check(
        "gate g entry; create a gate=g; create b dep=a; force; ungate g",
        &expect!["a ready, b open"],
    );
    check(
        "gate g exit; gate h exit; create a gate=g; create b gate=g,h; create c dep=a; done a,b; force; ungate g",
        &expect!["a done, b gated, c ready"],
    );
    check(
        "gate g entry; create a gate=g; env a 3; force; ungate g",
        &expect![[r#"
            ungate g: lease_lost (epoch 3 of issue `a` is no longer current: nobody holds the issue now)
            a open"#]],
    );
}
