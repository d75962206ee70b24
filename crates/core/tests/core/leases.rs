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
fn another_boot_of_the_same_host_ends_a_lease_with_a_ttl() {
    check(
        "create a; claim a agent:x ttl=60; reboot",
        &expect!["a ready"],
    );
    check(
        "create a; claim a agent:x; reboot",
        &expect!["a in_progress (agent:x)"],
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
