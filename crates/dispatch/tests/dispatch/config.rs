//! `dispatch.toml`: what is read, what is complained about, and where.

use expect_test::{Expect, expect};
use jit_dispatch::config::{Work, parse};

/// Shows what a configuration text comes to.
fn check(text: &str, expected: &Expect) {
    let shown = match parse("dispatch.toml", text) {
        Ok(parsed) => {
            let agents = parsed.config.agents.iter().map(|agent| {
                let work = match &agent.work {
                    Work::Runs(argv) => format!("runs {argv:?}"),
                    Work::ClaimOnly => "claim-only".to_owned(),
                };
                let tags: Vec<_> = agent.tags.iter().map(jit_scheduler::Tag::as_str).collect();
                format!(
                    "{} ({}) x{} {tags:?}: {work}\n",
                    agent.id, agent.kind, agent.capacity
                )
            });
            let warnings = parsed
                .warnings
                .iter()
                .map(|warning| format!("warning: {}: {}\n", warning.place, warning.text));
            agents.chain(warnings).collect::<String>()
        }
        Err(error) => format!("error: {error}\n"),
    };
    expected.assert_eq(&shown);
}

#[test]
fn the_founding_documents_samples_are_read() {
    check(
        r#"
poll_interval_secs = 30

[[agents]]
id = "copilot-1"
type = "github-copilot"
capacity = 3
tags = ["rust", "python"]

[[agents]]
id = "ci-runner-1"
type = "github-actions"
capacity = 5
tags = ["build", "test"]
"#,
        &expect![[r#"
            copilot-1 (github-copilot) x3 ["python", "rust"]: claim-only
            ci-runner-1 (github-actions) x5 ["build", "test"]: claim-only
        "#]],
    );
    check(
        r#"
poll_interval_secs = 30

[[agents]]
id = "copilot-1"
type = "github-copilot"
max_concurrent = 3
command = "copilot-agent"

[[agents]]
id = "ci-runner-1"
type = "github-actions"
max_concurrent = 5
command = "ci-agent"
"#,
        &expect![[r#"
            copilot-1 (github-copilot) x3 []: runs ["copilot-agent"]
            ci-runner-1 (github-actions) x5 []: runs ["ci-agent"]
        "#]],
    );
}

#[test]
fn a_command_is_an_argument_vector_and_never_a_shell_line() {
    check(
        "[[agents]]\nid = 'a'\ncommand = \"sh -c 'echo \\\"$HOME\\\"' -- {issue_id}\"",
        &expect![[r#"
            a (exec) x1 []: runs ["sh", "-c", "echo \"$HOME\"", "--", "{issue_id}"]
        "#]],
    );
    check(
        "[[agents]]\nid = 'a'\ncommand = ['my agent', '; touch x']",
        &expect![[r#"
            a (exec) x1 []: runs ["my agent", "; touch x"]
        "#]],
    );
    check(
        "[[agents]]\nid = 'a'\ncommand = \"echo 'open\"",
        &expect![[r#"
            error: dispatch.toml:3:11: `command` has a quote that is never closed
        "#]],
    );
    check(
        "[[agents]]\nid = 'a'\ncommand = ''",
        &expect![[r#"
        error: dispatch.toml:3:11: `command` is empty
    "#]],
    );
    check(
        "[[agents]]\nid = 'a'\ncommand = []",
        &expect![[r#"
        error: dispatch.toml:3:11: `command` is empty
    "#]],
    );
}

#[test]
fn capacity_has_two_names_and_one_value() {
    check(
        "[[agents]]\nid = 'a'\ncapacity = 2\nmax_concurrent = 2",
        &expect![[r#"
        a (exec) x2 []: claim-only
    "#]],
    );
    check(
        "[[agents]]\nid = 'a'\ncapacity = 0",
        &expect![[r#"
        a (exec) x0 []: claim-only
    "#]],
    );
    check(
        "[[agents]]\nid = 'a'\ncapacity = 2\nmax_concurrent = 3",
        &expect![[r#"
        error: dispatch.toml:4:18: `capacity` = 2 and `max_concurrent` = 3 are two names of one thing and differ
    "#]],
    );
}

#[test]
fn unknown_keys_are_named_with_their_nearest_neighbour() {
    check(
        "poll_intervall_secs = 5\n[limits]\nidel_secs = 3\n[[agents]]\nid = 'a'\ncomand = 'x'\nzzzzzzzz = 1\n",
        &expect![[r#"
            a (exec) x1 []: claim-only
            warning: dispatch.toml:1:1: unknown key `poll_intervall_secs`; did you mean `poll_interval_secs`?
            warning: dispatch.toml:3:1: unknown key `idel_secs` in `limits`; did you mean `idle_secs`?
            warning: dispatch.toml:6:1: unknown key `comand` in `agents`; did you mean `command`?
            warning: dispatch.toml:7:1: unknown key `zzzzzzzz` in `agents`
        "#]],
    );
    check(
        "strict = true\npoll_intervall_secs = 5\n",
        &expect![[r#"
        error: dispatch.toml:2:1: unknown key `poll_intervall_secs`; did you mean `poll_interval_secs`?
    "#]],
    );
}

#[test]
fn keys_of_later_versions_are_accepted_with_a_warning() {
    check(
        "strict = true\n[workspace]\nmode = 'worktree'\n[lease]\nstore_loss = 'kill'\n[[agents]]\nid = 'a'\nsandbox = 'none'\n",
        &expect![[r#"
            a (exec) x1 []: claim-only
            warning: dispatch.toml:2:2: `workspace` is not supported by this version and has no effect
            warning: dispatch.toml:5:1: `store_loss` is not supported by this version and has no effect
            warning: dispatch.toml:8:1: `sandbox` is not supported by this version and has no effect
        "#]],
    );
}

#[test]
fn mistakes_are_named_with_file_line_and_column() {
    let rows = [
        (
            "poll_interval_secs = 'x'",
            expect![
                "error: dispatch.toml:1:22: `poll_interval_secs` must be a number, not string\n"
            ],
        ),
        (
            "poll_interval_secs = 0",
            expect!["error: dispatch.toml:1:22: `poll_interval_secs` must be more than 0\n"],
        ),
        (
            "[limits]\nidle_secs = -1",
            expect![
                "error: dispatch.toml:2:13: `idle_secs` must be a number that is not negative\n"
            ],
        ),
        (
            "[limits]\nidle_secs = inf",
            expect![
                "error: dispatch.toml:2:13: `idle_secs` must be a number that is not negative\n"
            ],
        ),
        (
            "max_concurrent = -1",
            expect![
                "error: dispatch.toml:1:18: `max_concurrent` must be a whole number from 0 to 4294967295\n"
            ],
        ),
        (
            "a = [\n1,\n",
            expect![[r#"
            error: dispatch.toml:2:3: unclosed array, expected `]`
        "#]],
        ),
        (
            "x = 1\nx = 2",
            expect!["error: dispatch.toml:2:1: duplicate key\n"],
        ),
        (
            "agents = 3",
            expect![
                "error: dispatch.toml:1:10: `agents` must be written as [[agents]], not integer\n"
            ],
        ),
        (
            "[[agents]]\ntype = 'x'",
            expect!["error: dispatch.toml:1:1: an agent needs an `id`\n"],
        ),
    ];
    for (text, expected) in rows {
        check(text, &expected);
    }
}

#[test]
fn values_that_make_no_sense_are_named_with_their_place() {
    let rows = [
        (
            "[[agents]]\nid = 'a'\n[[agents]]\nid = 'a'",
            expect!["error: dispatch.toml:4:6: two agents have the id `a`\n"],
        ),
        (
            "[[agents]]\nid = '../a'",
            expect![[r#"
                error: dispatch.toml:2:6: "../a" cannot be an agent's id: it must start with a letter or digit and hold only letters, digits, `-`, `_` and `.`, 64 at most
            "#]],
        ),
        (
            "[[agents]]\nid = 'a'\nenv = { JIT_EPOCH = '1' }",
            expect![
                "error: dispatch.toml:3:7: `JIT_EPOCH` is set by the dispatcher, for each run\n"
            ],
        ),
        (
            "[[agents]]\nid = 'a'\ntags = ['x', 3]",
            expect!["error: dispatch.toml:3:14: `tags` must be an array of strings, not integer\n"],
        ),
        (
            "[lease]\nttl_secs = 3\nrenew_secs = 2",
            expect![
                "error: dispatch.toml:3:14: `renew_secs` must be less than two thirds of `ttl_secs`, or leases run out beside live agents\n"
            ],
        ),
        (
            "[escalation]\nreserve = 2",
            expect!["error: dispatch.toml:2:11: `reserve` is a share of the starts, from 0 to 1\n"],
        ),
        (
            "[retry]\nbase_secs = 5\ncap_secs = 2",
            expect!["error: dispatch.toml:3:12: `cap_secs` is less than `base_secs`\n"],
        ),
        (
            "[jit]\ncommand = []",
            expect!["error: dispatch.toml:2:11: `command` is empty\n"],
        ),
    ];
    for (text, expected) in rows {
        check(text, &expected);
    }
}

#[test]
fn the_example_is_valid_and_shows_the_defaults() {
    let text = include_str!("../../dispatch.toml.example");
    let example = parse("dispatch.toml.example", text).unwrap();
    assert_eq!(example.warnings, []);
    let mut without_agents = example.config.clone();
    without_agents.agents.clear();
    assert_eq!(
        without_agents,
        parse("empty", "").unwrap().config,
        "the example shows a value that is no default"
    );
    assert_eq!(example.config.agents.len(), 2);
}
