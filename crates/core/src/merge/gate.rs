//! The merge of two versions of a gate's definition.
//!
//! Owns its one rule: the texts by themselves, and of all else no half-and-half. Refuses to make a gate that nobody wrote, since a checker
//! is a program that will run.

use super::Irreconcilable;
use super::rules::Three;
use super::text::merge_lines;
use crate::fields::Fields;
use crate::issue::MAX_DESCRIPTION;
use crate::{GateDefinition, Value};
use std::collections::BTreeSet;

/// Merges two versions of a definition that were made from `base`, or that nobody knows a common version of.
///
/// Title and description merge by themselves; all that says what the gate does comes from one side.
pub fn merge_gates(
    base: Option<&GateDefinition>,
    ours: &GateDefinition,
    theirs: &GateDefinition,
) -> Result<GateDefinition, Irreconcilable> {
    if ours.key != theirs.key {
        return Err(Irreconcilable::OtherRecord { field: "key" });
    }
    let (ours, theirs) = in_order(ours.to_fields(), theirs.to_fields());
    let base = base.map(GateDefinition::to_fields).unwrap_or_default();
    let mut open = BTreeSet::new();
    let [works_base, works_ours, works_theirs] = [&base, &ours, &theirs].map(works);
    let works = Three {
        base: &works_base,
        ours: &works_ours,
        theirs: &works_theirs,
    };
    let mut merged = works.settled().cloned().unwrap_or_else(|| {
        open.extend(differing(&works_ours, &works_theirs));
        Fields::new()
    });
    for name in TEXTS {
        let sides = [&base, &ours, &theirs].map(|fields| fields.get(name));
        match merge_text(name, sides) {
            Some(text) => drop(merged.insert(name.to_owned(), text)),
            None => drop(open.insert(name.to_owned())),
        }
    }
    if open.is_empty() {
        return Ok(GateDefinition::from_fields(merged).expect("each field was read on a side"));
    }
    let fields = open.into_iter().collect();
    Err(Irreconcilable::Gate { fields })
}

/// The fields that say nothing about what the gate does.
const TEXTS: [&str; 2] = ["title", "description"];

/// Returns the fields that say what the gate does.
fn works(fields: &Fields) -> Fields {
    let does = fields
        .iter()
        .filter(|(name, _)| !TEXTS.contains(&name.as_str()));
    does.map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn differing<'a>(ours: &'a Fields, theirs: &'a Fields) -> impl Iterator<Item = String> + 'a {
    let names = ours.keys().chain(theirs.keys());
    names
        .filter(|name| ours.get(*name) != theirs.get(*name))
        .cloned()
}

/// Returns the sides in an order that does not depend on who merges.
fn in_order(one: Fields, other: Fields) -> (Fields, Fields) {
    let hash = |fields: &Fields| {
        let mut hasher = blake3::Hasher::new();
        Value::Object(fields.clone()).hash_into(&mut hasher);
        *hasher.finalize().as_bytes()
    };
    if hash(&one) >= hash(&other) {
        (one, other)
    } else {
        (other, one)
    }
}

fn merge_text(name: &str, [base, ours, theirs]: [Option<&Value>; 3]) -> Option<Value> {
    let three = Three {
        base: &base,
        ours: &ours,
        theirs: &theirs,
    };
    if let Some(settled) = three.settled() {
        return Some(settled.cloned().unwrap_or_default());
    }
    if name != "description" {
        return None;
    }
    let base = base.and_then(Value::as_str).unwrap_or_default();
    let merged = merge_lines(base, ours?.as_str()?, theirs?.as_str()?)?;
    (merged.len() <= MAX_DESCRIPTION).then(|| merged.into())
}
