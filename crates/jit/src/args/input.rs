//! Ids and texts that may come from standard input or a file.
//!
//! Owns `-`, `@file`, `@@`, and the lists that are repeated or separated by commas. Refuses to read standard input twice.

use crate::error::CliError;
use jit_core::id::{IdError, IdPrefix};
use jit_core::issue::MAX_TEXT as MAX_REMARK;
use jit_core::{ErrorKind, Value};
use std::cell::Cell;
use std::fs::File;
use std::io::{Read, stdin};

/// Longest text that an argument may bring, in bytes; the rules are stricter.
const MAX_TEXT: u64 = 1024 * 1024;
/// Longest list of ids or renewals, in bytes.
const MAX_LIST: u64 = 16 * 1024 * 1024;
/// Longest file to import, in bytes.
const MAX_IMPORT: u64 = 64 * 1024 * 1024;

/// Standard input, which gives its data once.
#[derive(Debug, Default)]
pub(crate) struct Input {
    is_read: Cell<bool>,
}

impl Input {
    /// Returns the prefixes that the arguments spell; `-` stands for those on standard input, `@file` for those in a file.
    pub(crate) fn ids(&self, arguments: &[String]) -> Result<Vec<IdPrefix>, CliError> {
        let mut ids = Vec::new();
        for argument in arguments {
            if argument == "-" {
                ids.extend(ids_in(&self.stdin(MAX_LIST)?)?);
                continue;
            }
            if let Some(path) = argument.strip_prefix('@') {
                ids.extend(ids_in(&open(path, MAX_LIST)?)?);
                continue;
            }
            for word in argument
                .split(',')
                .map(str::trim)
                .filter(|word| !word.is_empty())
            {
                ids.push(id(word)?);
            }
        }
        if ids.is_empty() {
            return Err(CliError::usage("no issue is named"));
        }
        Ok(ids)
    }

    /// Returns the one prefix that an argument spells.
    pub(crate) fn id(&self, argument: &str) -> Result<IdPrefix, CliError> {
        let mut ids = self.ids(&[argument.to_owned()])?;
        match (ids.pop(), ids.is_empty()) {
            (Some(id), true) => Ok(id),
            _ => Err(CliError::usage("this command takes exactly one issue")),
        }
    }

    /// Returns a text: the argument itself, standard input for `-`, a file for `@file`; `@@` begins a text with `@`.
    pub(crate) fn text(&self, argument: &str) -> Result<String, CliError> {
        if argument == "-" {
            return self.stdin(MAX_TEXT).map(|text| trimmed(&text));
        }
        match argument.strip_prefix('@') {
            None => Ok(argument.to_owned()),
            Some(rest) if rest.starts_with('@') => Ok(rest.to_owned()),
            Some(path) => {
                let text = open(path, MAX_TEXT).map_err(|error| {
                    error.hint(format!("a text that begins with @ is written @@{path}"))
                })?;
                Ok(trimmed(&text))
            }
        }
    }

    /// Returns a text that may be absent.
    pub(crate) fn optional(&self, argument: Option<&str>) -> Result<Option<String>, CliError> {
        argument.map(|argument| self.text(argument)).transpose()
    }

    /// Returns what somebody says beside a change, if anything; as long as a comment at most.
    pub(crate) fn remark(
        &self,
        name: &str,
        argument: Option<&str>,
    ) -> Result<Option<String>, CliError> {
        let text = self.optional(argument)?;
        if text.as_ref().is_some_and(|text| text.len() > MAX_REMARK) {
            let message = format!("{name} can't be longer than {MAX_REMARK} bytes");
            return Err(CliError::new(ErrorKind::InvalidValue, message));
        }
        Ok(text)
    }

    /// Returns the whole of a file to import, or of standard input for `-`.
    pub(crate) fn file(&self, path: &str) -> Result<String, CliError> {
        if path == "-" {
            return self.stdin(MAX_IMPORT);
        }
        open(path, MAX_IMPORT)
    }

    fn stdin(&self, max: u64) -> Result<String, CliError> {
        if self.is_read.replace(true) {
            return Err(CliError::usage(
                "only one argument can be `-`: standard input gives its data once",
            ));
        }
        read(stdin().lock(), "standard input", max)
    }
}

fn open(path: &str, max: u64) -> Result<String, CliError> {
    let file = File::open(path).map_err(|error| CliError::io("read", path, &error))?;
    read(file, path, max)
}

fn read(from: impl Read, name: &str, max: u64) -> Result<String, CliError> {
    let mut bytes = Vec::new();
    from.take(max + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| CliError::io("read", name, &error))?;
    if bytes.len() as u64 > max {
        let message = format!("`{name}` is longer than {max} bytes");
        return Err(CliError::new(ErrorKind::InvalidValue, message));
    }
    String::from_utf8(bytes)
        .map_err(|_| CliError::new(ErrorKind::InvalidValue, format!("`{name}` is not UTF-8")))
}

/// A shell's `echo` ends its text with a line break that nobody means.
fn trimmed(text: &str) -> String {
    text.trim_end_matches(['\n', '\r']).to_owned()
}

/// Reads one prefix. A text that no id can have names no issue.
pub(crate) fn id(text: &str) -> Result<IdPrefix, CliError> {
    IdPrefix::parse(text).map_err(|error| {
        let kind = match error {
            IdError::TooShort(_) | IdError::NotAnId(_) => ErrorKind::NotFound,
        };
        CliError::new(kind, error.to_string())
            .hint("jit issue list")
            .details(Value::object([("id", Value::from(text))]))
    })
}

/// Finds ids in a text: words, a JSON array of ids or of objects with an `id`, or one such object a line.
fn ids_in(text: &str) -> Result<Vec<IdPrefix>, CliError> {
    let is_json = text.trim_start().starts_with(['[', '{']);
    if !is_json {
        let words = text.split(|ch: char| ch.is_whitespace() || ch == ',');
        return words.filter(|word| !word.is_empty()).map(id).collect();
    }
    let mut ids = Vec::new();
    for value in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        let value = value.map_err(|error| {
            CliError::new(
                ErrorKind::InvalidValue,
                format!("standard input is not JSON: {error}"),
            )
        })?;
        match &value {
            Value::Array(items) => {
                for item in items {
                    ids.push(id_of(item)?);
                }
            }
            one => ids.push(id_of(one)?),
        }
    }
    Ok(ids)
}

fn id_of(value: &Value) -> Result<IdPrefix, CliError> {
    let member = value.as_object().and_then(|members| members.get("id"));
    let text = member.unwrap_or(value).as_str();
    let problem = "standard input holds something that is neither an id nor an object with an `id`";
    id(text.ok_or_else(|| CliError::new(ErrorKind::InvalidValue, problem))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_as_words_or_as_json() {
        let check = |text: &str, expected: Option<&[&str]>| {
            let found = ids_in(text).ok();
            let shown: Option<Vec<&str>> = found
                .as_ref()
                .map(|ids| ids.iter().map(IdPrefix::as_str).collect());
            assert_eq!(shown.as_deref(), expected, "{text}");
        };
        check("k7m2 abcd,xyz0\n", Some(&["k7m2", "abcd", "xyz0"]));
        check(r#"["k7m2"]"#, Some(&["k7m2"]));
        check(
            r#"[{"id":"k7m2","title":"x"},{"id":"abcd"}]"#,
            Some(&["k7m2", "abcd"]),
        );
        check(
            "{\"id\":\"k7m2\"}\n{\"id\":\"abcd\"}\n",
            Some(&["k7m2", "abcd"]),
        );
        check("[1]", None);
        check("{", None);
        check("no/t", None);
    }

    #[test]
    fn a_doubled_at_sign_begins_a_text_with_one() {
        let input = Input::default();
        assert_eq!(input.text("@@ada, look").unwrap(), "@ada, look");
        assert_eq!(input.text("plain").unwrap(), "plain");
        assert_eq!(
            input.text("@/nowhere/at/all").unwrap_err().kind,
            ErrorKind::Io
        );
    }
}
