//! `jit dep add` and `dep rm`.

use crate::harness::Repo;
use expect_test::expect;

#[test]
fn an_edge_blocks_and_frees() {
    let repo = Repo::new();
    let parser = repo.create("Parser");
    let tests = repo.create("Tests");
    repo.check(
        &["dep", "add", &tests, &parser],
        expect![[r#"
            --- stderr
            0002abcdef waits for 1 issue now (open).
        "#]],
    );
    repo.check(
        &["dep", "add", &tests, &parser],
        expect![[r#"
        --- stderr
        Nothing to change.
    "#]],
    );
    repo.check(
        &["dep", "rm", &tests, &parser],
        expect![[r#"
            --- stderr
            0002abcdef waits for 0 issues now (ready).
        "#]],
    );
    repo.check(
        &["dep", "rm", &tests, &parser],
        expect![[r#"
        --- stderr
        Nothing to change.
    "#]],
    );
}

#[test]
fn a_cycle_is_refused_with_its_path() {
    let repo = Repo::new();
    let first = repo.create("First");
    let second = repo.create_with("Second", &["--dep", &first]);
    repo.check(
        &["dep", "add", &first, &second],
        expect![[r#"
        --- stderr
        error: that would make a cycle: 0001abcdef → 0002abcdef → 0001abcdef
        hint: jit graph show 0001abcdef
        --- exit 4
    "#]],
    );
    repo.check(&["dep", "add", &first, &second, "--json"], expect![[r#"
        --- stderr
        {"error":{"code":"cycle","details":{"cycle":["0001abcdef","0002abcdef","0001abcdef"]},"hint":"jit graph show 0001abcdef","message":"that would make a cycle: 0001abcdef → 0002abcdef → 0001abcdef","retryable":false}}
        --- exit 4
    "#]]);
    repo.check(
        &["dep", "add", &first, &first],
        expect![[r#"
        --- stderr
        error: that would make a cycle: 0001abcdef
        hint: jit graph show 0001abcdef
        --- exit 4
    "#]],
    );
    repo.check(
        &["dep", "add", &first, "zzzz"],
        expect![[r#"
        --- stderr
        error: no issue matches `zzzz`
        hint: jit issue list
        --- exit 3
    "#]],
    );
}

#[test]
fn a_tree_shows_what_an_issue_waits_for() {
    let repo = Repo::new();
    let lexer = repo.create("Lexer");
    let parser = repo.create_with("Parser", &["--dep", &lexer]);
    let tests = repo.create_with("Tests", &["--dep", &parser]);
    let ship = repo.create_with("Ship \u{1b}[31m it", &["--dep", &tests]);
    repo.check(
        &["dep", "tree", &ship],
        expect![[r#"
        0004abcdef  open  Ship \u{1b}[31m it
        └─ 0003abcdef  open  Tests
           └─ 0002abcdef  open  Parser
              └─ 0001abcdef  ready  Lexer
    "#]],
    );
    repo.check(
        &["dep", "tree", &ship, "--depth", "2"],
        expect![[r#"
        0004abcdef  open  Ship \u{1b}[31m it
        └─ 0003abcdef  open  Tests
           └─ 0002abcdef  open  Parser  …
    "#]],
    );
    repo.check(
        &["dep", "tree", &ship, "--depth", "0"],
        expect![[r#"
        0004abcdef  open  Ship \u{1b}[31m it  …
    "#]],
    );
    repo.check(
        &["dep", "tree", &ship, "--limit", "2"],
        expect![[r#"
        0004abcdef  open  Ship \u{1b}[31m it
        └─ 0003abcdef  open  Tests
        --- stderr
        Showing 2 of 4.
    "#]],
    );
    repo.check(
        &["dep", "tree", &ship, "--json", "--fields", "id,depth,end"],
        expect![[r#"
            [{"depth":0,"end":null,"id":"0004abcdef"},{"depth":1,"end":null,"id":"0003abcdef"},{"depth":2,"end":null,"id":"0002abcdef"},{"depth":3,"end":null,"id":"0001abcdef"}]
        "#]],
    );
    repo.check(
        &["dep", "tree", &ship, "-o", "tsv"],
        expect![[r#"
        0004abcdef	0		normal	open		Ship \u{1b}[31m it
        0003abcdef	1		normal	open		Tests
        0002abcdef	2		normal	open		Parser
        0001abcdef	3		normal	ready		Lexer
    "#]],
    );
}

#[test]
fn a_tree_of_nothing_is_refused() {
    let repo = Repo::new();
    let ship = repo.create("Ship");
    repo.check(
        &["dep", "tree", "zzzz"],
        expect![[r#"
        --- stderr
        error: no issue matches `zzzz`
        hint: jit issue list
        --- exit 3
    "#]],
    );
    repo.check(
        &["dep", "tree", &ship, "--depth", "-1"],
        expect![[r#"
        --- stderr
        error: unexpected argument '-1' found
        hint: to pass '-1' as a value, use '-- -1'
        hint: usage: jit dep tree [OPTIONS] <ID>
        --- exit 2
    "#]],
    );
    repo.check(
        &["dep", "tree", &ship, "--key", "k"],
        expect![[r#"
        --- stderr
        error: this command can't honour --key
        --- exit 2
    "#]],
    );
}

#[test]
fn a_tree_shows_a_shared_part_once_and_names_what_is_missing() {
    let repo = Repo::new();
    let base = repo.create("Base");
    let shared = repo.create_with("Shared", &["--dep", &base]);
    let left = repo.create_with("Left", &["--dep", &shared]);
    let top = repo.create_with("Top", &["--dep", &left]);
    repo.ok(&["dep", "add", &top, &shared]);
    let shown = repo.json(&["dep", "tree", &top]);
    let ends = shown.as_array().unwrap().iter();
    let repeated = ends.filter(|branch| branch["end"] == "repeated").count();
    // Which of the two places comes first depends on the ids.
    assert_eq!(
        (shown.as_array().map(Vec::len), repeated),
        (Some(5), 1),
        "{shown}"
    );
    std::fs::remove_file(
        repo.root()
            .join(format!(".jit/issues/{}/{base}.json", &base[..2])),
    )
    .unwrap();
    repo.check(
        &["dep", "tree", &shared],
        expect![[r#"
        0002abcdef  open  Shared
        └─ 0001abcdef  (missing)
    "#]],
    );
}
