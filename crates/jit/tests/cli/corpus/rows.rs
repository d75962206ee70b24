//! The kinds of damage, one row each.
//!
//! Owns what is done to the store, and what must come of it.

mod content;
mod kind;
mod meaning;
mod surroundings;

use super::lab::{Ids, Lab, file};

/// What `validate --fix` does about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fix {
    /// It is mended.
    Mended,
    /// It is left as it is, and still named.
    Person,
    /// Nothing can be written in this store: the exit code.
    Refused(i32),
}

/// What the commands that read do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    /// They show everything that is healthy.
    Healthy,
    /// They refuse, with this exit code; `validate` names why.
    Refused(i32),
    /// They refuse, and `validate` with them.
    Nothing(i32),
}

/// One kind of damage.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) damage: fn(&Lab),
    /// The code that must be among the findings.
    pub(crate) code: &'static str,
    /// The issues that can't be shown.
    pub(crate) hidden: fn(&Ids) -> Vec<String>,
    /// The issues that are shown, but not ready any more.
    pub(crate) unready: fn(&Ids) -> Vec<String>,
    pub(crate) reads: Reads,
    pub(crate) fix: Fix,
}

fn none(_: &Ids) -> Vec<String> {
    Vec::new()
}

fn docs(ids: &Ids) -> Vec<String> {
    vec![ids.docs.clone()]
}

fn parser(ids: &Ids) -> Vec<String> {
    vec![ids.parser.clone()]
}

fn row(name: &'static str, code: &'static str, fix: Fix, damage: fn(&Lab)) -> Row {
    Row {
        name,
        damage,
        code,
        hidden: none,
        unready: none,
        reads: Reads::Healthy,
        fix,
    }
}

/// A row about the file of the documentation, which can't be read then.
fn broken(name: &'static str, fix: Fix, damage: fn(&Lab)) -> Row {
    Row {
        hidden: docs,
        ..row(name, "unreadable_issue", fix, damage)
    }
}

/// Writes this into the file of the documentation.
fn overwrite(lab: &Lab, content: impl AsRef<[u8]>) {
    lab.write(&file(&lab.ids.docs), content);
}

/// Changes the text of the file of the documentation.
fn replace(lab: &Lab, change: impl FnOnce(String) -> String) {
    let path = file(&lab.ids.docs);
    let text = String::from_utf8(lab.read(&path)).unwrap();
    lab.write(&path, change(text));
}

/// Puts something else in the place of the file of the documentation.
fn instead(lab: &Lab, make: impl FnOnce(&std::path::Path)) {
    let path = file(&lab.ids.docs);
    lab.remove(&path);
    make(&lab.path(&path));
}

/// Returns every row.
pub(crate) fn rows() -> Vec<Row> {
    let mut rows = content::rows();
    rows.extend(kind::rows());
    rows.extend(meaning::rows());
    rows.extend(surroundings::rows());
    rows
}
