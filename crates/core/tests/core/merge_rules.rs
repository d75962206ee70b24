//! Each rule of the merge's table, as a row.

use super::merge_edits::{Edit, at, edited, id, issue, key, who};
use jit_core::fields::Fields;
use jit_core::gate::{GateDefinition, GateMode, GateStage, GateStatus};
use jit_core::merge::{CONFLICTS, Irreconcilable, merge, merge_gates};
use jit_core::{Issue, Priority, State, Value};

/// Merges two sets of edits of one issue and compares a field, and the fields that stay undecided.
fn check(before: &[Edit], ours: &[Edit], theirs: &[Edit], expected: &str) {
    let base = edited(&issue(), before, 1, false);
    let ours = edited(&base, ours, 2, false);
    let theirs = edited(&base, theirs, 3, false);
    let merged = merge(Some(&base), &ours, &theirs).unwrap().issue;
    let fields = merged.to_fields();
    let (field, value) = expected.split_once(": ").expect("`field: value`");
    let (value, open) = value.split_once(" ! ").unwrap_or((value, ""));
    let is = jit_core::merge::MERGED;
    assert!(fields.contains_key(is), "it says that it was merged");
    assert_eq!(text(&fields[field]), value, "{expected}");
    let conflicts = merged.conflicts();
    let conflicts: Vec<&str> = conflicts.iter().map(|it| it.field.as_str()).collect();
    assert_eq!(conflicts.join(" "), open, "{expected}");
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(" "),
        Value::Object(members) => {
            let keys = ["id", "text", "status", "done", "reason"];
            let known = keys.iter().filter_map(|key| members.get(*key));
            let known: Vec<String> = known.map(text).collect();
            if known.is_empty() {
                let inner = members.iter();
                let inner = inner.map(|(key, value)| format!("{key}={}", text(value)));
                return inner.collect::<Vec<_>>().join(" ");
            }
            known.join("-")
        }
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
    }
}

#[test]
fn values_follow_their_rules() {
    use Edit::{Assignee, Deleted, Epoch, Hold, Line, Priority as P, Title};
    let other = [Epoch(1)];
    check(&[], &[Title(1)], &other, "title: Title 1");
    check(&[], &[Title(1)], &[Title(2)], "title: Title 2 ! title");
    let (high, low) = ([P(Priority::High)], [P(Priority::Low)]);
    check(&[], &high, &low, "priority: high");
    check(&[], &[Epoch(3)], &[Epoch(2), Title(1)], "epoch: 3");
    let to = |n| [Assignee(Some(n))];
    check(&to(0), &to(1), &to(2), "assignee: agent:2 ! assignee");
    let held = |n| [Hold(Some(n))];
    check(&held(1), &[Hold(None)], &held(2), "hold: 2");
    check(&held(1), &[Hold(None)], &other, "hold: null");
    check(
        &[Line(9, 2), Line(9, 1), Line(9, 1)],
        &[Line(0, 3)],
        &[Line(2, 3)],
        "description: line 0 3\nnew 9\nline 2 3\n",
    );
    let deleted = [Deleted(Some(1))];
    check(&[], &deleted, &[Title(1)], "deleted: null ! deleted");
}

#[test]
fn sets_and_lists_lose_nothing() {
    use Edit::{Comment, Criterion, Dependency, Label, Uncomment};
    let label = |n, has| [Label(n, has)];
    check(&[], &label(1, true), &label(2, true), "labels: l1 l2");
    check(
        &label(1, true),
        &label(1, false),
        &label(2, true),
        "labels: l2",
    );
    let waits = |n| [Dependency(n, true)];
    let both = "dependencies: k7m2abcd01 k7m2abcd02";
    check(&[], &waits(1), &waits(2), both);
    let says = |n, text| [Comment(n, text)];
    let all = "comments: c1-says 1 c2-says 1 c3-says 1";
    check(&says(1, 1), &says(3, 1), &says(2, 1), all);
    check(
        &says(1, 1),
        &[Uncomment(1)],
        &says(2, 1),
        "comments: c2-says 1",
    );
    let conflict = "comments: c1-says 2 ! comments/c1";
    check(&[], &says(1, 1), &says(1, 2), conflict);
    let criterion = |text, done| [Criterion(0, text, done)];
    let one = criterion(1, false);
    let renamed = "checklist: 1-holds 1-false 2-holds 2-false";
    check(&[], &one, &criterion(2, false), renamed);
    let together = "checklist: 1-holds 2-true";
    check(&one, &criterion(1, true), &criterion(2, false), together);
    let conflict = "checklist: 1-holds 2-false ! checklist/1";
    check(&one, &criterion(3, false), &criterion(2, false), conflict);
}

#[test]
fn maps_and_gates_merge_by_key() {
    use Edit::{Context, Gate, Nested};
    let one = |n| [Context(1, Some(n))];
    check(&[], &one(1), &one(2), "context: a/b~1=2 ! context/a~1b~01");
    let inner = |n| [Nested(n, Some(n))];
    check(&[], &inner(1), &inner(2), "context: in=1=1 2=2");
    let gate = |n, status, second| [Gate(n, Some((status, second)))];
    let pass = gate(1, GateStatus::Passed, 1);
    let fail = gate(1, GateStatus::Failed, 0);
    let pending = gate(1, GateStatus::Pending, 0);
    check(&pending, &pass, &fail, "gates: g1=failed");
    check(&fail, &pass, &pending, "gates: g1=passed");
    let second = gate(2, GateStatus::Passed, 1);
    check(&[], &pass, &second, "gates: g1=passed g2=passed");
}

#[test]
fn states_move_forward_together_or_not_at_all() {
    use State::{Archived, Done, Gated, InProgress, Open, Rejected};
    let check_states = |base: State, ours: State, theirs: State, expected: &str| {
        let edit = |state| [Edit::State(state), Edit::Epoch(1)];
        check(
            &edit(base),
            &edit(ours),
            &[Edit::State(theirs)],
            &format!("state: {expected}"),
        );
        check(
            &edit(base),
            &edit(theirs),
            &[Edit::State(ours)],
            &format!("state: {expected}"),
        );
    };
    check_states(Open, InProgress, Done, "done");
    check_states(Open, InProgress, Gated, "gated");
    check_states(Open, Done, Archived, "archived");
    check_states(InProgress, Open, Done, "open ! state");
    check_states(Done, Open, Archived, "open ! state");
    check_states(Archived, Open, Done, "open");
    check_states(Open, Rejected, InProgress, "in_progress ! state");
    check_states(Rejected, Archived, Open, "open ! state");
}

/// Merges three versions whose field has these words, of which some are no words of ours.
fn check_words(field: &str, words: [&str; 3], expected: &str, is_open: bool) {
    let at = |word: &str, second: u8| {
        let edited = edited(&issue(), &[Edit::Epoch(1)], second, false);
        let mut fields = edited.to_fields();
        fields.insert(field.to_owned(), word.into());
        let mut version = Issue::from_fields(fields).unwrap();
        version.etag = version.compute_etag();
        version
    };
    let base = at(words[0], 1);
    let sides = [at(words[1], 2), at(words[2], 3)];
    for [ours, theirs] in [[&sides[0], &sides[1]], [&sides[1], &sides[0]]] {
        let merged = merge(Some(&base), ours, theirs).unwrap();
        let fields = merged.issue.to_fields();
        assert_eq!(fields[field], expected.into(), "{words:?}");
        assert_eq!(merged.n_conflicts, usize::from(is_open), "{words:?}");
        if let [conflict] = &merged.issue.conflicts()[..] {
            let values = [&conflict.ours, &conflict.theirs].map(|it| text(it.as_ref().unwrap()));
            // The side that was written later comes first, and nothing is lost.
            assert_eq!(values, [words[2], words[1]]);
        }
        assert_eq!(Issue::from_fields(fields).unwrap(), merged.issue);
    }
}

#[test]
fn words_of_a_newer_version_are_never_ranked() {
    let check = check_words;
    check(
        "state",
        ["open", "weird", "in_progress"],
        "in_progress",
        true,
    );
    check("state", ["open", "in_progress", "weird"], "weird", true);
    check("state", ["open", "weird", "odd"], "odd", true);
    check("state", ["open", "weird", "weird"], "weird", false);
    check("state", ["open", "weird", "open"], "weird", false);
    check("state", ["open", "open", "weird"], "weird", false);
    check("state", ["weird", "in_progress", "done"], "done", true);
    check("state", ["weird", "weird", "done"], "done", false);
    check("priority", ["normal", "urgent2", "high"], "high", true);
    check("priority", ["normal", "urgent2", "later2"], "later2", true);
    check(
        "priority",
        ["normal", "urgent2", "normal"],
        "urgent2",
        false,
    );
}

#[test]
fn a_done_issue_is_gated_by_a_gate_that_the_other_side_added() {
    let pending = |n| Edit::Gate(n, Some((GateStatus::Pending, 0)));
    let done = Edit::State(State::Done);
    check(
        &[],
        std::slice::from_ref(&done),
        &[pending(1)],
        "state: gated",
    );
    check(
        &[],
        std::slice::from_ref(&done),
        &[Edit::Gate(1, Some((GateStatus::Passed, 0)))],
        "state: done",
    );
    // Whoever finished it over the head of a gate knew that gate.
    check(&[pending(1)], &[done], &[Edit::Title(1)], "state: done");
}

#[test]
fn a_merge_says_what_it_decided_and_from_what() {
    let ours = edited(&issue(), &[Edit::Priority(Priority::High)], 2, false);
    let theirs = edited(&issue(), &[Edit::Priority(Priority::Low)], 3, false);
    let merged = merge(Some(&issue()), &ours, &theirs).unwrap().issue;
    let steps = merged.unrecorded_merges();
    let mut prev = vec![ours.etag.clone(), theirs.etag.clone()];
    prev.sort();
    assert_eq!(steps.len(), 1);
    assert_eq!(steps[0].prev, prev);
    assert_eq!(
        (steps[0].rev, steps[0].etag.as_str()),
        (3, merged.etag.as_str())
    );
    assert_eq!(steps[0].note.as_deref(), Some("priority high over low"));
    assert_eq!(merged.etag, merged.compute_etag());
    // Merged again before the log knows: both steps are still to be told.
    let third = edited(&issue(), &[Edit::Label(1, true)], 4, false);
    let again = merge(Some(&issue()), &merged, &third).unwrap().issue;
    assert_eq!(again.unrecorded_merges().len(), 2);
    assert_eq!(again.unrecorded_merges()[0], steps[0]);
    // Told by one side meanwhile, the other one's memory of it does not come back.
    let told = edited(&merged, &[Edit::Label(1, true)], 5, false);
    let other = edited(&merged, &[Edit::Label(2, true)], 6, true);
    let last = merge(Some(&merged), &told, &other).unwrap().issue;
    assert_eq!(last.unrecorded_merges().len(), 1);
}

#[test]
fn what_was_settled_on_one_side_stays_settled() {
    let ours = edited(&issue(), &[Edit::Title(1)], 2, false);
    let theirs = edited(&issue(), &[Edit::Title(2)], 3, false);
    let open = merge(Some(&issue()), &ours, &theirs).unwrap().issue;
    let mut settled = open.clone();
    assert!(settled.forget_conflict("title"));
    assert!(!settled.extra.contains_key(CONFLICTS));
    let other = edited(&open, &[Edit::Label(1, true)], 4, false);
    let merged = merge(Some(&open), &settled, &other).unwrap().issue;
    assert!(!merged.has_conflicts());
    let both = merge(Some(&issue()), &open, &other).unwrap().issue;
    assert!(both.has_conflicts());
}

#[test]
fn versions_of_two_issues_are_refused() {
    let other = Issue::new(id(1), "Other".to_owned(), who("ada"), at(0));
    let error = merge(None, &issue(), &other).unwrap_err();
    assert_eq!(error, Irreconcilable::OtherRecord { field: "id" });
    let mut later = issue();
    later.created_at = at(9);
    let error = merge(Some(&issue()), &issue(), &later).unwrap_err();
    assert_eq!(
        error,
        Irreconcilable::OtherRecord {
            field: "created_at"
        }
    );
}

#[test]
fn a_gate_is_whole_or_refused() {
    let gate = |title: &str, description: &str, program: &str| GateDefinition {
        key: key("tests"),
        title: title.to_owned(),
        description: description.to_owned(),
        stage: GateStage::Exit,
        mode: GateMode::Manual,
        extra: Fields::from([(
            "checker".to_owned(),
            Value::object([("command", program.into())]),
        )]),
    };
    let base = gate("T", "a\nb\nc\n", "x");
    let check = |ours: &GateDefinition,
                 theirs: &GateDefinition,
                 expected: Result<&GateDefinition, &str>| {
        for (one, other) in [(ours, theirs), (theirs, ours)] {
            let merged = merge_gates(Some(&base), one, other).map_err(|error| error.to_string());
            assert_eq!(merged.as_ref().map_err(String::as_str), expected);
        }
    };
    check(&base, &gate("U", "", "y"), Ok(&gate("U", "", "y")));
    check(
        &gate("T", "A\nb\nc\n", "y"),
        &gate("U", "a\nb\nC\n", "x"),
        Ok(&gate("U", "A\nb\nC\n", "y")),
    );
    check(
        &gate("T", "", "y"),
        &gate("T", "", "z"),
        Err("both sides changed checker"),
    );
    let entry = GateDefinition {
        stage: GateStage::Entry,
        ..base.clone()
    };
    check(
        &gate("T", "a\nb\nc\n", "y"),
        &entry,
        Err("both sides changed checker, stage"),
    );
}
