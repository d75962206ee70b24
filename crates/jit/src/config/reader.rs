//! Reading TOML so that every complaint has a line and a column.
//!
//! Owns typed access to sections and the places of faults. Refuses to know any setting.

use crate::args::nearest;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A file that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}:{line}:{column}: {problem}")]
pub(crate) struct ConfigError {
    /// The file.
    pub(crate) name: String,
    /// The line, counted from 1.
    pub(crate) line: usize,
    /// The character in the line, counted from 1.
    pub(crate) column: usize,
    /// What is wrong there.
    pub(crate) problem: String,
}

/// Something wrong at a place of the text.
pub(super) struct Fault {
    span: Range<usize>,
    problem: String,
}

impl Fault {
    /// Returns the fault at these bytes.
    pub(super) fn new(span: Range<usize>, problem: impl Into<String>) -> Self {
        Self {
            span,
            problem: problem.into(),
        }
    }
}

/// The text of a file and its name.
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    pub(super) name: &'a str,
}

impl<'a> Source<'a> {
    /// Reads the text as TOML.
    pub(super) fn parse(&self) -> Result<Spanned<DeTable<'a>>, ConfigError> {
        DeTable::parse(self.text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            self.at(Fault::new(span, error.message().replace('\n', ", ")))
        })
    }

    /// Returns the error that names where the fault is.
    pub(super) fn at(&self, fault: Fault) -> ConfigError {
        let (line, column) = self.place(fault.span.start);
        ConfigError {
            name: self.name.to_owned(),
            line,
            column,
            problem: fault.problem,
        }
    }

    fn place(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (line, column)
    }
}

/// A table of the file.
pub(super) struct Section<'a> {
    table: &'a DeTable<'a>,
}

impl<'a> Section<'a> {
    /// Returns the file as a section.
    pub(super) fn root(document: &'a Spanned<DeTable<'a>>) -> Self {
        Self {
            table: document.get_ref(),
        }
    }

    /// Returns a sentence for every key that is not known.
    pub(super) fn unknown(&self, source: &Source<'_>, known: &[&str]) -> Vec<String> {
        let is_unknown = |key: &&Spanned<_>| !known.contains(&AsRef::<str>::as_ref(key.get_ref()));
        let mut keys: Vec<&Spanned<std::borrow::Cow<'_, str>>> =
            self.table.keys().filter(is_unknown).collect();
        keys.sort_by_key(|key| key.span().start);
        let sentence = |key: &&Spanned<std::borrow::Cow<'_, str>>| {
            let (line, column) = source.place(key.span().start);
            let name = key.get_ref();
            let tip = nearest(name, known.iter().copied());
            let tip = tip
                .map(|tip| format!(" (did you mean `{tip}`?)"))
                .unwrap_or_default();
            format!(
                "{}:{line}:{column}: `{name}` is not a setting{tip}",
                source.name
            )
        };
        keys.iter().map(sentence).collect()
    }

    /// Returns a table in it.
    pub(super) fn section(&self, key: &str) -> Result<Option<Self>, Fault> {
        let found = self.table.get(key);
        found
            .map(|value| {
                let table = value.get_ref().as_table();
                let table = table.ok_or_else(|| wrong_type(key, "a table", value))?;
                Ok(Self { table })
            })
            .transpose()
    }

    /// Returns a text and where it stands.
    pub(super) fn text(&self, key: &str) -> Result<Option<(&'a str, Range<usize>)>, Fault> {
        let found = self.table.get(key);
        found
            .map(|value| {
                let text = value.get_ref().as_str();
                let text = text.ok_or_else(|| wrong_type(key, "a string", value))?;
                Ok((text, value.span()))
            })
            .transpose()
    }

    /// Returns `true` or `false`.
    pub(super) fn truth(&self, key: &str) -> Result<Option<bool>, Fault> {
        let found = self.table.get(key);
        found
            .map(|value| {
                let truth = value.get_ref().as_bool();
                truth.ok_or_else(|| wrong_type(key, "true or false", value))
            })
            .transpose()
    }

    /// Returns a list of texts, each with where it stands; none when it is absent.
    pub(super) fn texts(&self, key: &str) -> Result<Vec<(&'a str, Range<usize>)>, Fault> {
        let Some(value) = self.table.get(key) else {
            return Ok(Vec::new());
        };
        let items = value.get_ref().as_array();
        let items = items.ok_or_else(|| wrong_type(key, "an array", value))?;
        items
            .iter()
            .map(|item| {
                let text = item.get_ref().as_str();
                let text = text.ok_or_else(|| wrong_type(key, "a list of strings", item))?;
                Ok((text, item.span()))
            })
            .collect()
    }
}

fn wrong_type(key: &str, expected: &str, found: &Spanned<DeValue<'_>>) -> Fault {
    let problem = format!(
        "`{key}` must be {expected}, not a {}",
        found.get_ref().type_str()
    );
    Fault::new(found.span(), problem)
}
