//! Leases: expiry, renewal, fencing.

use crate::script::check;
use expect_test::expect;

#[test]
fn a_lease_that_ran_out_leaves_the_issue_open() {
    check(
        "create a; claim a agent:x ttl=60; tick 59",
        &expect!["a in_progress (agent:x)"],
    );
    check(
        "create a; claim a agent:x ttl=60; tick 60; ready",
        &expect![[r#"
            ready: a
            a ready"#]],
    );
    check(
        "create a; claim a agent:x ttl=60; tick 60; sweep; claim a agent:b",
        &expect!["a in_progress (agent:b)"],
    );
    check(
        "create a; claim a agent:x; tick 9999999",
        &expect!["a in_progress (agent:x)"],
    );
}

#[test]
fn another_boot_of_the_same_host_ends_a_lease_with_a_ttl_and_a_process() {
    check(
        "create a; claim a agent:x ttl=60 pid=7; reboot",
        &expect!["a ready"],
    );
    check(
        "create a; claim a agent:x pid=7; reboot; tick 9999999",
        &expect!["a in_progress (agent:x)"],
    );
    check(
        "create a; claim a agent:x ttl=60; reboot; tick 119",
        &expect!["a in_progress (agent:x)"],
    );
    check(
        "create a; claim a agent:x ttl=60; reboot; tick 120",
        &expect!["a ready"],
    );
}

#[test]
fn a_renewal_may_name_the_process_and_forgets_one_of_another_boot() {
    check(
        "create a; claim a agent:x ttl=60; renew a 1 8; reboot",
        &expect![[r#"
            renew a: Renewed
            a ready"#]],
    );
    check(
        "create a; claim a agent:x ttl=60 pid=7; renew a 1; reboot",
        &expect![[r#"
            renew a: Renewed
            a ready"#]],
    );
    // Another host took the work over: the number that the first one named says nothing there.
    check(
        "create a; claim a agent:x ttl=60 pid=7; move there; renew a 1; reboot; tick 119",
        &expect![[r#"
            renew a: Renewed
            a in_progress (agent:x)"#]],
    );
}

#[test]
fn the_environment_fences_renewals() {
    check(
        "create a; claim a agent:x ttl=60; env a 1; renew a 1; env a 3; renew a 1",
        &expect![[r#"
            renew a: Renewed
            renew a: Fenced
            a in_progress (agent:x)"#]],
    );
}

#[test]
fn a_check_answers_while_the_epoch_holds_the_issue() {
    check(
        "create a; claim a agent:x ttl=60; epoch 1; check a; env a 1; check a",
        &expect![[r#"
            check a: epoch 1
            check a: epoch 1
            a in_progress (agent:x)"#]],
    );
    check(
        "create a; claim a agent:x ttl=60; tick 60; epoch 1; check a",
        &expect![[r#"
            check a: lease_lost (epoch 1 of issue `a` is no longer current: nobody holds the issue now)
            a ready"#]],
    );
    check(
        "create a; claim a agent:x; epoch 1; done a; epoch 1; check a",
        &expect![[r#"
            check a: lease_lost (epoch 1 of issue `a` is no longer current: nobody holds the issue now)
            a done (agent:x)"#]],
    );
    check(
        "create a; claim a agent:x; force; release a; claim a agent:b; epoch 1; check a; env a 1; epoch 2; check a",
        &expect![[r#"
            check a: lease_lost (epoch 1 of issue `a` is no longer current: the issue is held under epoch 2)
            check a: lease_lost (epoch 1 of issue `a` is no longer current: the issue is held under epoch 2)
            a in_progress (agent:b)"#]],
    );
    check(
        "create a; check a; check x",
        &expect![[r#"
            check a: invalid_value (epoch: is needed: it says which lease is meant)
            check x: not_found (no issue matches `x`)
            a ready"#]],
    );
}

#[test]
fn a_wish_to_stop_marks_the_lease_and_dies_with_it() {
    check(
        "create a; claim a agent:x ttl=60; cancel a; cancel a; epoch 1; check a; renew a 1; epoch 1; check a",
        &expect![[r#"
            check a: epoch 1, asked to stop
            renew a: Renewed
            check a: epoch 1, asked to stop
            a in_progress (agent:x)"#]],
    );
    check(
        "create a; claim a agent:x; cancel a; epoch 1; release a; claim a agent:b; epoch 2; check a",
        &expect![[r#"
            check a: epoch 2
            a in_progress (agent:b)"#]],
    );
    // Nobody is left to ask, so there is nothing to do.
    check("create a; cancel a", &expect!["a ready"]);
    // Meant for one holder, it is not handed on to the next.
    check(
        "create a; claim a agent:x; force; release a; claim a agent:b; epoch 1; cancel a; epoch 2; check a",
        &expect![[r#"
            cancel a: lease_lost (epoch 1 of issue `a` is no longer current: the issue is held under epoch 2)
            check a: epoch 2
            a in_progress (agent:b)"#]],
    );
}

#[test]
fn another_host_waits_a_minute_longer() {
    check(
        "create a; claim a agent:x ttl=60; move there; tick 119",
        &expect!["a in_progress (agent:x)"],
    );
    check(
        "create a; claim a agent:x ttl=60; move there; tick 120",
        &expect!["a ready"],
    );
}

#[test]
fn a_renewal_prolongs_until_the_end_is_recorded() {
    check(
        "create a; claim a agent:x ttl=60; tick 50; renew a 1; tick 50",
        &expect![[r#"
            renew a: Renewed
            a in_progress (agent:x)"#]],
    );
    check(
        "create a; claim a agent:x ttl=60; tick 70; renew a 1",
        &expect![[r#"
            renew a: Renewed
            a in_progress (agent:x)"#]],
    );
    check(
        "create a; claim a agent:x ttl=60; tick 70; sweep; renew a 1",
        &expect![[r#"
            renew a: Fenced
            a ready"#]],
    );
    check(
        "create a; claim a agent:x ttl=60; renew a 2",
        &expect![[r#"
        renew a: Fenced
        a in_progress (agent:x)"#]],
    );
}

#[test]
fn an_old_epoch_writes_nothing() {
    let taken_over = "create a; claim a agent:x ttl=60; tick 60; sweep; claim a agent:b;";
    check(
        &format!("{taken_over} epoch 1; done a"),
        &expect![[r#"
            done a: lease_lost (epoch 1 of issue `a` is no longer current: the issue is held under epoch 2)
            a in_progress (agent:b)"#]],
    );
    check(
        &format!("{taken_over} epoch 1; label a x"),
        &expect![[r#"
            label a x: lease_lost (epoch 1 of issue `a` is no longer current: the issue is held under epoch 2)
            a in_progress (agent:b)"#]],
    );
    check(
        &format!("{taken_over} epoch 1; comment a"),
        &expect![[r#"
            comment a: lease_lost (epoch 1 of issue `a` is no longer current: the issue is held under epoch 2)
            a in_progress (agent:b)"#]],
    );
    check(
        &format!("{taken_over} env a 1; release a"),
        &expect![[r#"
            release a: lease_lost (epoch 1 of issue `a` is no longer current: the issue is held under epoch 2)
            a in_progress (agent:b)"#]],
    );
    check(
        &format!("{taken_over} epoch 2; done a"),
        &expect!["a done (agent:b)"],
    );
    check(
        "create a; claim a agent:x ttl=60; tick 60; epoch 1; done a",
        &expect![[r#"
            done a: lease_lost (epoch 1 of issue `a` is no longer current: nobody holds the issue now)
            a ready"#]],
    );
}

#[test]
fn the_write_that_ended_a_lease_may_be_repeated() {
    check(
        "create a; claim a agent:x; epoch 1; done a; epoch 1; done a",
        &expect!["a done (agent:x)"],
    );
    check(
        "create a; claim a agent:x; epoch 1; release a; epoch 1; release a; epoch 1; done a",
        &expect![[r#"
            done a: lease_lost (epoch 1 of issue `a` is no longer current: nobody holds the issue now)
            a ready"#]],
    );
    check(
        "create a; claim a agent:x; epoch 1; state a done; epoch 1; state a done",
        &expect!["a done (agent:x)"],
    );
    check(
        "create a; claim a agent:x; epoch 1; done a; epoch 1; comment a; epoch 1; label a x",
        &expect![[r#"
            label a x: lease_lost (epoch 1 of issue `a` is no longer current: nobody holds the issue now)
            a done (agent:x)"#]],
    );
}

#[test]
fn the_environment_fences_only_its_own_issue() {
    check(
        "create a; create b; claim a agent:x; env a 9; label b x; env a 9; label a x",
        &expect![[r#"
            label a x: lease_lost (epoch 9 of issue `a` is no longer current: the issue is held under epoch 1)
            a in_progress (agent:x), b ready"#]],
    );
}

#[test]
fn a_repetition_is_one_only_where_the_first_write_left_the_issue() {
    check(
        "create a; claim a agent:x; epoch 1; done a; epoch 1; release a",
        &expect![[r#"
            release a: lease_lost (epoch 1 of issue `a` is no longer current: nobody holds the issue now)
            a done (agent:x)"#]],
    );
    check(
        "create a; claim a agent:x; epoch 1; reject a; epoch 1; reject a; epoch 1; done a",
        &expect![[r#"
            done a: lease_lost (epoch 1 of issue `a` is no longer current: nobody holds the issue now)
            a rejected (agent:x)"#]],
    );
}

#[test]
fn two_epochs_for_one_issue_hold_nothing() {
    check(
        "create a; claim a agent:x; env a 1; epoch 1; label a y; env a 5; epoch 1; label a x",
        &expect![[r#"
            label a x: lease_lost (epoch 5 of issue `a` is no longer current: the issue is held under epoch 1)
            a in_progress (agent:x)"#]],
    );
}

#[test]
fn a_lease_that_outlives_its_record_can_be_ended() {
    // Git or a hand may set the file back while the lease lives on.
    let set_back = "create a; claim a agent:x; set-back a;";
    check(
        &format!("{set_back} claim a agent:b"),
        &expect![[r#"
        claim a agent:b: already_claimed (issue `a` is held by agent:x)
        a ready"#]],
    );
    check(
        &format!("{set_back} release a; force; release a; claim a agent:b"),
        &expect![[r#"
            release a: refused (human:ada does not hold issue `a`)
            a in_progress (agent:b)"#]],
    );
    check(
        &format!("{set_back} as agent:x; release a; claim a agent:b"),
        &expect!["a in_progress (agent:b)"],
    );
    check(
        &format!("{set_back} unassign a; force; unassign a; claim a agent:b"),
        &expect![[r#"
            unassign a: already_claimed (issue `a` is held by agent:x)
            a in_progress (agent:b)"#]],
    );
}

#[test]
fn the_longest_lease_can_still_be_read() {
    check(
        "create a; claim a agent:x ttl=18446744073709551615; tick 99",
        &expect!["a in_progress (agent:x)"],
    );
}
