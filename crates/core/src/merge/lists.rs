//! The lists of an issue whose elements have names: comments, criteria, documents; and the results of its gates.
//!
//! Owns what becomes of an element that both sides touched. Refuses to lose one that a side has added.

use super::rules::{Open, Three, merge_sets};
use crate::Value;
use crate::fields::item_to_value;
use crate::gate::{GateKey, GateResult, GateStatus};
use crate::issue::ChecklistItem;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// How the elements of a list are told apart and shown.
pub(super) struct Naming<T> {
    pub(super) field: &'static str,
    pub(super) name: fn(&T) -> &str,
    pub(super) to_value: fn(&T) -> Value,
}

/// The elements of a list by name; those that share one, which only a hand can have made, are counted.
fn by_name<T>(items: &[T], name: fn(&T) -> &str) -> BTreeMap<(&str, usize), &T> {
    let mut found = BTreeMap::new();
    let mut n_seen: BTreeMap<&str, usize> = BTreeMap::new();
    for item in items {
        let count = n_seen.entry(name(item)).or_default();
        found.insert((name(item), *count), item);
        *count += 1;
    }
    found
}

/// Merges two lists element by element; one that both sides changed to something else is a conflict.
///
/// An element that one side changed and the other one removed stays.
pub(super) fn merge_lists<T: Clone + PartialEq>(
    three: Three<'_, Vec<T>>,
    naming: &Naming<T>,
    open: &mut Open,
) -> Vec<T> {
    if let Some(list) = three.settled() {
        return list.clone();
    }
    let [base, ours, theirs] =
        [three.base, three.ours, three.theirs].map(|items| by_name(items, naming.name));
    let names: BTreeSet<_> = ours.keys().chain(theirs.keys()).copied().collect();
    let mut merged = Vec::new();
    for name in names {
        let [base, ours, theirs] = [&base, &ours, &theirs].map(|side| side.get(&name).copied());
        let sides = Three {
            base: &base,
            ours: &ours,
            theirs: &theirs,
        };
        if let Some(item) = sides.settled() {
            merged.extend(item.cloned());
            continue;
        }
        if let (Some(ours), Some(theirs)) = (ours, theirs) {
            let place = [naming.field.to_owned(), name.0.to_owned()];
            let value = |item| Some((naming.to_value)(item));
            open.note(&place, base.and_then(value), [value(ours), value(theirs)]);
        }
        merged.extend(ours.or(theirs).cloned());
    }
    merged
}

/// Merges two checklists. Their ids are counted, so two new criteria may have one: then one of them is counted anew.
pub(super) fn merge_checklists(
    three: Three<'_, Vec<ChecklistItem>>,
    open: &mut Open,
) -> Vec<ChecklistItem> {
    if let Some(list) = three.settled() {
        return list.clone();
    }
    let name: fn(&ChecklistItem) -> &str = |item| &item.id;
    let [base, ours, theirs] =
        [three.base, three.ours, three.theirs].map(|items| by_name(items, name));
    let names: BTreeSet<_> = ours.keys().chain(theirs.keys()).copied().collect();
    let (mut merged, mut new): (Vec<ChecklistItem>, Vec<ChecklistItem>) = (Vec::new(), Vec::new());
    for name in names {
        let [base, ours, theirs] = [&base, &ours, &theirs].map(|side| side.get(&name).copied());
        match (base, ours, theirs) {
            (Some(base), Some(ours), Some(theirs)) => {
                let sides = Three { base, ours, theirs };
                merged.push(merge_criteria(sides, open));
            }
            (Some(base), left, right) => {
                let changed = left.or(right).filter(|item| *item != base);
                merged.extend(changed.cloned());
            }
            (None, ours, theirs) => {
                for item in ours.into_iter().chain(theirs) {
                    add_new(&mut new, item);
                }
            }
        }
    }
    new.sort_by(|left, right| order(left).cmp(&order(right)));
    for mut item in new {
        if merged.iter().any(|known| known.id == item.id) {
            item.id = next_id(&merged);
        }
        merged.push(item);
    }
    merged.sort_by(|left, right| order(left).cmp(&order(right)));
    merged
}

/// Merges a criterion that all versions have: its text, and whether it holds.
fn merge_criteria(three: Three<'_, ChecklistItem>, open: &mut Open) -> ChecklistItem {
    let texts = three.map(|item| &item.text);
    let text = texts.settled().unwrap_or_else(|| {
        let place = ["checklist".to_owned(), three.base.id.clone()];
        let [base, ours, theirs] =
            [three.base, three.ours, three.theirs].map(|item| Some(item_to_value(item)));
        open.note(&place, base, [ours, theirs]);
        texts.ours
    });
    let done = three.map(|item| &item.done).settled();
    ChecklistItem {
        id: three.base.id.clone(),
        text: text.clone(),
        done: *done.expect("of three truths two are the same"),
    }
}

/// Adds a new criterion; one that both sides have added is done when both say so.
fn add_new(new: &mut Vec<ChecklistItem>, item: &ChecklistItem) {
    let is_twin = |known: &&mut ChecklistItem| known.id == item.id && known.text == item.text;
    match new.iter_mut().find(is_twin) {
        Some(twin) => twin.done &= item.done,
        None => new.push(item.clone()),
    }
}

/// Counted ids in the order of counting, then all others.
fn order(item: &ChecklistItem) -> (bool, u64, &str, &str, bool) {
    let number = item.id.parse().ok();
    (
        number.is_none(),
        number.unwrap_or(0),
        &item.id,
        &item.text,
        item.done,
    )
}

fn next_id(items: &[ChecklistItem]) -> String {
    let numbers = items.iter().filter_map(|item| item.id.parse::<u64>().ok());
    let mut next = numbers.max().unwrap_or(0).saturating_add(1);
    while items.iter().any(|item| item.id == next.to_string()) {
        next = next.wrapping_add(1);
    }
    next.to_string()
}

/// Merges the required gates as a set, and where each stands: a failure counts more than a pass, a pass more than nothing.
pub(super) fn merge_gate_results(
    three: Three<'_, BTreeMap<GateKey, GateResult>>,
) -> BTreeMap<GateKey, GateResult> {
    if let Some(gates) = three.settled() {
        return gates.clone();
    }
    let keys = |side: &BTreeMap<GateKey, GateResult>| side.keys().cloned().collect();
    let [base, ours, theirs]: [BTreeSet<GateKey>; 3] =
        [three.base, three.ours, three.theirs].map(keys);
    let required = merge_sets(Three {
        base: &base,
        ours: &ours,
        theirs: &theirs,
    });
    let result = |key: &GateKey| {
        let [base, ours, theirs] = [three.base, three.ours, three.theirs].map(|side| side.get(key));
        let sides = Three {
            base: &base,
            ours: &ours,
            theirs: &theirs,
        };
        let settled = sides.settled().copied().flatten();
        settled.or_else(|| ours.into_iter().chain(theirs).max_by_key(|it| weight(it)))
    };
    required
        .into_iter()
        .filter_map(|key| result(&key).cloned().map(|result| (key, result)))
        .collect()
}

/// What counts more is greater: the status, then the later decision, then anything that tells two of them apart.
fn weight(result: &GateResult) -> impl Ord + use<> {
    let rank = match result.status {
        GateStatus::Pending => 0,
        GateStatus::Passed => 1,
        GateStatus::Failed => 2,
    };
    let by = result.by.as_ref().map(|by| Reverse(by.to_string()));
    (rank, result.at, by, result.note.clone(), result.run.clone())
}
