//! Which store the worktrees of a bare repository share.

use crate::lab::search;
use crate::places::{Land, git, named, why};
use jit_store::StoreError;
use jit_store::file::{Why, init, locate, place_for_new};
use std::fs;

#[test]
fn a_bare_repository_needs_the_pointer() {
    let land = Land::new();
    land.bare();
    git(
        &land.path("bare.git"),
        &["worktree", "add", "-q", "../side", "main"],
    );
    for dir in ["bare.git", "side"] {
        assert!(
            why(&land.path(dir)).is_err_and(|text| text.contains("NoMainWorktree")),
            "{dir}"
        );
        assert!(place_for_new(&search(&land.path(dir))).is_err(), "{dir}");
    }
    assert!(matches!(
        locate(&named(&land.path("side"))),
        Err(StoreError::NoMainWorktree { is_bare: false, .. })
    ));
    // The user says where, and from then on every worktree knows.
    init(&place_for_new(&named(&land.path("side"))).unwrap()).unwrap();
    git(
        &land.path("bare.git"),
        &["worktree", "add", "-q", "-b", "other", "../third", "main"],
    );
    for dir in ["bare.git", "side", "third"] {
        let found = locate(&search(&land.path(dir))).unwrap();
        assert_eq!(
            (found.store, found.private),
            (land.path("side/.jit"), land.path("bare.git/jit")),
            "{dir}"
        );
    }
}

#[test]
fn the_pointer_of_a_bare_repository_stays() {
    let land = Land::new();
    land.bare();
    for name in ["side", "third"] {
        let path = format!("../{name}");
        git(
            &land.path("bare.git"),
            &["worktree", "add", "-q", "-b", name, &path, "main"],
        );
    }
    init(&place_for_new(&named(&land.path("side"))).unwrap()).unwrap();
    assert_eq!(
        locate(&named(&land.path("side"))).unwrap().why,
        Why::Named,
        "what the pointer names may be named"
    );
    for dir in ["third", "bare.git"] {
        let refused = named(&land.path(dir));
        assert!(
            matches!(locate(&refused), Err(StoreError::OtherStore { .. })),
            "{dir}"
        );
        assert!(
            matches!(place_for_new(&refused), Err(StoreError::OtherStore { .. })),
            "{dir}"
        );
    }
    // A lost store is made again where it was, and nowhere else.
    fs::remove_dir_all(land.path("side/.jit")).unwrap();
    for search in [search(&land.path("third")), named(&land.path("third"))] {
        for outcome in [locate(&search), place_for_new(&search)] {
            assert!(matches!(outcome, Err(StoreError::DanglingPointer { .. })));
        }
    }
    for search in [search(&land.path("side")), named(&land.path("side"))] {
        let place = place_for_new(&search).unwrap();
        assert_eq!(
            (place.store, place.private),
            (land.path("side/.jit"), land.path("bare.git/jit"))
        );
    }
}

#[test]
fn only_one_worktree_of_a_bare_repository_becomes_the_store() {
    let land = Land::new();
    land.bare();
    let names = ["a", "b", "c", "d"];
    for name in names {
        let path = format!("../{name}");
        git(
            &land.path("bare.git"),
            &["worktree", "add", "-q", "-b", name, &path, "main"],
        );
    }
    let start = std::sync::Barrier::new(names.len());
    let n_made = std::thread::scope(|scope| {
        let makers = names.map(|name| {
            let search = named(&land.path(name));
            let start = &start;
            scope.spawn(move || {
                start.wait();
                match place_for_new(&search).and_then(|place| init(&place)) {
                    Ok(_) => 1,
                    Err(StoreError::OtherStore { .. }) => 0,
                    Err(error) => panic!("{error:?}"),
                }
            })
        });
        makers
            .map(|maker| maker.join().unwrap())
            .iter()
            .sum::<u32>()
    });
    assert_eq!(n_made, 1);
    let stores = names.map(|name| locate(&search(&land.path(name))).unwrap().store);
    assert!(stores.iter().all(|store| *store == stores[0]), "{stores:?}");
}
