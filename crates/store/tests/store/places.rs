//! Which store a directory belongs to.

use crate::lab::{open_at, search, write};
use jit_store::StoreError;
use jit_store::file::{Location, Search, Why, init, locate, place_for_new};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Output;

/// A directory for repositories.
pub(crate) struct Land {
    dir: tempfile::TempDir,
}

impl Land {
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(below)
    }

    pub(crate) fn make(&self, below: &str) -> PathBuf {
        fs::create_dir_all(self.path(below)).unwrap();
        self.path(below)
    }

    /// Makes the bare repository `bare.git` with one commit.
    pub(crate) fn bare(&self) {
        self.repository("repo");
        git(
            &self.path(""),
            &["clone", "-q", "--bare", "repo", "bare.git"],
        );
    }

    /// Makes a repository with one commit.
    pub(crate) fn repository(&self, name: &str) -> PathBuf {
        let dir = self.make(name);
        git(&dir, &["init", "-q", "-b", "main"]);
        git(&dir, &["commit", "-q", "--allow-empty", "-m", "first"]);
        dir
    }
}

pub(crate) fn git(dir: &Path, args: &[&str]) -> Output {
    #[expect(clippy::disallowed_methods, reason = "the tests need a real git")]
    let mut command = std::process::Command::new("git");
    let identity = [
        "-c",
        "user.name=t",
        "-c",
        "user.email=t@example.org",
        "-c",
        "commit.gpgsign=false",
    ];
    command.current_dir(dir).args(identity).args(args);
    command
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .env("GIT_CONFIG_GLOBAL", "/dev/null");
    command.output().unwrap()
}

/// Returns the search of a user who names the directory with the store.
pub(crate) fn named(dir: &Path) -> Search {
    Search {
        jit_dir: Some(dir.to_owned()),
        ..search(Path::new("/"))
    }
}

pub(crate) fn make_store(dir: &Path) -> Location {
    let location = place_for_new(&search(dir)).unwrap();
    init(&location).unwrap();
    locate(&search(dir)).unwrap()
}

pub(crate) fn why(dir: &Path) -> std::result::Result<(PathBuf, Why), String> {
    locate(&search(dir))
        .map(|it| (it.store, it.why))
        .map_err(|error| format!("{error:?}"))
}

#[test]
fn the_repository_above_has_the_store() {
    let land = Land::new();
    let repo = land.repository("repo");
    let deep = land.make("repo/src/deep");
    let location = make_store(&deep);
    assert_eq!(location.store, repo.join(".jit"));
    assert_eq!(location.private, repo.join(".git/jit"));
    assert_eq!(
        fs::metadata(&location.private)
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o700
    );
    assert_eq!(
        fs::read_to_string(repo.join(".git/jit/store")).unwrap(),
        "../.jit\n"
    );
    assert_eq!(why(&deep), Ok((repo.join(".jit"), Why::Repository)));
    let told = named(&repo);
    assert_eq!(locate(&told).unwrap().why, Why::Named);
    assert_eq!(locate(&told).unwrap().private, repo.join(".git/jit"));
    // A moved repository takes its store along.
    fs::rename(&repo, land.path("moved")).unwrap();
    assert_eq!(
        why(&land.path("moved/src")),
        Ok((land.path("moved/.jit"), Why::Repository))
    );
}

#[test]
fn git_tracks_what_is_shared_and_nothing_else() {
    let land = Land::new();
    let repo = land.repository("repo");
    write(&open_at(make_store(&repo)).unwrap(), 1, "One").unwrap();
    git(&repo, &["add", "-A"]);
    let listed = git(&repo, &["ls-files"]).stdout;
    let listed = String::from_utf8(listed).unwrap();
    let expected = [
        ".jit/.gitattributes",
        ".jit/.gitignore",
        ".jit/config.toml",
        ".jit/events/",
        ".jit/format.json",
        ".jit/issues/",
    ];
    assert_eq!(listed.lines().count(), expected.len(), "{listed}");
    assert!(
        listed
            .lines()
            .zip(expected)
            .all(|(line, start)| line.starts_with(start)),
        "{listed}"
    );
    let driver = git(
        &repo,
        &[
            "check-attr",
            "merge",
            ".jit/issues/aa/x.json",
            ".jit/events/202601/x.jsonl",
        ],
    )
    .stdout;
    assert_eq!(
        String::from_utf8(driver).unwrap(),
        ".jit/issues/aa/x.json: merge: jit\n.jit/events/202601/x.jsonl: merge: union\n"
    );
}

#[test]
fn all_worktrees_of_a_clone_share_one_store() {
    let land = Land::new();
    let repo = land.repository("repo");
    let store = make_store(&repo);
    git(&repo, &["add", "-A"]);
    git(&repo, &["commit", "-q", "-m", "tracker"]);
    git(&repo, &["worktree", "add", "-q", "../side"]);
    assert!(
        land.path("side/.jit/format.json").exists(),
        "the worktree has files of its own"
    );
    let found = locate(&search(&land.path("side"))).unwrap();
    assert_eq!(
        (&found.store, &found.private),
        (&store.store, &store.private)
    );
    assert_eq!(found.why, Why::Pointer);
    write(&open_at(found).unwrap(), 1, "From the side").unwrap();
    let seen = jit_store::Store::read(&open_at(store).unwrap()).unwrap();
    assert_eq!(seen.issues().count(), 1);
    // Also without the pointer.
    fs::remove_file(repo.join(".git/jit/store")).unwrap();
    assert_eq!(
        why(&land.path("side")),
        Ok((repo.join(".jit"), Why::MainWorktree))
    );
    // A worktree is never an empty store of its own.
    fs::remove_dir_all(repo.join(".jit")).unwrap();
    assert!(matches!(
        locate(&search(&land.path("side"))),
        Err(StoreError::WorktreeStoreEmpty { .. })
    ));
}

#[test]
fn a_worktree_whose_repository_is_gone_has_no_store() {
    let land = Land::new();
    let repo = land.repository("repo");
    let location = make_store(&repo);
    let store = open_at(location).unwrap();
    write(&store, 1, "One").unwrap();
    git(&repo, &["add", ".jit"]);
    git(&repo, &["commit", "-q", "-m", "store"]);
    git(&repo, &["worktree", "add", "-q", "../side", "-b", "side"]);
    let side = land.path("side");
    fs::rename(&repo, land.path("moved")).unwrap();
    let check_lost = || {
        for asked in [search(&side), search(&side.join(".jit")), named(&side)] {
            for found in [locate(&asked), place_for_new(&asked)] {
                assert!(
                    matches!(&found, Err(StoreError::LostGitDir { pointer, .. }) if *pointer == side.join(".git")),
                    "{found:?}"
                );
            }
        }
        assert!(!repo.join(".git/worktrees").exists());
    };
    check_lost();
    // Another repository in its place is not the one that was moved.
    land.repository("repo");
    check_lost();
    fs::remove_dir_all(&repo).unwrap();
    // Who has found the store before must not make its git directory up either.
    write(&store, 2, "Two").unwrap_err();
    assert!(!repo.exists());
    git(&land.path("moved"), &["worktree", "repair", "../side"]);
    assert_eq!(why(&side), Ok((land.path("moved/.jit"), Why::Pointer)));
}

#[test]
fn no_new_store_lies_where_git_would_clean_its_leases_away() {
    let land = Land::new();
    let repo = land.repository("repo");
    let sub = land.make("repo/sub");
    let refused = place_for_new(&named(&sub));
    assert!(
        matches!(&refused, Err(StoreError::BelowTop { top, .. }) if *top == repo),
        "{refused:?}"
    );
    // One that is there already goes on being used.
    fs::create_dir(sub.join(".jit")).unwrap();
    assert_eq!(
        place_for_new(&named(&sub)).unwrap().private,
        sub.join(".jit/local")
    );
    land.repository("repo/inner");
    assert_eq!(
        place_for_new(&named(&land.path("repo/inner")))
            .unwrap()
            .private,
        land.path("repo/inner/.git/jit")
    );
}

#[test]
fn a_directory_that_is_no_repository_is_passed_over() {
    let land = Land::new();
    let repo = land.repository("repo");
    make_store(&repo);
    land.make("repo/empty/.git");
    let expected = Ok((repo.join(".jit"), Why::Repository));
    assert_eq!(why(&land.path("repo/empty")), expected);
    // A repository with leases in it stays the one that they belong to, however damaged it is.
    fs::remove_file(repo.join(".git/HEAD")).unwrap();
    assert_eq!(why(&repo), expected);
    assert_eq!(
        locate(&search(&repo)).unwrap().private,
        repo.join(".git/jit")
    );
}

#[test]
fn a_new_store_from_a_worktree_lands_in_the_main_one() {
    let land = Land::new();
    let repo = land.repository("repo");
    git(&repo, &["worktree", "add", "-q", "../side"]);
    assert!(matches!(
        locate(&search(&land.path("side"))),
        Err(StoreError::NoStore { .. })
    ));
    assert_eq!(make_store(&land.path("side")).store, repo.join(".jit"));
    assert!(!land.path("side/.jit").exists());
}

#[test]
fn the_store_of_a_linked_worktree_can_not_be_named() {
    let land = Land::new();
    let repo = land.repository("repo");
    let store = make_store(&repo);
    git(&repo, &["add", "-A"]);
    git(&repo, &["commit", "-q", "-m", "tracker"]);
    git(&repo, &["worktree", "add", "-q", "../side"]);
    assert!(land.path("side/.jit/format.json").exists());
    write(&open_at(store.clone()).unwrap(), 1, "One").unwrap();
    let side = named(&land.path("side"));
    let is_refused = |what: &str| {
        for outcome in [locate(&side), place_for_new(&side)] {
            let Err(StoreError::OtherStore { named, store }) = outcome else {
                panic!("{what}: {outcome:?}");
            };
            assert_eq!(
                (named, store),
                (land.path("side/.jit"), repo.join(".jit")),
                "{what}"
            );
        }
    };
    is_refused("with the pointer");
    fs::remove_file(repo.join(".git/jit/store")).unwrap();
    is_refused("without the pointer");
    fs::remove_dir_all(land.path("side/.jit")).unwrap();
    is_refused("without a checkout");
    // The main worktree may be named, and nothing was lost.
    let found = locate(&named(&repo)).unwrap();
    assert_eq!(
        (&found.store, &found.private),
        (&store.store, &store.private)
    );
    write(&open_at(found).unwrap(), 2, "Two").unwrap();
    let seen = jit_store::Store::read(&open_at(store).unwrap()).unwrap();
    assert_eq!(seen.issues().count(), 2);
    // Nor does a worktree become the store when the main one has none.
    fs::remove_dir_all(repo.join(".jit")).unwrap();
    assert!(matches!(
        place_for_new(&side),
        Err(StoreError::WorktreeStoreEmpty { .. })
    ));
}

#[test]
fn a_git_directory_elsewhere_is_found() {
    let land = Land::new();
    let repo = land.make("repo");
    git(&repo, &["init", "-q", "--separate-git-dir", "../store.git"]);
    let found = make_store(&repo);
    assert_eq!(
        (found.store, found.private),
        (repo.join(".jit"), land.path("store.git/jit"))
    );
}

#[test]
fn an_inner_repository_is_not_its_outer_one() {
    let land = Land::new();
    let repo = land.repository("repo");
    make_store(&repo);
    let inner = land.repository("repo/vendor/inner");
    assert!(why(&inner).is_err_and(|text| text.contains("NoStore")));
}

#[test]
fn without_git_the_nearest_store_above_counts_up_to_home() {
    let land = Land::new();
    let plain = land.make("home/plain/deep");
    make_store(&land.path("home/plain"));
    assert_eq!(why(&plain), Ok((land.path("home/plain/.jit"), Why::Above)));
    assert_eq!(
        locate(&search(&plain)).unwrap().private,
        land.path("home/plain/.jit/local")
    );
    make_store(&land.path(""));
    let home = land.make("home/other");
    let within = Search {
        home: Some(land.path("home")),
        ..search(&home)
    };
    assert!(
        matches!(locate(&within), Err(StoreError::NoStore { .. })),
        "nothing above the home directory"
    );
    assert_eq!(why(&home), Ok((land.path(".jit"), Why::Above)));
    assert!(matches!(
        locate(&search(&land.path("missing"))),
        Err(StoreError::NoStore { .. })
    ));
}

#[test]
fn other_peoples_stores_are_refused() {
    let land = Land::new();
    let dir = land.make("plain");
    let location = make_store(&dir);
    fs::set_permissions(&location.store, fs::Permissions::from_mode(0o777)).unwrap();
    assert!(matches!(
        locate(&search(&dir)),
        Err(StoreError::WorldWritable(_))
    ));
    fs::set_permissions(&location.store, fs::Permissions::from_mode(0o755)).unwrap();
    locate(&search(&dir)).unwrap();
    // Only root can give files away.
    if chown(&location.store, Some(4242), None).is_ok() {
        assert!(matches!(
            locate(&search(&dir)),
            Err(StoreError::NotOurs { uid: 4242, .. })
        ));
        let trusting = Search {
            safe_dirs: vec![dir.clone()],
            ..search(&dir)
        };
        locate(&trusting).unwrap();
    }
}
