//! Which store a directory belongs to, for every way in which git lays out repositories, and for what people do to
//! directories: move, copy, link and delete them.
//!
//! Owns one law: a command works on the one store of its clone, or says why it can't; it never shows an empty list
//! instead, and never writes into another clone. Refuses to know how the store is found.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::support::program::{Answer, git, jit, program};

/// A directory for repositories.
struct Land {
    top: PathBuf,
    _dir: TempDir,
}

impl Land {
    fn new() -> Self {
        let dir = TempDir::new().expect("a temporary directory can be made");
        Self {
            top: dir.path().canonicalize().expect("it has a path"),
            _dir: dir,
        }
    }

    fn at(&self, below: &str) -> PathBuf {
        self.top.join(below)
    }

    /// Makes a directory and returns it.
    fn dir(&self, below: &str) -> PathBuf {
        fs::create_dir_all(self.at(below)).expect("a directory can be made");
        self.at(below)
    }

    /// Runs git in a directory.
    fn git(&self, dir: &str, words: &str) {
        let words: Vec<&str> = words.split(' ').collect();
        git(&self.at(dir), &words);
    }

    /// Makes a repository with one commit.
    fn repository(&self, name: &str) {
        self.dir(name);
        self.git(name, "init -q -b main --template=");
        fs::write(self.at(name).join("code"), name).expect("a file can be written");
        self.commit(name);
    }

    /// Makes a repository whose store is committed.
    fn with_store(&self, name: &str) {
        self.repository(name);
        self.ok(name, &["init"]);
        self.commit(name);
    }

    /// Makes a bare repository with the worktrees `one` and `two`, of which the first has the store.
    fn bare(&self) {
        self.repository("seed");
        self.git("seed", "clone -q --bare . ../bare.git");
        for name in ["one", "two"] {
            self.git(
                "bare.git",
                &format!("worktree add -q -b {name} ../{name} main"),
            );
        }
        let one = self.at("one");
        Answer::of(jit(&one, &["init"]).env("JIT_DIR", &one)).succeeded("init in a named worktree");
    }

    /// Makes a repository whose git directory lies beside it.
    fn separate(&self) {
        self.dir("repo");
        self.git(
            "repo",
            "init -q -b main --template= --separate-git-dir ../git.git",
        );
        self.git("repo", "commit -q --allow-empty -m first");
        self.ok("repo", &["init"]);
        self.commit("repo");
    }

    fn commit(&self, name: &str) {
        self.git(name, "add -A");
        self.git(name, "commit -q --allow-empty -m state");
    }

    fn copy(&self, from: &str, to: &str) {
        let (from, to) = (self.at(from), self.at(to));
        Answer::of(program("cp", &self.top).arg("-a").args([from, to])).succeeded("cp");
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.at(from), self.at(to)).expect("it can be moved");
    }

    fn jit(&self, dir: &str, arguments: &[&str]) -> Answer {
        Answer::of(&mut jit(&self.at(dir), arguments))
    }

    fn ok(&self, dir: &str, arguments: &[&str]) -> String {
        self.jit(dir, arguments)
            .succeeded(&format!("jit {arguments:?} in {dir}"))
    }

    fn create(&self, dir: &str, title: &str) -> String {
        self.ok(dir, &["issue", "create", "-t", title])
            .trim()
            .to_owned()
    }

    /// Returns all titles that a directory shows.
    fn titles(&self, dir: &str) -> String {
        let list = self.ok(dir, &["issue", "list", "--fields", "title", "-o", "tsv"]);
        let mut titles: Vec<&str> = list.lines().collect();
        titles.sort_unstable();
        titles.join(" ")
    }

    /// Insists that `jit where` names a store for this reason, to machines and to people.
    fn check(&self, dir: &str, store: &str, reason: &str) {
        let answer = self.jit(dir, &["where", "--json"]);
        assert_eq!(answer.code, Some(0), "in {dir}: {answer:?}");
        let place = answer.json();
        let named = (place["store"].as_str(), place["reason"].as_str());
        let store = self.at(store);
        assert_eq!(named, (store.to_str(), Some(reason)), "in {dir}: {place}");
        let told = self.ok(dir, &["where"]);
        assert!(
            told.contains(store.to_str().expect("a text")),
            "in {dir}: {told}"
        );
        assert!(
            told.contains(place["why"].as_str().expect("a sentence")),
            "in {dir}: {told}"
        );
    }

    /// Insists that no command works here, that each says why, and that none shows an empty list.
    fn refuses(&self, dir: &str, code: i32, message: &str) {
        let writes = ["issue", "create", "-t", "nowhere"];
        for command in [
            &["where"][..],
            &["issue", "list", "--json"],
            &["query", "ready"],
            &writes,
        ] {
            let answer = self.jit(dir, command);
            assert_eq!(
                (answer.code, answer.stdout.as_str()),
                (Some(code), ""),
                "{command:?} in {dir}: {answer:?}"
            );
            assert!(
                answer.stderr.contains(message),
                "{command:?} in {dir}: {answer:?}"
            );
        }
    }

    /// Insists that a damaged or empty store is an error for everything but `where`.
    fn is_unusable(&self, dir: &str, message: &str) {
        for command in [
            &["issue", "list", "--json"][..],
            &["query", "ready"],
            &["status"],
        ] {
            let answer = self.jit(dir, command);
            assert_eq!(
                (answer.code, answer.stdout.as_str()),
                (Some(9), ""),
                "{command:?} in {dir}: {answer:?}"
            );
            assert!(
                answer.stderr.contains(message),
                "{command:?} in {dir}: {answer:?}"
            );
        }
    }
}

#[test]
fn a_repository_and_its_worktrees_have_one_store() {
    let land = Land::new();
    land.with_store("repo");
    land.git("repo", "worktree add -q -b side ../side");
    land.git("repo", "worktree add -q --detach ../detached");
    land.dir("repo/src/deep");
    land.dir("side/src/deep");
    land.check("repo", "repo/.jit", "repository");
    land.check("repo/src/deep", "repo/.jit", "repository");
    for dir in ["side", "side/src/deep", "detached"] {
        land.check(dir, "repo/.jit", "pointer");
    }
    land.git("repo", "checkout -q --detach");
    land.check("repo", "repo/.jit", "repository");
    for (place, dir) in ["repo", "side", "detached"].into_iter().enumerate() {
        land.create(dir, &format!("{place}"));
    }
    assert_eq!(land.titles("side"), "0 1 2");
    // The pointer only helps where git has no main worktree.
    fs::remove_file(land.at("repo/.git/jit/store")).expect("it is there");
    land.check("side", "repo/.jit", "main_worktree");
    assert_eq!(land.titles("detached"), "0 1 2");
}

#[test]
fn a_repository_inside_another_one_is_its_own() {
    let land = Land::new();
    land.with_store("repo");
    land.repository("repo/vendor/inner");
    land.refuses("repo/vendor/inner", 3, "has none");
    land.ok("repo/vendor/inner", &["init"]);
    land.create("repo/vendor/inner", "inner");
    land.check("repo/vendor/inner", "repo/vendor/inner/.jit", "repository");
    assert_eq!(
        (land.titles("repo"), land.titles("repo/vendor/inner")),
        (String::new(), "inner".to_owned())
    );
}

#[test]
fn a_submodule_is_its_own_repository() {
    let land = Land::new();
    land.repository("library");
    land.with_store("super");
    land.git(
        "super",
        "-c protocol.file.allow=always submodule add -q ../library sub",
    );
    land.commit("super");
    land.refuses("super/sub", 3, "has none");
    land.ok("super/sub", &["init"]);
    land.create("super/sub", "sub");
    land.check("super/sub", "super/sub/.jit", "repository");
    land.check("super", "super/.jit", "repository");
    assert_eq!(land.titles("super"), "");
    land.copy("super", "copy");
    land.create("copy/sub", "copied");
    land.check("copy/sub", "copy/sub/.jit", "repository");
    land.rename("super", "moved");
    land.check("moved/sub", "moved/sub/.jit", "repository");
    assert_eq!(
        (land.titles("moved/sub"), land.titles("copy/sub")),
        ("sub".to_owned(), "copied sub".to_owned())
    );
}

#[test]
fn a_bare_repository_has_the_store_that_its_pointer_names() {
    let land = Land::new();
    land.bare();
    land.check("one", "one/.jit", "repository");
    for dir in ["two", "bare.git"] {
        land.check(dir, "one/.jit", "pointer");
    }
    land.create("two", "shared");
    assert_eq!(land.titles("one"), "shared");
    // Moved together, and told to git.
    land.dir("there");
    for name in ["bare.git", "one", "two"] {
        land.rename(name, &format!("there/{name}"));
    }
    land.git("there/bare.git", "worktree repair ../one ../two");
    land.check("there/two", "there/one/.jit", "pointer");
    assert_eq!(land.titles("there/two"), "shared");
    // Without the worktree there is no store, whatever the other ones hold.
    land.git("there/bare.git", "worktree remove --force ../one");
    land.refuses("there/two", 3, "which does not exist");
    land.git("there/bare.git", "worktree add -q ../one one");
    land.ok("there/one", &["init"]);
    land.ok("there/two", &["recover"]);
    assert_eq!(land.titles("there/two"), "shared");
}

#[test]
fn a_git_directory_elsewhere_may_move_and_so_may_its_worktree() {
    let land = Land::new();
    land.separate();
    land.git("repo", "worktree add -q -b side ../side");
    land.create("repo", "first");
    land.check("repo", "repo/.jit", "repository");
    land.check("side", "repo/.jit", "pointer");
    land.rename("repo", "moved");
    land.check("moved", "moved/.jit", "repository");
    assert_eq!(land.titles("moved"), "first");
    land.refuses("side", 3, "which does not exist");
    land.ok("moved", &["init"]);
    land.check("side", "moved/.jit", "pointer");
    assert_eq!(land.titles("side"), "first");
    // Two directories that both are the main worktree of one git directory: git itself mixes them up.
    land.copy("moved", "copy");
    land.refuses("copy", 3, "is a copy of the worktree");
    assert_eq!(land.titles("moved"), "first");
}

#[test]
fn a_moved_repository_keeps_its_store() {
    let land = Land::new();
    land.with_store("repo");
    land.git("repo", "worktree add -q -b side ../side");
    land.create("repo", "first");
    land.rename("repo", "moved");
    land.check("moved", "moved/.jit", "repository");
    land.create("moved", "second");
    assert_eq!(land.titles("moved"), "first second");
    land.git("moved", "worktree repair ../side");
    land.check("side", "moved/.jit", "pointer");
    land.rename("side", "aside");
    land.check("aside", "moved/.jit", "pointer");
}

#[test]
fn a_copied_repository_never_writes_into_the_original() {
    let land = Land::new();
    land.with_store("repo");
    land.create("repo", "first");
    land.copy("repo", "copy");
    land.create("copy", "in-the-copy");
    land.create("repo", "in-the-original");
    land.check("copy", "copy/.jit", "repository");
    assert_eq!(land.titles("copy"), "first in-the-copy");
    assert_eq!(land.titles("repo"), "first in-the-original");
    // A linked worktree that was copied is the original to git.
    land.git("repo", "worktree add -q -b side ../side");
    land.copy("side", "aside");
    land.refuses("aside", 3, "is a copy of the worktree");
    land.check("side", "repo/.jit", "pointer");
}

#[test]
fn a_copied_bare_repository_has_no_store_until_it_is_told_one() {
    let land = Land::new();
    land.bare();
    land.create("one", "first");
    land.dir("there");
    land.copy("bare.git", "there/bare.git");
    land.refuses("there/bare.git", 3, "which does not exist");
    land.copy("bare.git", "copy.git");
    land.refuses("copy.git", 3, "was copied");
    land.git("copy.git", "worktree prune --expire now");
    land.git("copy.git", "worktree add -q -b three ../three main");
    land.refuses("three", 3, "was copied");
    let three = land.at("three");
    Answer::of(jit(&three, &["init"]).env("JIT_DIR", &three)).succeeded("init in the copy");
    land.check("three", "three/.jit", "repository");
    land.check("copy.git", "three/.jit", "pointer");
    land.create("three", "other");
    assert_eq!(
        (land.titles("one"), land.titles("three")),
        ("first".to_owned(), "other".to_owned())
    );
}

#[test]
fn a_link_leads_to_the_same_store() {
    let land = Land::new();
    land.with_store("repo");
    land.dir("repo/src");
    for (target, link) in [("repo", "link"), ("repo/src", "deep")] {
        std::os::unix::fs::symlink(land.at(target), land.at(link)).expect("a link can be made");
        land.check(link, "repo/.jit", "repository");
    }
    land.create("link", "by the link");
    assert_eq!(land.titles("repo"), "by the link");
    // The store itself must be what it seems.
    land.rename("repo/.jit", "elsewhere");
    std::os::unix::fs::symlink(land.at("elsewhere"), land.at("repo/.jit"))
        .expect("a link can be made");
    let answer = land.jit("repo", &["issue", "list"]);
    assert_eq!(
        (answer.code, answer.stdout.as_str()),
        (Some(9), ""),
        "{answer:?}"
    );
}

#[test]
fn without_git_the_nearest_store_above_counts() {
    let land = Land::new();
    land.dir("plain/deep/er");
    land.refuses("plain/deep", 3, "no store in");
    land.ok("plain", &["init"]);
    land.check("plain/deep/er", "plain/.jit", "above");
    land.ok("plain/deep", &["init"]);
    land.check("plain/deep/er", "plain/.jit", "above");
}

#[test]
fn what_the_user_names_counts_where_it_is_the_store() {
    let land = Land::new();
    land.with_store("repo");
    land.git("repo", "worktree add -q -b side ../side");
    land.dir("outside");
    let named = |variable: &str, arguments: &[&str]| {
        Answer::of(jit(&land.at("outside"), arguments).env("JIT_DIR", land.at(variable)))
    };
    let place = named("repo", &["where", "--json"]).json();
    assert_eq!(
        (place["store"].as_str(), place["reason"].as_str()),
        (land.at("repo/.jit").to_str(), Some("named"))
    );
    let repo = land.at("repo");
    let flag = [
        "--repo",
        repo.to_str().expect("a text"),
        "where",
        "--fields",
        "reason",
        "-o",
        "tsv",
    ];
    assert_eq!(
        named("nowhere", &flag).stdout,
        "repository\n",
        "the flag wins"
    );
    // A worktree has files of the store, but is not the store.
    let side = named("side", &["issue", "list", "--json"]);
    assert_eq!((side.code, side.stdout.as_str()), (Some(3), ""), "{side:?}");
    assert!(
        side.stderr.contains("is not the store of its clone"),
        "{side:?}"
    );
    let nowhere = named("outside", &["issue", "list", "--json"]);
    assert_eq!(
        (nowhere.code, nowhere.stdout.as_str()),
        (Some(3), ""),
        "{nowhere:?}"
    );
}

#[test]
fn an_empty_or_broken_store_is_an_error() {
    let land = Land::new();
    land.with_store("repo");
    let format = land.at("repo/.jit/format.json");
    for text in ["", "{", "[]", "{\"format\":\"x\"}"] {
        fs::write(&format, text).expect("a file can be written");
        land.is_unusable("repo", "format.json");
    }
    fs::remove_dir_all(land.at("repo/.jit")).expect("it is there");
    fs::create_dir(land.at("repo/.jit")).expect("a directory can be made");
    land.is_unusable("repo", "format.json");
    land.check("repo", "repo/.jit", "repository");
    fs::remove_dir(land.at("repo/.jit")).expect("it is empty");
    land.refuses("repo", 3, "which does not exist");
    fs::write(land.at("repo/.jit"), "").expect("a file can be written");
    let answer = land.jit("repo", &["issue", "list", "--json"]);
    assert_eq!(
        (answer.code, answer.stdout.as_str()),
        (Some(9), ""),
        "{answer:?}"
    );
}

#[test]
fn a_worktree_that_is_gone_takes_nothing_along() {
    let land = Land::new();
    land.with_store("repo");
    land.git("repo", "worktree add -q -b side ../side");
    let id = land.create("side", "from-the-side");
    land.ok("side", &["issue", "claim", &id, "agent:a1"]);
    land.git("repo", "worktree remove --force ../side");
    assert_eq!(land.titles("repo"), "from-the-side");
    let lease = Answer::of(&mut jit(&land.at("repo"), &["lease", "list", "--json"])).json();
    assert_eq!(lease[0]["issue"], id.as_str());
    // Standing where nothing is any more.
    let gone = land.dir("gone");
    let mut shell = program("sh", Path::new(&gone));
    shell.args([
        "-c",
        "rmdir \"$PWD\" && exec \"$@\"",
        "sh",
        crate::support::program::JIT,
        "issue",
        "list",
    ]);
    let answer = Answer::of(&mut shell);
    assert_ne!(answer.code, Some(0), "{answer:?}");
    assert_eq!(answer.stdout, "", "{answer:?}");
}
