//! Event segments beside git: none is ever extended on two branches.

use crate::lab::{Lab, open, write};
use std::fs;

#[test]
fn one_clone_fills_one_segment() {
    let lab = Lab::new();
    for n in 1..=5 {
        lab.write(n, &format!("Issue {n}")).unwrap();
    }
    assert_eq!(lab.segments().len(), 1);
    let notes: Vec<_> = (1..=5).map(|n| (format!("Issue {n}"), n)).collect();
    assert_eq!(lab.events(), notes);
}

#[test]
fn a_segment_that_was_touched_is_left_alone() {
    let lab = Lab::new();
    lab.write(1, "One").unwrap();
    let first = lab.segments().remove(0);
    let original = fs::read_to_string(&first).unwrap();
    // The same content by another way, as a switch of branches and back: it may go on.
    fs::remove_file(&first).unwrap();
    fs::write(&first, &original).unwrap();
    lab.write(2, "Two").unwrap();
    assert_eq!(lab.segments(), std::slice::from_ref(&first));
    // Reset to an older commit.
    fs::write(&first, &original).unwrap();
    lab.write(3, "Three").unwrap();
    assert_eq!(lab.segments().len(), 2);
    assert_eq!(fs::read_to_string(&first).unwrap(), original);
    // Gone altogether.
    let second = lab
        .segments()
        .into_iter()
        .find(|path| *path != first)
        .unwrap();
    fs::remove_file(&second).unwrap();
    lab.write(4, "Four").unwrap();
    assert!(!second.exists());
    assert_eq!(lab.segments().len(), 2);
}

#[test]
fn a_copied_store_begins_a_segment_of_its_own() {
    let lab = Lab::new();
    lab.write(1, "One").unwrap();
    let copy = lab.outside("copy");
    copy_dir(&lab.path(""), &copy);
    lab.write(2, "In the original").unwrap();
    write(&open(&copy).unwrap(), 3, "In the copy").unwrap();
    let first = lab.segments()[0].file_name().unwrap().to_owned();
    let in_copy: Vec<_> = fs::read_dir(
        copy.join(".jit/events")
            .join(lab.segments()[0].parent().unwrap().file_name().unwrap()),
    )
    .unwrap()
    .map(|entry| entry.unwrap().file_name())
    .collect();
    assert_eq!(in_copy.len(), 2);
    assert!(in_copy.contains(&first));
}

/// Copies a directory with all that is in it.
pub(crate) fn copy_dir(from: &std::path::Path, to: &std::path::Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}

#[test]
fn a_full_segment_is_followed_by_a_new_one() {
    let lab = Lab::new();
    let store = lab.open().unwrap();
    let long = "x".repeat(400);
    let mut n = 0;
    while lab.segments_or_none() < 3 {
        n += 1;
        let mut txn = jit_store::Store::begin(&store).unwrap();
        for part in 0..200 {
            txn.apply(&crate::lab::changes(1, &format!("{long} {n} {part}")));
        }
        txn.commit().unwrap();
        assert!(n < 20, "segments grow without end");
    }
    assert_eq!(lab.events().len(), n * 200);
}

#[test]
fn the_clock_passes_every_event_that_arrived() {
    let lab = Lab::new();
    lab.write(1, "One").unwrap();
    let first = lab.segments().remove(0);
    let line = fs::read_to_string(&first).unwrap();
    let foreign = |name: &str, lc: u64| {
        let text = line
            .replace("\"lc\":1", &format!("\"lc\":{lc}"))
            .replace("\"id\":\"0", "\"id\":\"1");
        fs::write(first.with_file_name(name), text).unwrap();
    };
    foreign("0pulled.jsonl", 500);
    lab.write(2, "Two").unwrap();
    assert!(lab.events().contains(&("Two".to_owned(), 501)));
    // A month that was not there before.
    let old = first.parent().unwrap().with_file_name("202001");
    fs::create_dir(&old).unwrap();
    fs::write(
        old.join("x.jsonl"),
        line.replace("\"lc\":1", "\"lc\":900")
            .replace("\"id\":\"0", "\"id\":\"2"),
    )
    .unwrap();
    lab.write(3, "Three").unwrap();
    assert!(lab.events().contains(&("Three".to_owned(), 901)));
}

#[test]
fn copies_and_broken_lines_do_not_disturb_readers() {
    let lab = Lab::new();
    lab.write(1, "One").unwrap();
    let first = lab.segments().remove(0);
    let line = fs::read_to_string(&first).unwrap();
    // A cherry-pick copies events; a writer that died leaves half a line.
    fs::write(
        first.with_file_name("zcopy.jsonl"),
        format!("{line}{}", &line[..20]),
    )
    .unwrap();
    assert_eq!(lab.events(), [("One".to_owned(), 1)]);
    fs::write(first.with_file_name("zbroken.jsonl"), "nonsense\n").unwrap();
    let events = jit_store::Store::events(&lab.open().unwrap(), None).unwrap();
    assert_eq!((events.events.len(), events.problems.len()), (1, 1));
}

#[test]
fn the_newest_events_are_the_end_of_all_of_them() {
    use jit_store::Store as _;
    let lab = Lab::new();
    let check = |lab: &Lab| {
        let store = lab.open().unwrap();
        let all = store.events(None).unwrap();
        for n in 0..7 {
            let newest = store.newest_events(n).unwrap();
            let first = all.events.len().saturating_sub(n);
            assert_eq!(newest.events, all.events[first..], "the {n} newest");
            assert_eq!(newest.cursor, all.cursor);
        }
    };
    for n in 1..=3 {
        lab.write(n, &format!("Issue {n}")).unwrap();
        // Another content than it was left with: the next event begins a new segment.
        let last = lab.segments().pop().unwrap();
        let mut text = fs::read_to_string(&last).unwrap();
        text.push_str("{\"a line that is still being wri");
        fs::write(&last, text).unwrap();
    }
    assert_eq!(lab.segments().len(), 3);
    check(&lab);
    // Lines that nobody can read are no events.
    let last = lab.segments().pop().unwrap();
    fs::write(
        &last,
        format!(
            "{}\n{}",
            fs::read_to_string(&last).unwrap(),
            "junk\n".repeat(9)
        ),
    )
    .unwrap();
    check(&lab);
    // The first segment once more, under the newest name.
    let first = lab.segments().remove(0);
    let name = format!("7{}", &last.file_name().unwrap().to_str().unwrap()[1..]);
    fs::copy(&first, last.with_file_name(name)).unwrap();
    check(&lab);
}
