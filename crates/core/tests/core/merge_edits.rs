//! One issue, and the edits that commands or hands make of it: what the tests of the merge draw from.

use jit_core::fields::Fields;
use jit_core::gate::{GateKey, GateResult, GateStatus};
use jit_core::issue::{ChecklistItem, Comment, CommentKind, Deleted, Document, Hold, IssueType};
use jit_core::merge::MERGED;
use jit_core::{Assignee, Issue, IssueId, Label, Priority, State, Timestamp, Value};
use proptest::prelude::*;
use std::collections::BTreeSet;

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_micros(1_769_000_000_000_000 + second * 1_000_000)
}

pub(crate) fn who(name: &str) -> Assignee {
    Assignee::parse(&format!("agent:{name}")).unwrap()
}

pub(crate) fn id(n: u8) -> IssueId {
    IssueId::parse(&format!("k7m2abcd{n:02}")).unwrap()
}

pub(crate) fn key(name: &str) -> GateKey {
    GateKey::parse(name).unwrap()
}

pub(crate) fn issue() -> Issue {
    let mut issue = Issue::new(id(0), "Parse".to_owned(), who("ada"), at(0));
    issue.rev = 1;
    issue.etag = issue.compute_etag();
    issue
}

/// One change that a command could have made, or a hand.
#[derive(Clone, Debug)]
pub(crate) enum Edit {
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

pub(crate) fn any_edit() -> impl Strategy<Value = Edit> {
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
pub(crate) fn edited(from: &Issue, edits: &[Edit], second: u8, by_hand: bool) -> Issue {
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
