//! There is no coordinator in `jit`: it tracks issues, and another program hands them out.
//!
//! Owns the proof that nothing of one is left: no command, no file, no process, no dependency. Refuses to test `jit`
//! otherwise.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// Words that a coordinator would be found by.
const WORDS: [&str; 5] = ["coord", "daemon", "dispatch", "orchestrat", "pool"];

fn program(name: &str, dir: &Path, arguments: &[&str]) -> Output {
    #[expect(clippy::disallowed_methods, reason = "these tests look at processes")]
    let mut command = Command::new(name);
    command.args(arguments).current_dir(dir);
    for name in ["JIT_DIR", "JIT_ISSUE", "JIT_EPOCH", "JIT_ACTOR"] {
        command.env_remove(name);
    }
    command.output().expect("the program can be started")
}

fn jit(dir: &Path, arguments: &[&str]) -> Output {
    program(env!("CARGO_BIN_EXE_jit"), dir, arguments)
}

fn ok(dir: &Path, arguments: &[&str]) -> String {
    let output = jit(dir, arguments);
    assert!(output.status.success(), "jit {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("data are UTF-8")
}

/// Makes a repository and works in it.
fn worked_in() -> (TempDir, PathBuf) {
    let parent = TempDir::new().expect("a temporary directory can be made");
    let root = parent.path().join("repo");
    std::fs::create_dir(&root).expect("a directory can be made");
    assert!(program("git", &root, &["init", "-q"]).status.success());
    ok(&root, &["init"]);
    let parser = ok(&root, &["issue", "create", "-t", "Implement parser"]);
    ok(
        &root,
        &["issue", "claim", parser.trim(), "copilot-1", "--ttl", "1m"],
    );
    ok(&root, &["issue", "done", parser.trim()]);
    ok(&root, &["query", "ready", "--json"]);
    (parent, root)
}

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).expect("the directory can be read") {
        let path = entry.expect("its entries too").path();
        if path.is_dir() {
            files.extend(files_below(&path));
        }
        files.push(path);
    }
    files
}

#[test]
fn there_is_no_command_for_it() {
    let (_parent, root) = worked_in();
    let gone = [
        "coord",
        "coordinator",
        "daemon",
        "dispatch",
        "start",
        "once",
        "agent",
        "agents",
        "pool",
    ];
    for name in gone {
        let output = jit(&root, &[name, "start"]);
        assert_eq!(
            output.status.code(),
            Some(2),
            "jit {name} start: {output:?}"
        );
        assert!(output.stdout.is_empty(), "{output:?}");
    }
}

#[test]
fn no_help_speaks_of_one() {
    let (_parent, root) = worked_in();
    for command in [&["--help"][..], &["issue", "--help"], &["lease", "--help"]] {
        let help = ok(&root, command).to_lowercase();
        for word in WORDS {
            assert!(!help.contains(word), "jit {command:?} mentions {word}");
        }
    }
}

#[test]
fn no_file_is_written_for_one() {
    let (_parent, root) = worked_in();
    for dir in [".jit", ".git/jit"] {
        for path in files_below(&root.join(dir)) {
            let name = path
                .file_name()
                .expect("a file has a name")
                .to_string_lossy();
            for word in WORDS {
                assert!(!name.contains(word), "{}", path.display());
            }
        }
    }
    assert!(!root.join("dispatch.toml").exists());
}

#[test]
fn the_files_of_one_mean_nothing() {
    let (_parent, root) = worked_in();
    let before = ok(&root, &["issue", "list", "--json"]);
    let remains = [
        (
            ".jit/coordinator.json",
            "{\"agents\": [{\"command\": \"touch ran\"}]}",
        ),
        ("dispatch.toml", "this is not TOML ["),
    ];
    for (path, text) in remains {
        std::fs::write(root.join(path), text).expect("a file can be written");
    }
    assert_eq!(ok(&root, &["issue", "list", "--json"]), before);
    // It is named as what it is, a stranger, and that is all.
    let found = jit(&root, &["validate", "-o", "id"]);
    assert_eq!(String::from_utf8_lossy(&found.stdout), "foreign_file\n");
    ok(&root, &["issue", "create", "-t", "Another"]);
    for (path, text) in remains {
        assert_eq!(
            std::fs::read_to_string(root.join(path)).expect("it is there"),
            text
        );
    }
    assert!(!root.join("ran").exists());
}

/// Set in the process that adopts what `jit` leaves behind, in which nothing else runs.
const ALONE: &str = "JIT_TEST_ALONE";

#[test]
#[cfg(target_os = "linux")]
fn no_process_stays_behind() {
    if std::env::var_os(ALONE).is_some() {
        return adopt_nothing();
    }
    let this = std::env::current_exe().expect("the test has a path");
    #[expect(clippy::disallowed_methods, reason = "these tests look at processes")]
    let output = Command::new(this)
        .args(["--exact", "no_process_stays_behind", "--nocapture"])
        .env(ALONE, "1")
        .output()
        .expect("the test can be started");
    assert!(output.status.success(), "{output:?}");
}

/// Becomes the parent of every orphan below, so that not even one that hides in another session and directory is missed.
#[cfg(target_os = "linux")]
fn adopt_nothing() {
    use rustix::io::Errno;
    use rustix::process::{WaitOptions, getpid, set_child_subreaper, wait};

    set_child_subreaper(Some(getpid())).expect("a process can adopt");
    // That an orphan would be seen is part of the proof.
    let left = program("sh", Path::new("/"), &["-c", "sleep 0.1 >/dev/null 2>&1 &"]);
    assert!(left.status.success(), "{left:?}");
    assert!(wait(WaitOptions::empty()).is_ok_and(|ended| ended.is_some()));
    let (_parent, _root) = worked_in();
    let left = wait(WaitOptions::NOHANG);
    assert!(
        matches!(left, Err(Errno::CHILD)),
        "jit left {left:?} behind"
    );
}

#[test]
fn a_lease_runs_out_without_anybody_watching() {
    let (_parent, root) = worked_in();
    let id = ok(&root, &["issue", "create", "-t", "Short"]);
    let id = id.trim();
    ok(&root, &["issue", "claim", id, "copilot-1", "--ttl", "50ms"]);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !ok(&root, &["query", "ready", "-o", "id"]).contains(id) {
        assert!(
            std::time::Instant::now() < deadline,
            "the lease never ran out"
        );
    }
}

#[test]
fn the_program_is_built_without_what_one_would_need() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let arguments = [
        "tree",
        "--offline",
        "--locked",
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--manifest-path",
        manifest,
    ];
    let output = program(
        env!("CARGO"),
        Path::new(env!("CARGO_MANIFEST_DIR")),
        &arguments,
    );
    assert!(output.status.success(), "{output:?}");
    let tree = String::from_utf8(output.stdout).expect("names are UTF-8");
    let names: Vec<&str> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert!(names.contains(&"jit-core"), "{tree}");
    for absent in ["tokio", "jit-dispatch", "jit-scheduler", "axum", "hyper"] {
        assert!(!names.contains(&absent), "jit is built with {absent}");
    }
}
