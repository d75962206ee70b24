//! The rules that know no field: one value, a set, a map of values.
//!
//! Owns what "both sides changed it" means, and how a path names a value within a field. Refuses to know an issue.

use super::Conflict;
use crate::Value;
use crate::fields::Fields;
use std::collections::{BTreeMap, BTreeSet};

/// Three versions of one thing.
#[derive(Debug)]
pub(super) struct Three<'a, T: ?Sized> {
    pub(super) base: &'a T,
    pub(super) ours: &'a T,
    pub(super) theirs: &'a T,
}

impl<T: ?Sized> Clone for Three<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Three<'_, T> {}

impl<'a, T: ?Sized> Three<'a, T> {
    /// Returns the three versions of a part.
    pub(super) fn map<U: ?Sized>(self, part: impl Fn(&'a T) -> &'a U) -> Three<'a, U> {
        Three {
            base: part(self.base),
            ours: part(self.ours),
            theirs: part(self.theirs),
        }
    }
}

impl<'a, T: PartialEq + ?Sized> Three<'a, T> {
    /// Returns the version that counts when the sides agree or only one of them moved.
    pub(super) fn settled(self) -> Option<&'a T> {
        if self.ours == self.theirs || self.theirs == self.base {
            Some(self.ours)
        } else if self.ours == self.base {
            Some(self.theirs)
        } else {
            None
        }
    }
}

/// Merges two sets: what both kept, and what either added.
pub(super) fn merge_sets<T: Ord + Clone>(three: Three<'_, BTreeSet<T>>) -> BTreeSet<T> {
    let is_kept = |item: &T| {
        let n_sides = [three.ours, three.theirs].map(|side| usize::from(side.contains(item)));
        n_sides[0] + n_sides[1] == 2 || !three.base.contains(item)
    };
    let all = three.ours.union(three.theirs);
    all.filter(|item| is_kept(item)).cloned().collect()
}

/// A value within a record, as the steps to it.
pub type Place = Vec<String>;

/// Returns the path in one text, with the separator escaped as JSON pointers do.
pub(super) fn path_of(place: &[String]) -> String {
    let parts = place
        .iter()
        .map(|part| part.replace('~', "~0").replace('/', "~1"));
    parts.collect::<Vec<_>>().join("/")
}

fn place_of(path: &str) -> Place {
    let part = |part: &str| part.replace("~1", "/").replace("~0", "~");
    path.split('/').map(part).collect()
}

/// Collects what could not be decided.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) versions: [String; 2],
    pub(super) conflicts: Vec<Conflict>,
}

impl Open {
    /// Notes that both sides say something else.
    pub(super) fn note(
        &mut self,
        place: &[String],
        base: Option<Value>,
        [ours, theirs]: [Option<Value>; 2],
    ) {
        self.conflicts.push(Conflict {
            field: path_of(place),
            base,
            ours,
            theirs,
            versions: self.versions.clone(),
        });
    }
}

/// Merges two maps of values key by key; objects in them likewise.
pub(super) fn merge_maps(three: Three<'_, Fields>, place: &mut Place, open: &mut Open) -> Fields {
    let empty = Fields::new();
    let names: BTreeSet<&String> = three.ours.keys().chain(three.theirs.keys()).collect();
    let mut merged = Fields::new();
    for name in names {
        let (base, ours, theirs) = (
            three.base.get(name),
            three.ours.get(name),
            three.theirs.get(name),
        );
        let sides = Three {
            base: &base,
            ours: &ours,
            theirs: &theirs,
        };
        if let Some(value) = sides.settled() {
            merged.extend(value.map(|value| (name.clone(), value.clone())));
            continue;
        }
        place.push(name.clone());
        let value = match (ours, theirs) {
            (Some(Value::Object(ours)), Some(Value::Object(theirs))) => {
                let base = base.and_then(Value::as_object).unwrap_or(&empty);
                Value::Object(merge_maps(Three { base, ours, theirs }, place, open))
            }
            (ours, theirs) => {
                open.note(place, base.cloned(), [ours.cloned(), theirs.cloned()]);
                let stands = ours.or(theirs);
                stands.expect("one of them has the name").clone()
            }
        };
        place.pop();
        merged.insert(name.clone(), value);
    }
    merged
}

/// Puts a value where a path of a conflict points, or removes what stands there; returns whether the path led anywhere.
pub fn set_place(fields: &mut Fields, path: &str, value: Option<Value>) -> bool {
    let place = place_of(path);
    let Some((last, above)) = place.split_last() else {
        return false;
    };
    let Some((first, rest)) = above.split_first() else {
        return set_member(fields, last, value);
    };
    match fields.get_mut(first) {
        Some(Value::Array(items)) if rest.is_empty() => set_element(items, last, value),
        Some(Value::Object(members)) => {
            let mut members: &mut BTreeMap<String, Value> = members;
            for name in rest {
                let Some(Value::Object(inner)) = members.get_mut(name) else {
                    return false;
                };
                members = inner;
            }
            set_member(members, last, value)
        }
        _ => false,
    }
}

fn set_member(members: &mut Fields, name: &str, value: Option<Value>) -> bool {
    match value {
        Some(value) => drop(members.insert(name.to_owned(), value)),
        None => drop(members.remove(name)),
    }
    true
}

/// Elements of a list are known by their id, documents by their path.
fn set_element(items: &mut Vec<Value>, key: &str, value: Option<Value>) -> bool {
    let is_meant = |item: &Value| {
        let members = item.as_object();
        let name = members.and_then(|members| members.get("id").or_else(|| members.get("path")));
        name.and_then(Value::as_str) == Some(key)
    };
    let found = items.iter().position(is_meant);
    match (found, value) {
        (Some(place), Some(value)) => items[place] = value,
        (Some(place), None) => drop(items.remove(place)),
        (None, Some(value)) => items.push(value),
        (None, None) => return false,
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_back_to_its_place() {
        let check = |parts: &[&str], expected: &str| {
            let place: Place = parts.iter().map(|part| (*part).to_owned()).collect();
            assert_eq!(path_of(&place), expected);
            assert_eq!(place_of(expected), place);
        };
        check(&["title"], "title");
        check(&["context", "a/b", "~1"], "context/a~1b/~01");
    }

    #[test]
    fn a_value_is_set_where_its_path_points() {
        let item = |text: &str| Value::object([("id", Value::from("1")), ("text", text.into())]);
        let mut fields = Fields::from([
            ("title".to_owned(), "t".into()),
            (
                "context".to_owned(),
                Value::object([("a", Value::from(1_u64))]),
            ),
            ("comments".to_owned(), Value::Array(vec![item("x")])),
        ]);
        assert!(set_place(&mut fields, "title", Some("u".into())));
        assert!(set_place(&mut fields, "context/a", None));
        assert!(set_place(&mut fields, "context/b", Some(Value::Null)));
        assert!(set_place(&mut fields, "comments/1", Some(item("y"))));
        assert!(!set_place(&mut fields, "nothing/here", Some(Value::Null)));
        let expected = Fields::from([
            ("title".to_owned(), "u".into()),
            ("context".to_owned(), Value::object([("b", Value::Null)])),
            ("comments".to_owned(), Value::Array(vec![item("y")])),
        ]);
        assert_eq!(fields, expected);
    }
}
