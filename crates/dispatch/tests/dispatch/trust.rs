//! Whose `dispatch.toml` is believed: it names commands to run (security control R4).

use std::path::Path;
use std::process::Command;

use jit_dispatch::config::{ConfigError, Source, load};
use tempfile::TempDir;

fn git(dir: &Path, arguments: &[&str]) {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test prepares its repository with the real git"
    )]
    let status = Command::new("git")
        .args(arguments)
        .current_dir(dir)
        .env_remove("GIT_DIR")
        .output()
        .expect("a test can prepare its repository")
        .status;
    assert!(status.success(), "git {arguments:?}");
}

fn repository(text: &str) -> TempDir {
    let dir = TempDir::new().expect("a test can prepare its repository");
    git(dir.path(), &["init", "-q"]);
    std::fs::write(dir.path().join("dispatch.toml"), text)
        .expect("a test can prepare its repository");
    dir
}

#[test]
fn a_tracked_configuration_is_believed_only_when_it_is_named() {
    let dir = repository("[[agents]]\nid = 'stranger'\ncommand = 'touch PWN'\n");
    let found = Source::FoundFrom(dir.path().to_path_buf());
    assert!(load(&found).is_ok(), "git does not track it yet");
    git(dir.path(), &["add", "dispatch.toml"]);
    assert!(matches!(load(&found), Err(ConfigError::Untrusted(_))));
    let sub = dir.path().join("sub");
    std::fs::create_dir(&sub).unwrap();
    assert!(matches!(
        load(&Source::FoundFrom(sub)),
        Err(ConfigError::Untrusted(_))
    ));
    assert!(load(&Source::Named(dir.path().join("dispatch.toml"))).is_ok());
}

#[test]
fn a_link_to_a_tracked_configuration_is_not_believed() {
    let dir = repository("poll_interval_secs = 1\n");
    let moved = dir.path().join("theirs.toml");
    std::fs::rename(dir.path().join("dispatch.toml"), &moved).unwrap();
    git(dir.path(), &["add", "theirs.toml"]);
    std::os::unix::fs::symlink(&moved, dir.path().join("dispatch.toml")).unwrap();
    let found = Source::FoundFrom(dir.path().to_path_buf());
    assert!(matches!(load(&found), Err(ConfigError::Untrusted(_))));
}

#[test]
fn a_git_check_that_fails_is_no_approval() {
    let dir = repository("poll_interval_secs = 1\n");
    std::fs::write(dir.path().join(".git/HEAD"), "garbage").unwrap();
    std::fs::write(dir.path().join(".git/config"), "[core\n").unwrap();
    let found = Source::FoundFrom(dir.path().to_path_buf());
    assert!(matches!(
        load(&found),
        Err(ConfigError::TrustUnknown { .. })
    ));
}

#[test]
fn a_hostile_git_configuration_runs_nothing() {
    let dir = repository("poll_interval_secs = 1\n");
    let canary = dir.path().join("PWN");
    let script = dir.path().join("evil.sh");
    std::fs::write(
        &script,
        format!("#!/bin/sh\ntouch '{}'\n", canary.display()),
    )
    .unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let evil = script.display();
    let config = format!(
        "[core]\n\tfsmonitor = {evil}\n\tpager = {evil}\n\tsshCommand = {evil}\n\teditor = {evil}\n\thooksPath = {}\n[diff]\n\texternal = {evil}\n[alias]\n\tls-files = !{evil}\n",
        dir.path().display()
    );
    let path = dir.path().join(".git/config");
    let before = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, before + &config).unwrap();
    assert!(load(&Source::FoundFrom(dir.path().to_path_buf())).is_ok());
    assert!(
        !canary.exists(),
        "looking at a repository must not run what its configuration names"
    );
}

#[test]
fn without_a_file_the_search_stops_at_the_repository() {
    let outer = TempDir::new().unwrap();
    std::fs::write(outer.path().join("dispatch.toml"), "").unwrap();
    let inner = outer.path().join("inner");
    std::fs::create_dir(&inner).unwrap();
    git(&inner, &["init", "-q"]);
    assert!(matches!(
        load(&Source::FoundFrom(inner)),
        Err(ConfigError::NotFound(_))
    ));
}
