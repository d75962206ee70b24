//! `jit issue edit`.

use crate::harness::{Answer, Repo, Surroundings, program};
use expect_test::expect;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::File;
use std::io::Read as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Runs `jit` at a terminal of its own, with an editor that is this shell script; `$1` is the file.
///
/// What it says at the terminal comes back as talk.
fn at_a_terminal(repo: &Repo, arguments: &[&str], script: &str) -> Answer {
    let change = "change() { sed -e \"$1\" \"$2\" > edited && cat edited > \"$2\"; }";
    repo.write("editor.sh", &format!("{change}\n{script}\n"));
    let editor = format!("sh '{}'", repo.root().join("editor.sh").display());
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)
        .expect("a terminal and its files can be had");
    grantpt(&master).expect("a terminal and its files can be had");
    unlockpt(&master).expect("a terminal and its files can be had");
    let name = ptsname(&master, Vec::new())
        .expect("a terminal and its files can be had")
        .into_string()
        .expect("a terminal and its files can be had");
    let slave = || {
        File::options()
            .read(true)
            .write(true)
            .open(&name)
            .expect("a terminal and its files can be had")
    };
    let mut command = program(env!("CARGO_BIN_EXE_jit"), repo.root());
    command
        .args(arguments)
        .env("NO_COLOR", "1")
        .env("EDITOR", "false")
        .env("VISUAL", editor)
        .env("TMPDIR", repo.root())
        .stdin(slave())
        .stderr(slave())
        .stdout(Stdio::piped());
    let child = command
        .spawn()
        .expect("a terminal and its files can be had");
    // The end of the talk comes once nobody holds the other side any more.
    drop(command);
    let output = child
        .wait_with_output()
        .expect("a terminal and its files can be had");
    let mut talk = Vec::new();
    let mut piece = [0; 4096];
    let mut master = File::from(master);
    while let Ok(n @ 1..) = master.read(&mut piece) {
        talk.extend_from_slice(&piece[..n]);
    }
    Answer {
        code: output
            .status
            .code()
            .expect("a terminal and its files can be had"),
        stdout: String::from_utf8(output.stdout).expect("a terminal and its files can be had"),
        stderr: String::from_utf8(talk)
            .expect("a terminal and its files can be had")
            .replace("\r\n", "\n"),
    }
}

/// Returns the drafts that were left behind.
fn drafts(repo: &Repo) -> Vec<String> {
    let names = std::fs::read_dir(repo.root()).expect("a terminal and its files can be had");
    let names = names.map(|entry| {
        entry
            .expect("a terminal and its files can be had")
            .file_name()
            .into_string()
            .expect("a terminal and its files can be had")
    });
    let is_draft = |name: &String| name.starts_with("jit-");
    names.filter(is_draft).collect()
}

#[test]
fn what_the_editor_leaves_becomes_the_issue() {
    let repo = Repo::new();
    let id = repo.create_with("A", &["-d", "Old.", "--label", "x"]);
    let script = "change 's/^title: A/title: B/; s/^labels:.*/labels: y, z/; s/Old/New/' \"$1\"";
    let answer = at_a_terminal(&repo, &["issue", "edit", &id], script);
    expect![[r#"
        --- stderr
        Updated 0001abcdef (ready).
    "#]]
    .assert_eq(&repo.normal(&answer.to_string()));
    let issue = repo.json(&["issue", "show", &id]);
    let edited = [&issue["title"], &issue["description"], &issue["labels"]];
    expect![[r#"[String("B"), String("New."), Array [String("y"), String("z")]]"#]]
        .assert_eq(&format!("{edited:?}"));
    assert_eq!(drafts(&repo), [""; 0]);
}

#[test]
fn a_stale_epoch_edits_nothing_and_the_text_is_kept() {
    let repo = Repo::new();
    let id = repo.create("A");
    repo.ok(&["issue", "claim", &id, "copilot-1"]);
    repo.ok(&["issue", "release", &id, "--force"]);
    repo.ok(&["issue", "claim", &id, "copilot-2"]);
    let before = repo.json(&["issue", "show", &id]);
    let script = "change 's/^title: A/title: B/' \"$1\"";
    let stale = at_a_terminal(&repo, &["issue", "edit", &id, "--epoch", "1"], script);
    assert_eq!(stale.code, 7, "{stale:?}");
    assert_eq!(repo.json(&["issue", "show", &id]), before);
    assert_eq!(drafts(&repo).len(), 1);
    let live = at_a_terminal(&repo, &["issue", "edit", &id, "--epoch", "2"], script);
    assert_eq!(live.code, 0, "{live:?}");
    assert_eq!(repo.json(&["issue", "show", &id])["title"], "B");
}

#[test]
fn an_unchanged_or_empty_text_changes_nothing() {
    let repo = Repo::new();
    let id = repo.create_with("A", &["-d", "Old."]);
    for script in ["exit 0", "touch \"$1\"", ": > \"$1\"", "echo >> \"$1\""] {
        let answer = at_a_terminal(&repo, &["issue", "edit", &id, "--json"], script);
        assert_eq!(answer.code, 0, "{answer:?}");
        let issue: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
        assert_eq!(
            (&issue["changed"], &issue["rev"]),
            (&false.into(), &1.into()),
            "{script}"
        );
    }
    assert_eq!(drafts(&repo), [""; 0]);
}

#[test]
fn others_work_while_the_editor_runs_and_are_not_overwritten() {
    let repo = Repo::new();
    let id = repo.create("A");
    let other = repo.create("Other");
    let jit = env!("CARGO_BIN_EXE_jit");
    // The editor itself is the other process: it could write nothing if anything were locked.
    let script =
        format!("{jit} issue update {id} --priority high && change 's/^title: A/title: B/' \"$1\"");
    let answer = at_a_terminal(&repo, &["issue", "edit", &id, "--json"], &script);
    assert_eq!((answer.code, answer.stdout.as_str()), (6, ""), "{answer:?}");
    assert!(
        answer.stderr.contains("\"code\":\"etag_mismatch\""),
        "{answer:?}"
    );
    let kept = drafts(&repo);
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert!(
        answer.stderr.contains(&format!("/{}\"", kept[0])),
        "{answer:?}"
    );
    let text = std::fs::read_to_string(repo.root().join(&kept[0])).unwrap();
    assert!(text.contains("title: B"), "{text}");
    let issue = repo.json(&["issue", "show", &id]);
    assert_eq!(
        (&issue["title"], &issue["priority"]),
        (&"A".into(), &"high".into())
    );
    // Nobody minds what happens to other issues.
    let script = format!(
        "{jit} issue update {other} --priority high && change 's/^title: A/title: C/' \"$1\""
    );
    let answer = at_a_terminal(&repo, &["issue", "edit", &id], &script);
    assert_eq!(answer.code, 0, "{answer:?}");
}

#[test]
fn a_text_that_cannot_be_taken_is_kept() {
    let repo = Repo::new();
    let id = repo.create("A");
    let check = |script: &str, expected: &str, n_kept: usize| {
        let answer = at_a_terminal(&repo, &["issue", "edit", &id], script);
        assert!(answer.stderr.contains(expected), "{script}: {answer:?}");
        let kept = drafts(&repo);
        assert_eq!(kept.len(), n_kept, "{script}: {answer:?}");
        for name in kept {
            assert!(answer.stderr.contains(&name), "{name}: {answer:?}");
            std::fs::remove_file(repo.root().join(name)).unwrap();
        }
        answer.code
    };
    assert_eq!(
        check(
            "change 's/^priority:.*/priority: urgent/' \"$1\"",
            "`urgent` is not one of",
            1
        ),
        4
    );
    assert_eq!(
        check(
            "change 's/^title:.*/title:/' \"$1\"",
            "a title can't be empty",
            1
        ),
        4
    );
    assert_eq!(
        check(
            "change 's/^type:.*/type: dream/' \"$1\"",
            "`dream` is not one of",
            1
        ),
        4
    );
    assert_eq!(check("printf '\\377' >> \"$1\"", "not UTF-8", 1), 4);
    assert_eq!(
        check("echo x >> \"$1\"; exit 1", "the editor broke off", 1),
        10
    );
    assert_eq!(check("exit 1", "the editor broke off", 0), 10);
    assert_eq!(check("rm \"$1\"", "can't read", 0), 10);
    let gone = at_a_terminal(&repo, &["issue", "edit", &id], "rm \"$1\"");
    assert!(!gone.stderr.contains("kept"), "{gone:?}");
    assert_eq!(repo.json(&["issue", "show", &id])["rev"], 1);
}

#[test]
fn a_lease_that_is_lost_is_not_written_under() {
    let repo = Repo::new();
    let id = repo.create("A");
    repo.ok(&["issue", "claim", &id, "copilot-1"]);
    let script = "change 's/^title: A/title: B/' \"$1\"";
    let stale = at_a_terminal(&repo, &["issue", "edit", &id, "--epoch", "7"], script);
    assert_eq!((stale.code, drafts(&repo).len()), (7, 1), "{stale:?}");
    assert_eq!(repo.json(&["issue", "show", &id])["title"], "A");
    let live = at_a_terminal(&repo, &["issue", "edit", &id, "--epoch", "1"], script);
    assert_eq!(live.code, 0, "{live:?}");
    assert_eq!(repo.json(&["issue", "show", &id])["title"], "B");
}

#[test]
fn a_lease_that_ran_out_before_hinders_nobody() {
    let repo = Repo::new();
    let id = repo.create("A");
    repo.ok(&["issue", "claim", &id, "copilot-1", "--ttl", "1s"]);
    let deadline = Instant::now() + Duration::from_secs(20);
    while repo.state(&id) != "ready" {
        assert!(Instant::now() < deadline, "the lease runs out");
    }
    let script = "change 's/^title: A/title: B/' \"$1\"";
    let answer = at_a_terminal(&repo, &["issue", "edit", &id], script);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert_eq!(repo.json(&["issue", "show", &id])["title"], "B");
}

#[test]
fn nobody_at_a_terminal_is_a_usage_error() {
    let repo = Repo::new();
    let id = repo.create("A");
    let variables = [("EDITOR", "touch ran; false")];
    let surroundings = Surroundings {
        variables: &variables,
        ..Surroundings::default()
    };
    repo.check_in(
        &["issue", "edit", &id],
        surroundings,
        expect![[r#"
            --- stderr
            error: an editor needs a terminal
            hint: jit issue update ID --title T --desc D
            --- exit 2
        "#]],
    );
    let answer = at_a_terminal(&repo, &["issue", "edit", &id, "--no-input"], "touch ran");
    expect![[r#"
        --- stderr
        error: --no-input forbids to open an editor
        hint: jit issue update ID --title T --desc D
        --- exit 2
    "#]]
    .assert_eq(&answer.to_string());
    assert!(!repo.root().join("ran").exists());
    let answer = at_a_terminal(&repo, &["issue", "edit", "zzzz"], "touch ran");
    expect![[r#"
        --- stderr
        error: no issue matches `zzzz`
        hint: jit issue list
        --- exit 3
    "#]]
    .assert_eq(&answer.to_string());
    let stale = ["issue", "edit", &id, "--if-etag", "0123"];
    assert_eq!(at_a_terminal(&repo, &stale, "touch ran").code, 6);
    assert!(
        !repo.root().join("ran").exists(),
        "no work is begun in vain"
    );
    repo.check(
        &["issue", "edit", &id, "--key", "k"],
        expect![[r#"
        --- stderr
        error: this command can't honour --key
        --- exit 2
    "#]],
    );
}

#[test]
fn the_repository_names_no_editor() {
    let repo = Repo::new();
    let id = repo.create("A");
    repo.write(".git/config", "[core]\n\teditor = touch ran\n");
    repo.write(".editorconfig", "root = true\n");
    let answer = at_a_terminal(&repo, &["issue", "edit", &id], "exit 0");
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(!repo.root().join("ran").exists());
}
