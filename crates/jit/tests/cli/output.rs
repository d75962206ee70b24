//! The door to the terminal itself: closed, full, coloured.

use crate::harness::{Repo, Surroundings};
use expect_test::expect;

/// Runs a shell line in which `$JIT` is the program.
fn shell(repo: &Repo, line: &str) -> (i32, String) {
    #[expect(
        clippy::disallowed_methods,
        reason = "only a shell can close a stream early"
    )]
    let output = std::process::Command::new("sh")
        .args(["-c", line])
        .env("JIT", env!("CARGO_BIN_EXE_jit"))
        .env("USER", "tester")
        .current_dir(repo.root())
        .output()
        .expect("a shell can be started");
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code().expect("no signal ended it"),
        String::from_utf8(text).expect("it is UTF-8"),
    )
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let repo = Repo::new();
    for number in 0..3 {
        repo.create(&format!("issue {number}"));
    }
    let (_, said) = shell(
        &repo,
        "{ \"$JIT\" issue list --json; echo \"code $?\" >&2; } | true",
    );
    assert_eq!(said, "code 0\n");
    let (_, said) = shell(
        &repo,
        "{ \"$JIT\" events tail --follow; echo \"code $?\" >&2; } | true",
    );
    assert_eq!(said, "code 0\n", "nobody reads, so nobody waits");
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_device_is_said_and_a_lost_answer_is_unknown() {
    let repo = Repo::new();
    let (code, said) = shell(&repo, "\"$JIT\" where > /dev/full");
    assert_eq!(code, 10, "{said}");
    let (code, said) = shell(&repo, "\"$JIT\" issue create -t A --json > /dev/full");
    assert_eq!(code, 11, "{said}");
    assert!(said.contains("outcome_unknown"), "{said}");
    assert!(said.contains("jit events tail -n 5"), "{said}");
    assert!(
        !said.contains("--key"),
        "only a key makes repeating safe: {said}"
    );
    assert_eq!(repo.json(&["issue", "list"]).as_array().unwrap().len(), 1);
    let (code, said) = shell(
        &repo,
        "\"$JIT\" issue create -t B --key k1 --json > /dev/full",
    );
    assert_eq!(code, 11, "{said}");
    assert!(
        said.contains("repeat the command with the same --key"),
        "{said}"
    );
}

#[test]
fn colour_is_for_terminals_or_those_who_insist() {
    let repo = Repo::new();
    repo.create("A");
    assert!(!repo.ok(&["issue", "list"]).contains('\u{1b}'));
    assert!(
        repo.ok(&["issue", "list", "--color", "always"])
            .contains("\u{1b}[32mready\u{1b}[0m")
    );
    let forced = Surroundings {
        variables: &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")],
        ..Surroundings::default()
    };
    assert!(
        !repo
            .jit_in(&["issue", "list"], forced)
            .stdout
            .contains('\u{1b}')
    );
}

#[test]
fn help_and_version_are_data() {
    let repo = Repo::bare();
    repo.check(
        &["--version"],
        expect![[r#"
        jit 0.1.0
    "#]],
    );
    repo.check(&["query", "ready", "-h"], expect![[r#"
        List the work to take

        Usage: jit query ready [OPTIONS]

        Options:
          -h, --help  Print help (see more with '--help')

        Global options:
              --json             Print data as JSON, errors as one JSON object
          -o, --output <FORMAT>  Choose the form of the data [possible values: table, tsv, json, jsonl, id]
              --fields <NAMES>   Choose the members to show, separated by commas
              --limit <N>        Show at most N, and say on stderr how many there are
          -C, --repo <DIR>       Work in the repository of DIR
          -q, --quiet            Say only what is wrong

        Examples:
          jit query ready --json
          jit query ready --limit 3
    "#]]);
}

#[test]
fn a_command_that_is_none_gets_help() {
    let repo = Repo::bare();
    repo.check(&[], expect![[r#"
        --- stderr
        Track issues in the repository they are about

        Usage: jit [OPTIONS] <COMMAND>

        Commands:
          init          Make a store for this repository
          where         Say which store is used, and why
          status        Show how many issues are in which state, and who holds what
          validate      Check the store
          doctor        Check what the store stands on
          migrate       Bring the store to this version of the format
          gc            Remove old tombstones, and what nobody needs any more
          commit        Commit the store to git, and nothing else
          recover       Bring back what a git command removed before it was committed
          resolve       Merge by field what git left unmerged, and settle what no rule decides
          issue         Create, show, change, claim and finish issues
          dep           Change and show what an issue waits for
          gate          Define, require and pass gates
          registry      Define and list gates: other names for verbs of `gate`
          query         Ask for issues
          why           Say why an issue is not ready
          graph         Walk and draw the graph
          lease         Renew and list leases
          events        Read and follow the log
          merge-driver  Merge two versions of an issue's file, as git asks for it
          import        Take over issues from other trackers
          export        Write the records for other programs, or to keep them
          ready         Short for `query ready`
          show          Short for `issue show`
          claim         Short for `issue claim`
          done          Short for `issue done`
          help          Print this message or the help of the given subcommand(s)

        Options:
          -h, --help     Print help (see more with '--help')
          -V, --version  Print version

        Global options:
              --json             Print data as JSON, errors as one JSON object
          -o, --output <FORMAT>  Choose the form of the data [possible values: table, tsv, json, jsonl, id]
              --fields <NAMES>   Choose the members to show, separated by commas
              --limit <N>        Show at most N, and say on stderr how many there are
          -C, --repo <DIR>       Work in the repository of DIR
          -q, --quiet            Say only what is wrong

        Examples:
          jit init
          jit issue create -t "Implement parser" -p high
          jit dep add <test-id> <parser-id>
          jit query ready --json
          jit issue claim <id> copilot-1
          jit issue done <id>
        --- exit 2
    "#]]);
    repo.check(&["issue", "lst", "--json"], expect![[r#"
        --- stderr
        {"error":{"code":"usage","details":{},"hint":"a similar subcommand exists: 'list'; usage: jit issue [OPTIONS] <COMMAND>","message":"unrecognized subcommand 'lst'","retryable":false}}
        --- exit 2
    "#]]);
}
