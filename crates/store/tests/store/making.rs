//! Making a store: again, at the same time, and where half of one lies.

use crate::lab::{open_at, search, write};
use crate::places::{Land, git, make_store, named};
use jit_store::StoreError;
use jit_store::file::{init, locate, place_for_new};
use std::fs;
use std::path::Path;

#[test]
fn a_store_that_was_removed_can_be_made_again() {
    let land = Land::new();
    let repo = land.repository("repo");
    make_store(&repo);
    git(&repo, &["worktree", "add", "-q", "../side"]);
    let is_tracked = |dir: &Path| match locate(&search(dir)) {
        Err(StoreError::DanglingPointer { is_tracked, .. }) => is_tracked,
        other => panic!("{other:?}"),
    };
    fs::remove_dir_all(repo.join(".jit")).unwrap();
    assert!(!is_tracked(&repo), "git never knew it");
    for dir in ["repo", "side"] {
        assert_eq!(make_store(&land.path(dir)).store, repo.join(".jit"));
        git(&repo, &["add", "-A"]);
        fs::remove_dir_all(repo.join(".jit")).unwrap();
        assert!(is_tracked(&land.path(dir)), "git can bring it back");
    }
    assert_eq!(
        init(&place_for_new(&named(&repo)).unwrap())
            .unwrap()
            .created
            .len(),
        4
    );
    // A pointer to somewhere else is nobody's to overrule.
    fs::write(repo.join(".git/jit/store"), "/nowhere/.jit\n").unwrap();
    assert!(matches!(
        place_for_new(&search(&repo)),
        Err(StoreError::DanglingPointer { .. })
    ));
    fs::write(repo.join(".git/jit/store"), "").unwrap();
    assert!(matches!(
        locate(&search(&repo)),
        Err(StoreError::Damaged { .. })
    ));
}

#[test]
fn stores_made_at_the_same_time_are_whole() {
    const N_MAKERS: usize = 8;
    for round in 0..20 {
        let land = Land::new();
        let repo = land.repository("repo");
        let start = std::sync::Barrier::new(N_MAKERS);
        let created = std::thread::scope(|scope| {
            let makers: Vec<_> = (0..N_MAKERS)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        let made = init(&place_for_new(&search(&repo)).unwrap()).unwrap();
                        (made.created.len(), made.is_new())
                    })
                })
                .collect();
            let outcomes = makers.into_iter().map(|maker| maker.join().unwrap());
            outcomes
                .filter(|(n_created, _)| *n_created > 0)
                .collect::<Vec<_>>()
        });
        assert_eq!(
            created,
            [(4, true)],
            "one maker makes it all, round {round}"
        );
        let starts = [
            (".jit/format.json", "{\"format\":1,"),
            (".jit/config.toml", "# Settings"),
            (".jit/.gitignore", "/local/\n"),
            (".jit/.gitattributes", "* -text\nissues/** merge=jit"),
            (".git/jit/store", "../.jit\n"),
        ];
        for (name, start) in starts {
            let text = fs::read_to_string(repo.join(name)).unwrap();
            assert!(text.starts_with(start), "round {round}: {name}: {text}");
        }
        for dir in [".jit/local/tmp", ".git/jit/tmp"] {
            assert_eq!(fs::read_dir(repo.join(dir)).unwrap().count(), 0, "{dir}");
        }
    }
}

#[test]
fn making_a_store_twice_changes_nothing() {
    let land = Land::new();
    let repo = land.repository("repo");
    let place = place_for_new(&search(&repo)).unwrap();
    let first = init(&place).unwrap();
    assert!(first.is_new());
    fs::write(repo.join(".jit/config.toml"), "# mine\n").unwrap();
    fs::remove_file(repo.join(".jit/.gitattributes")).unwrap();
    let second = init(&place_for_new(&search(&repo)).unwrap()).unwrap();
    assert!(!second.is_new());
    assert_eq!(second.created, [".gitattributes"]);
    assert_eq!(
        fs::read_to_string(repo.join(".jit/config.toml")).unwrap(),
        "# mine\n"
    );
}

#[test]
fn a_store_that_lost_its_version_is_completed() {
    let land = Land::new();
    let repo = land.repository("repo");
    write(&open_at(make_store(&repo)).unwrap(), 1, "One").unwrap();
    fs::remove_file(repo.join(".jit/format.json")).unwrap();
    let mended = init(&place_for_new(&search(&repo)).unwrap()).unwrap();
    assert_eq!(mended.created, ["format.json"]);
    assert!(!mended.is_new(), "its issues were there before");
    let seen = jit_store::Store::read(&open_at(make_store(&repo)).unwrap()).unwrap();
    assert_eq!(seen.issues().count(), 1);
}
