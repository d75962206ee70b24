//! `jit export jsonl` and `jit events export`.

use crate::harness::Repo;
use expect_test::expect;
use serde_json::Value;

fn lines(text: &str) -> Vec<Value> {
    let parse = |line| serde_json::from_str(line).expect("each line is JSON");
    text.lines().map(parse).collect()
}

fn texts<'a>(values: &'a [Value], name: &str) -> Vec<&'a str> {
    values
        .iter()
        .filter_map(|value| value[name].as_str())
        .collect()
}

#[test]
fn every_record_is_a_line_in_order() {
    let repo = Repo::new();
    repo.ok(&["gate", "define", "tests", "--title", "Tests"]);
    repo.ok(&["gate", "define", "review", "--title", "Review"]);
    let open = repo.create_with("Open \u{202e}\u{1b}[31m", &["--gate", "review"]);
    let archived = repo.create("Archived");
    repo.ok(&["issue", "done", &archived]);
    repo.ok(&["issue", "archive", &archived]);
    let deleted = repo.create("Deleted");
    repo.ok(&["issue", "delete", &deleted]);
    let text = repo.ok(&["export", "jsonl"]);
    assert!(
        text.is_ascii(),
        "what could act on a terminal is escaped: {text}"
    );
    let found = lines(&text);
    assert_eq!(texts(&found, "key"), ["review", "tests"]);
    let mut expected = [open.as_str(), archived.as_str()];
    expected.sort_unstable();
    assert_eq!(texts(&found, "id"), expected);
    for form in [&["--json"][..], &["-o", "jsonl"], &["--color", "always"]] {
        assert_eq!(
            repo.ok(&[&["export", "jsonl"], form].concat()),
            text,
            "{form:?}"
        );
    }
    let all = lines(&repo.ok(&["export", "jsonl", "--all"]));
    let tombstones: Vec<&Value> = all.iter().filter(|it| it["deleted"].is_object()).collect();
    assert_eq!((all.len(), tombstones.len()), (5, 1));
}

#[test]
fn a_line_is_what_the_file_of_the_issue_holds() {
    let repo = Repo::new();
    let id = repo.create("A");
    let path = repo
        .root()
        .join(format!(".jit/issues/{}/{id}.json", &id[..2]));
    let mut stored: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    stored["from_the_future"] = serde_json::json!({"n": 1.5});
    std::fs::write(&path, stored.to_string()).unwrap();
    let found = lines(&repo.ok(&["export", "jsonl"]));
    for (name, value) in stored.as_object().unwrap() {
        let is_format = name == "format" || name == "v";
        assert!(is_format || found[0][name] == *value, "{name}: {found:?}");
    }
    assert_eq!(found[0].get("blocked_by"), None, "nothing computed");
}

#[test]
fn a_file_is_whole_and_replaces_nothing_unasked() {
    let repo = Repo::new();
    repo.check(&["export", "jsonl"], expect![[""]]);
    repo.create("A");
    repo.check(
        &["export", "jsonl", "out.jsonl"],
        expect![[r#"
            --- stderr
            Wrote 1 issue and 0 gates to out.jsonl.
        "#]],
    );
    let first = std::fs::read_to_string(repo.root().join("out.jsonl")).unwrap();
    assert_eq!(first.trim_end(), repo.ok(&["export", "jsonl", "-"]));
    repo.create("B");
    repo.check(
        &["export", "jsonl", "out.jsonl"],
        expect![[r#"
        --- stderr
        error: `out.jsonl` exists already
        hint: choose another name
        --- exit 6
    "#]],
    );
    let kept = std::fs::read_to_string(repo.root().join("out.jsonl")).unwrap();
    assert_eq!(kept, first);
    repo.check(
        &["export", "jsonl", "out.jsonl", "--force", "--json"],
        expect![[r#"
            {"file":"out.jsonl","gates":0,"issues":2}
        "#]],
    );
    let second = std::fs::read_to_string(repo.root().join("out.jsonl")).unwrap();
    assert_eq!(second.lines().count(), 2);
    repo.check(
        &["export", "jsonl", "no/such/dir/x"],
        expect![[r#"
            --- stderr
            error: can't write `no/such/dir/x`: there is no such file or directory
            hint: check the path
            --- exit 10
        "#]],
    );
    repo.check(
        &["export", "jsonl", ".git"],
        expect![[r#"
        --- stderr
        error: `.git` exists already
        hint: choose another name
        --- exit 6
    "#]],
    );
    let names = std::fs::read_dir(repo.root()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let left: Vec<String> = names.filter(|name| name.starts_with(".jit-")).collect();
    assert_eq!(left, [""; 0], "no draft is left behind");
}

#[test]
fn a_part_or_another_form_is_refused() {
    let repo = Repo::new();
    let check = |flags: &[&str]| {
        for export in [&["export", "jsonl"], &["events", "export"]] {
            let answer = repo.jit(&[&export[..], flags].concat());
            assert_eq!(
                (answer.code, answer.stdout.as_str()),
                (2, ""),
                "{flags:?}: {answer:?}"
            );
        }
    };
    check(&["--limit", "1"]);
    check(&["-o", "table"]);
    check(&["-o", "tsv"]);
    check(&["-o", "id"]);
    check(&["--fields", "type"]);
    check(&["--key", "k"]);
    repo.check(&["export"], expect![[r#"
        --- stderr
        Write the records for other programs, or to keep them

        Usage: jit export [OPTIONS] <COMMAND>

        Commands:
          jsonl  Write every record as a line of JSON
          help   Print this message or the help of the given subcommand(s)

        Options:
          -h, --help  Print help (see more with '--help')

        Global options:
              --json             Print data as JSON, errors as one JSON object
          -o, --output <FORMAT>  Choose the form of the data [possible values: table, tsv, json, jsonl, id]
              --fields <NAMES>   Choose the members to show, separated by commas
              --limit <N>        Show at most N, and say on stderr how many there are
          -C, --repo <DIR>       Work in the repository of DIR
          -q, --quiet            Say only what is wrong
        --- exit 2
    "#]]);
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_written() {
    let repo = Repo::new();
    let id = repo.create("A");
    repo.write(".jit/issues/zz/zzzzzzzzzz.json", "{");
    let answer = repo.jit(&["export", "jsonl"]);
    assert_eq!(answer.code, 9, "{answer:?}");
    assert_eq!(texts(&lines(&answer.stdout), "id"), [id.as_str()]);
    expect![[r#"
        warning: `.jit/issues/zz/zzzzzzzzzz.json` can't be read: it is not valid JSON: EOF while parsing an object at line 1 column 1
        error: the export is not whole: 1 file can't be read
        hint: jit validate
    "#]].assert_eq(&repo.normal(&answer.stderr));
    repo.check(&["export", "jsonl", "out.jsonl", "-q"], expect![[r#"
        --- stderr
        warning: `.jit/issues/zz/zzzzzzzzzz.json` can't be read: it is not valid JSON: EOF while parsing an object at line 1 column 1
        error: the export is not whole: 1 file can't be read
        --- exit 9
    "#]]);
}

#[test]
fn the_log_is_written_whole_in_display_order() {
    let repo = Repo::new();
    repo.check(&["events", "export"], expect![[""]]);
    let id = repo.create("A");
    repo.ok(&["issue", "hold", &id, "evil \u{202e}\u{1b}"]);
    repo.ok(&["issue", "unhold", &id]);
    let text = repo.ok(&["events", "export"]);
    assert!(text.is_ascii(), "{text}");
    let found = lines(&text);
    assert_eq!(
        texts(&found, "type"),
        [
            "issue.created",
            "issue.ready",
            "issue.held",
            "issue.blocked",
            "issue.held",
            "issue.ready"
        ]
    );
    let place = |event: &Value| {
        (
            event["lc"].as_u64(),
            event["ts"].to_string(),
            event["id"].to_string(),
        )
    };
    assert!(found.is_sorted_by_key(place), "{text}");
    assert_eq!(
        repo.ok(&["events", "query", "--json"]),
        text,
        "the whole of it is there"
    );
    let since = found[2]["ts"].as_str().unwrap();
    let later = lines(&repo.ok(&["events", "export", "--since", since]));
    assert_eq!(later, found[2..]);
    assert_eq!(repo.ok(&["events", "export", "--since", "1h"]), text);
    repo.check(&["events", "export", "--since", "tomorrow"], expect![[r#"
        --- stderr
        error: invalid value 'tomorrow' for '--since <TIME>': `tomorrow` is not a time, write one like 2026-01-31T12:00:00Z or a duration from now like 30m
        --- exit 2
    "#]]);
}
