//! The laws of the merge, over random triples, and each rule of its table as a row.

use jit_core::fields::Fields;
use jit_core::gate::{GateDefinition, GateKey, GateMode, GateResult, GateStage, GateStatus};
use jit_core::issue::{ChecklistItem, Comment, CommentKind, Deleted, Document, Hold, IssueType};
use jit_core::merge::{CONFLICTS, Irreconcilable, MERGED, Merged, merge, merge_gates};
use jit_core::{Assignee, Issue, IssueId, Label, Priority, State, Timestamp, Value};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use std::collections::BTreeSet;

/// How many triples are tried unless `JIT_MERGE_TRIPLES` says otherwise.
const N_TRIPLES: u32 = 5_000;

/// How many where every combination is tried.
const N_TRIPLES_THOROUGH: u32 = 500_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_micros(1_769_000_000_000_000 + second * 1_000_000)
}

fn who(name: &str) -> Assignee {
    Assignee::parse(&format!("agent:{name}")).unwrap()
}

fn id(n: u8) -> IssueId {
    IssueId::parse(&format!("k7m2abcd{n:02}")).unwrap()
}

fn key(name: &str) -> GateKey {
    GateKey::parse(name).unwrap()
}

fn issue() -> Issue {
    let mut issue = Issue::new(id(0), "Parse".to_owned(), who("ada"), at(0));
    issue.rev = 1;
    issue.etag = issue.compute_etag();
    issue
}

/// One change that a command could have made, or a hand.
#[derive(Clone, Debug)]
enum Edit {
    Title(u8),
    Line(u8, u8),
    Kind(bool),
    State(State),
    Priority(Priority),
    Assignee(Option<u8>),
    Epoch(u8),
    Label(u8, bool),
    Dependency(u8, bool),
    Parent(Option<u8>),
    Gate(u8, Option<(GateStatus, u8)>),
    Hold(Option<u8>),
    Criterion(u8, u8, bool),
    Comment(u8, u8),
    Uncomment(u8),
    Document(u8, u8),
    Context(u8, Option<u8>),
    Nested(u8, Option<u8>),
    Due(Option<u8>),
    Estimate(u8),
    Unknown(u8, Option<u8>),
    Deleted(Option<u8>),
    Raw(u8, f64),
}

fn any_edit() -> impl Strategy<Value = Edit> {
    let few = 0_u8..4;
    let maybe = || prop::option::of(0_u8..4);
    let state = prop::sample::select(&State::ALL[..]);
    let priority = prop::sample::select(&Priority::ALL[..]);
    let status = prop::sample::select(&GateStatus::ALL[..]);
    let verdict = prop::option::of((status, 0_u8..4));
    prop_oneof![
        few.clone().prop_map(Edit::Title),
        (0_u8..12, few.clone()).prop_map(|(line, text)| Edit::Line(line, text)),
        any::<bool>().prop_map(Edit::Kind),
        state.prop_map(Edit::State),
        priority.prop_map(Edit::Priority),
        maybe().prop_map(Edit::Assignee),
        few.clone().prop_map(Edit::Epoch),
        (0_u8..6, any::<bool>()).prop_map(|(n, has)| Edit::Label(n, has)),
        (1_u8..6, any::<bool>()).prop_map(|(n, has)| Edit::Dependency(n, has)),
        maybe().prop_map(Edit::Parent),
        (few.clone(), verdict).prop_map(|(n, verdict)| Edit::Gate(n, verdict)),
        maybe().prop_map(Edit::Hold),
        (0_u8..5, few.clone(), any::<bool>())
            .prop_map(|(n, text, done)| Edit::Criterion(n, text, done)),
        (0_u8..6, few.clone()).prop_map(|(n, text)| Edit::Comment(n, text)),
        (0_u8..6).prop_map(Edit::Uncomment),
        (few.clone(), few.clone()).prop_map(|(n, text)| Edit::Document(n, text)),
        (few.clone(), maybe()).prop_map(|(n, value)| Edit::Context(n, value)),
        (few.clone(), maybe()).prop_map(|(n, value)| Edit::Nested(n, value)),
        maybe().prop_map(Edit::Due),
        few.clone().prop_map(Edit::Estimate),
        (few.clone(), maybe()).prop_map(|(n, value)| Edit::Unknown(n, value)),
        maybe().prop_map(Edit::Deleted),
        (few, prop::sample::select(vec![0.0, -0.0, 0.5])).prop_map(|(n, x)| Edit::Raw(n, x)),
    ]
}

#[expect(clippy::too_many_lines, reason = "one arm for each kind of edit")]
fn apply(issue: &mut Issue, edit: &Edit) {
    match *edit {
        Edit::Title(n) => issue.title = format!("Title {n}"),
        Edit::Line(line, n) => {
            let mut lines: Vec<String> = issue.description.lines().map(str::to_owned).collect();
            let place = usize::from(line).min(lines.len());
            match n {
                0 if place < lines.len() => drop(lines.remove(place)),
                1 => lines.insert(place, format!("new {line}")),
                _ if place < lines.len() => lines[place] = format!("line {line} {n}"),
                _ => lines.push(format!("last {n}")),
            }
            lines.push(String::new());
            issue.description = lines.join("\n");
        }
        Edit::Kind(is_bug) => {
            issue.kind = IssueType::parse(if is_bug { "bug" } else { "epic" }).unwrap();
        }
        Edit::State(state) => {
            issue.state = state;
            issue.closed_at = state.is_resolved().then_some(issue.updated_at);
            if state == State::InProgress && issue.assignee.is_none() {
                issue.assignee = Some(who("0"));
            }
        }
        Edit::Priority(priority) => issue.priority = priority,
        Edit::Assignee(n) => issue.assignee = n.map(|n| who(&n.to_string())),
        Edit::Epoch(n) => issue.epoch += u64::from(n),
        Edit::Label(n, has) => {
            let label = Label::parse(&format!("l{n}")).unwrap();
            set(&mut issue.labels, label, has);
        }
        Edit::Dependency(n, has) => set(&mut issue.dependencies, id(n), has),
        Edit::Parent(n) => issue.parent = n.map(|n| id(n + 10)),
        Edit::Gate(n, None) => drop(issue.gates.remove(&key(&format!("g{n}")))),
        Edit::Gate(n, Some((status, second))) => {
            let result = GateResult {
                status,
                at: Some(at(second.into())),
                ..GateResult::default()
            };
            issue.gates.insert(key(&format!("g{n}")), result);
        }
        Edit::Hold(n) => {
            issue.hold = n.map(|n| Hold {
                by: who(&n.to_string()),
                at: at(n.into()),
                reason: format!("{n}"),
            });
        }
        Edit::Criterion(n, text, done) => {
            let item = ChecklistItem {
                id: (n + 1).to_string(),
                text: format!("holds {text}"),
                done,
            };
            match issue.checklist.iter_mut().find(|known| known.id == item.id) {
                Some(known) => *known = item,
                None => issue.checklist.push(item),
            }
        }
        Edit::Comment(n, text) => {
            issue.comments.push(Comment {
                id: format!("c{n}"),
                by: who("ada"),
                at: at(n.into()),
                text: format!("says {text}"),
                kind: CommentKind::Note,
            });
        }
        Edit::Uncomment(n) => issue.comments.retain(|it| it.id != format!("c{n}")),
        Edit::Document(n, text) => {
            let path = format!("docs/{n}");
            issue.documents.retain(|document| document.path != path);
            issue.documents.push(Document {
                path,
                commit: None,
                label: Some(format!("{text}")),
                kind: None,
            });
        }
        Edit::Context(n, value) => put(&mut issue.context, &format!("a/b~{n}"), value),
        Edit::Nested(n, value) => {
            let inner = issue.context.remove("in");
            let mut inner = inner
                .and_then(|it| it.as_object().cloned())
                .unwrap_or_default();
            put(&mut inner, &n.to_string(), value);
            issue.context.insert("in".to_owned(), Value::Object(inner));
        }
        Edit::Due(n) => issue.due = n.map(|n| at(n.into())),
        Edit::Estimate(n) => issue.estimate_minutes = Some(n.into()),
        Edit::Unknown(n, value) => put(&mut issue.extra, &format!("x_{n}"), value),
        Edit::Deleted(n) => {
            issue.deleted = n.map(|n| Deleted {
                at: at(n.into()),
                by: who("ada"),
            });
        }
        Edit::Raw(n, number) => {
            drop(issue.extra.insert(format!("x_{n}"), Value::Float(number)));
        }
    }
}

fn set<T: Ord>(items: &mut BTreeSet<T>, item: T, has: bool) {
    if has {
        items.insert(item);
    } else {
        items.remove(&item);
    }
}

fn put(members: &mut Fields, name: &str, value: Option<u8>) {
    match value {
        Some(n) => drop(members.insert(name.to_owned(), u64::from(n).into())),
        None => drop(members.remove(name)),
    }
}

/// A version that was made from another one by some edits, some seconds later; a hand may have left the etag.
fn edited(from: &Issue, edits: &[Edit], second: u8, by_hand: bool) -> Issue {
    let mut issue = from.clone();
    for edit in edits {
        apply(&mut issue, edit);
    }
    if issue == *from {
        return issue;
    }
    if !by_hand {
        issue.updated_at = at(second.into());
        issue.rev += 1;
        issue.extra.remove(MERGED);
        issue.etag = issue.compute_etag();
    }
    issue
}

/// The version that both sides were made from, if anybody knows it, and the sides.
#[derive(Clone, Debug)]
struct Triple {
    base: Option<Issue>,
    ours: Issue,
    theirs: Issue,
}

fn any_triple() -> impl Strategy<Value = Triple> {
    let edits = || prop::collection::vec(any_edit(), 0..8);
    let side = || (edits(), 1_u8..5, prop::bool::weighted(0.1));
    let has_base = prop::bool::weighted(0.9);
    // A side may itself have been merged before.
    let merged = prop::option::weighted(0.2, side());
    (edits(), side(), side(), merged, has_base).prop_map(|(base, left, right, merged, has)| {
        let base = edited(&issue(), &base, 1, false);
        let make = |(edits, second, by_hand): (Vec<Edit>, u8, bool)| {
            edited(&base, &edits, second, by_hand)
        };
        let (mut ours, theirs) = (make(left), make(right));
        if let Some(third) = merged {
            ours = merge(Some(&base), &ours, &make(third)).unwrap().issue;
        }
        let base = has.then_some(base);
        Triple { base, ours, theirs }
    })
}

type MergeOf = fn(Option<&Issue>, &Issue, &Issue) -> Result<Merged, Irreconcilable>;

/// Returns every field with its bytes, so that what only looks equal is not.
fn bytes(issue: &Issue) -> String {
    format!("{:?}", issue.to_fields())
}

/// Tries all laws on one triple and says which one is broken.
fn broken_law(merge: MergeOf, triple: &Triple) -> Option<String> {
    let Triple { base, ours, theirs } = triple;
    let base = base.as_ref();
    let merged = match (merge(base, ours, theirs), merge(base, theirs, ours)) {
        (Ok(one), Ok(other)) if bytes(&one.issue) == bytes(&other.issue) => one,
        (one, other) => return Some(format!("m(O,A,B) = m(O,B,A): {one:?} {other:?}")),
    };
    let is = |base: &Issue, ours: &Issue, theirs: &Issue, expected: &Issue| {
        merge(Some(base), ours, theirs).is_ok_and(|merged| merged.issue == *expected)
    };
    if let Some(base) = base {
        if !is(base, ours, base, ours) || !is(base, base, theirs, theirs) {
            return Some("m(O,A,O) = A".to_owned());
        }
        let again = &merged.issue;
        if !is(base, again, again, again) || !is(ours, again, ours, again) {
            return Some("merging again changes nothing".to_owned());
        }
    }
    if !is(theirs, ours, ours, ours) {
        return Some("m(O,A,A) = A".to_owned());
    }
    lost(triple, &merged.issue).or_else(|| unsound(&merged))
}

/// Returns what a side added, or kept unknown, and the result has not.
fn lost(triple: &Triple, merged: &Issue) -> Option<String> {
    let nothing = issue();
    let base = triple.base.as_ref().unwrap_or(&nothing);
    for side in [&triple.ours, &triple.theirs] {
        let labels = side.labels.difference(&base.labels);
        let dependencies = side.dependencies.difference(&base.dependencies);
        let gates = side
            .gates
            .keys()
            .filter(|key| !base.gates.contains_key(*key));
        let comments = side.comments.iter().map(|comment| &comment.id);
        let mut new = comments.filter(|id| base.comments.iter().all(|it| it.id != **id));
        let texts = |issue: &Issue| -> Vec<String> {
            issue.checklist.iter().map(|it| it.text.clone()).collect()
        };
        let ids = |issue: &Issue| -> Vec<String> {
            issue.checklist.iter().map(|it| it.id.clone()).collect()
        };
        let criteria = side.checklist.iter();
        let mut criteria = criteria.filter(|item| !ids(base).contains(&item.id));
        let is_whole = labels.into_iter().all(|it| merged.labels.contains(it))
            && dependencies
                .into_iter()
                .all(|it| merged.dependencies.contains(it))
            && gates.into_iter().all(|it| merged.gates.contains_key(it))
            && new.all(|id| merged.comments.iter().any(|it| it.id == *id))
            && criteria.all(|item| texts(merged).contains(&item.text));
        if !is_whole {
            return Some(format!("an element that was added is lost: {side:?}"));
        }
        let unknown = side.extra.iter().filter(|(name, _)| name.starts_with("x_"));
        let stands = |name: &String| {
            let in_base = base.extra.get(name);
            merged.extra.contains_key(name)
                || in_base.is_some_and(|it| side.extra.get(name) == Some(it))
        };
        for (name, _) in unknown {
            if !stands(name) {
                return Some(format!("the unknown member {name} is lost"));
            }
        }
    }
    None
}

/// Returns what a merged issue must not be.
fn unsound(merged: &Merged) -> Option<String> {
    let issue = &merged.issue;
    if issue.state.is_resolved() != issue.closed_at.is_some() {
        return Some("the state and closed_at contradict each other".to_owned());
    }
    if Issue::from_fields(issue.to_fields()).as_ref() != Ok(issue) {
        return Some("the result does not read back".to_owned());
    }
    (merged.n_conflicts > 0 && issue.conflicts().is_empty())
        .then(|| "a conflict is not kept".to_owned())
}

/// Returns the first law that a merge breaks within so many triples.
fn first_broken(merge: MergeOf, n_triples: u32) -> Option<String> {
    let mut runner = TestRunner::new(Config {
        cases: n_triples,
        rng_seed: RngSeed::Fixed(0x6d65_7267_6500_0001),
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&any_triple(), |triple| match broken_law(merge, &triple) {
        None => Ok(()),
        Some(law) => Err(TestCaseError::fail(law)),
    });
    outcome.err().map(|error| error.to_string())
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the nightly lane asks for more")]
fn every_law_holds_for_random_triples() {
    let asked = std::env::var("JIT_MERGE_TRIPLES").ok();
    let is_thorough = std::env::var_os("JIT_TORTURE").is_some();
    let lane = if is_thorough {
        N_TRIPLES_THOROUGH
    } else {
        N_TRIPLES
    };
    let n_triples = asked.map_or(lane, |text| text.parse().expect("a number"));
    if let Some(law) = first_broken(merge, n_triples) {
        panic!("{law}");
    }
}

/// The later version, whole.
fn last_writer_wins(
    base: Option<&Issue>,
    ours: &Issue,
    theirs: &Issue,
) -> Result<Merged, Irreconcilable> {
    if base == Some(ours) || base == Some(theirs) {
        return merge(base, ours, theirs);
    }
    let key = |issue: &Issue| (issue.updated_at, bytes(issue));
    let issue = if key(ours) >= key(theirs) {
        ours
    } else {
        theirs
    }
    .clone();
    Ok(Merged {
        issue,
        n_conflicts: 0,
    })
}

/// Sides named after whoever merges.
fn ours_first(
    base: Option<&Issue>,
    ours: &Issue,
    theirs: &Issue,
) -> Result<Merged, Irreconcilable> {
    let mut merged = merge(base, ours, theirs)?;
    if merged.n_conflicts > 0 {
        merged.issue.title.clone_from(&ours.title);
    }
    Ok(merged)
}

/// Sets as the intersection of the sides.
fn intersect(base: Option<&Issue>, ours: &Issue, theirs: &Issue) -> Result<Merged, Irreconcilable> {
    let mut merged = merge(base, ours, theirs)?;
    if ours != theirs && base != Some(ours) && base != Some(theirs) {
        merged.issue.labels = ours.labels.intersection(&theirs.labels).cloned().collect();
    }
    Ok(merged)
}

/// Members that nobody knows are left out.
fn forgetful(base: Option<&Issue>, ours: &Issue, theirs: &Issue) -> Result<Merged, Irreconcilable> {
    let mut merged = merge(base, ours, theirs)?;
    merged.issue.extra.retain(|name, _| !name.starts_with("x_"));
    Ok(merged)
}

/// Every merge is a new version, also where nothing was to be merged.
fn restless(base: Option<&Issue>, ours: &Issue, theirs: &Issue) -> Result<Merged, Irreconcilable> {
    let mut merged = merge(base, ours, theirs)?;
    merged.issue.rev += 1;
    Ok(merged)
}

#[test]
fn every_seeded_bug_breaks_a_law() {
    let bugs: [(&str, MergeOf); 5] = [
        ("last writer wins", last_writer_wins),
        ("ours first", ours_first),
        ("intersect", intersect),
        ("forgetful", forgetful),
        ("restless", restless),
    ];
    for (name, bug) in bugs {
        assert!(first_broken(bug, 500).is_some(), "{name} went unnoticed");
    }
}

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
