//! Hand edits, damage, and other versions of the format.

use crate::lab::{Lab, id};
use jit_store::StoreError;
use std::fs;

#[test]
fn a_hand_edit_is_the_truth() {
    let lab = Lab::new();
    lab.write(1, "Before").unwrap();
    let file = lab.path(&format!(".jit/issues/{}/{}.json", id(1).shard(), id(1)));
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("Before", "By hand")).unwrap();
    assert_eq!(lab.read(), "By hand");
    lab.write(2, "Second").unwrap();
    assert_eq!(lab.read(), "By hand, Second");
}

#[test]
fn damage_is_named_and_hides_nothing_else() {
    let lab = Lab::new();
    let file = |n| lab.path(&format!(".jit/issues/{}/{}.json", id(n).shard(), id(n)));
    for n in 1..=5 {
        lab.write(n, &format!("Issue {n}")).unwrap();
    }
    let third = fs::read_to_string(file(3)).unwrap();
    fs::write(file(1), "").unwrap();
    fs::write(file(2), "{\"id\": 1, \"id\": 2}").unwrap();
    fs::write(file(3), third.replace(id(3).as_str(), id(4).as_str())).unwrap();
    fs::write(file(4), vec![b' '; 1024 * 1024 + 1]).unwrap();
    fs::write(lab.path(".jit/issues/notes.txt"), "mine").unwrap();
    fs::write(file(5).with_extension("json~"), "an editor's copy").unwrap();
    let mut expected = vec!["Issue 5".to_owned()];
    expected.push("foreign_file .jit/issues/notes.txt".to_owned());
    expected.extend((1..=4).map(|n| {
        format!(
            "unreadable_issue .jit/issues/{}/{}.json",
            id(n).shard(),
            id(n)
        )
    }));
    let mut seen: Vec<String> = lab.read().lines().map(str::to_owned).collect();
    expected[1..].sort();
    seen[1..].sort();
    assert_eq!(seen, expected);
    lab.write(6, "Issue 6").unwrap();
    assert!(lab.read().starts_with("Issue 5, Issue 6"));
}

#[test]
fn a_newer_format_is_read_or_refused_as_it_says() {
    let check = |format: &str, reads: bool, writes: bool| {
        let lab = Lab::new();
        lab.write(1, "One").unwrap();
        fs::write(lab.path(".jit/format.json"), format).unwrap();
        assert_eq!(lab.read() == "One", reads, "{format}: {}", lab.read());
        let answer = lab.write(2, "Two");
        assert_eq!(answer.is_ok(), writes, "{format}");
        assert!(
            writes
                || matches!(
                    answer,
                    Err(StoreError::FormatTooNew { .. } | StoreError::Damaged { .. })
                )
        );
    };
    check(
        r#"{"format":1,"min_reader":1,"min_writer":1,"features":[]}"#,
        true,
        true,
    );
    check(
        r#"{"format":2,"min_reader":1,"min_writer":1,"features":[],"x":1}"#,
        true,
        true,
    );
    check(
        r#"{"format":2,"min_reader":1,"min_writer":2,"features":[]}"#,
        true,
        false,
    );
    check(
        r#"{"format":2,"min_reader":2,"min_writer":2,"features":[]}"#,
        false,
        false,
    );
    check(
        r#"{"format":1,"min_reader":1,"min_writer":1,"features":["sharding"]}"#,
        true,
        false,
    );
    check("not json", false, false);
}

#[test]
fn damage_inside_the_log_stops_writers_and_deletes_nothing() {
    let lab = Lab::new();
    for n in 1..=3 {
        lab.write(n, &format!("Issue {n}")).unwrap();
    }
    let wal = lab.path(".jit/local/wal");
    let mut bytes = fs::read(&wal).unwrap();
    bytes[60] ^= 1;
    fs::write(&wal, &bytes).unwrap();
    fs::remove_file(lab.path(".jit/local/applied")).unwrap();
    assert!(matches!(
        lab.write(4, "Issue 4"),
        Err(StoreError::Damaged { .. })
    ));
    assert_eq!(fs::read(&wal).unwrap(), bytes);
    assert_eq!(
        lab.read(),
        "Issue 1, Issue 2, Issue 3\nbroken_log <private>/wal"
    );
}

#[test]
fn everything_that_is_not_the_truth_can_be_deleted() {
    let lab = Lab::new();
    for n in 1..=3 {
        lab.write(n, &format!("Issue {n}")).unwrap();
    }
    fs::remove_dir_all(lab.path(".jit/local")).unwrap();
    assert_eq!(lab.read(), "Issue 1, Issue 2, Issue 3");
    assert_eq!(lab.write(4, "Issue 4").unwrap().warnings, []);
    assert_eq!(lab.read(), "Issue 1, Issue 2, Issue 3, Issue 4");
    assert_eq!(
        lab.events().iter().map(|(_, lc)| *lc).collect::<Vec<_>>(),
        [1, 2, 3, 4]
    );
}
