//! The `jit graph` commands.

use crate::harness::Repo;
use expect_test::expect;

#[test]
fn shows_lists_and_draws() {
    let repo = Repo::new();
    let lexer = repo.create("Lexer");
    let parser = repo.create_with("Parser \"fast\" <b>", &["--dep", &lexer]);
    let tests = repo.create_with("Tests", &["--dep", &parser]);
    repo.check(
        &["graph", "show", &tests],
        expect![[r#"
        0003abcdef  open         Tests
          0002abcdef  open         Parser "fast" <b>
            0001abcdef  ready        Lexer
    "#]],
    );
    repo.check(
        &["graph", "show", &tests, "--json", "--fields", "id,depth"],
        expect![[r#"
            [{"depth":0,"id":"0003abcdef"},{"depth":1,"id":"0002abcdef"},{"depth":2,"id":"0001abcdef"}]
        "#]],
    );
    repo.check(
        &["graph", "downstream", &parser],
        expect![[r#"
        0003abcdef  normal  open  -  Tests
    "#]],
    );
    repo.check(
        &["graph", "roots", "-o", "id"],
        expect![[r#"
        0001abcdef
    "#]],
    );
}

#[test]
fn drawings_quote_what_is_not_theirs() {
    let repo = Repo::new();
    repo.create("Parser \"fast\" <b> \\ #1");
    repo.check(
        &["graph", "export", "--format", "dot"],
        expect![[r#"
        digraph issues {
          rankdir=LR;
          node [shape=box];
          "0001abcdef" [label="0001abcdef Parser \"fast\" <b> \\ #1 (ready)"];
        }
    "#]],
    );
    repo.check(
        &["graph", "export", "--format", "mermaid"],
        expect![[r#"
            flowchart LR
              i_0001abcdef["0001abcdef Parser #quot;fast#quot; #lt;b#gt; \ #35;1 (ready)"]
        "#]],
    );
    let drawing = repo.json(&["graph", "export"]);
    assert_eq!(drawing["nodes"].as_array().unwrap().len(), 1);
    assert_eq!(drawing["edges"], serde_json::json!([]));
}
