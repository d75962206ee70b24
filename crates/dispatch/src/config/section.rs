//! Owns the reading of one TOML table with its places: typed values out, complaints with file, line and column.
//! Refuses to know any key by itself.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{ConfigError, Warning};

/// A file's text and what was found odd in it.
pub(super) struct Document<'a> {
    name: &'a str,
    text: &'a str,
    warnings: RefCell<Vec<(usize, Warning)>>,
}

impl<'a> Document<'a> {
    pub(super) fn new(name: &'a str, text: &'a str) -> Self {
        Self {
            name,
            text,
            warnings: RefCell::default(),
        }
    }

    /// Returns `file:line:column` of the byte at `offset`.
    fn place(&self, offset: usize) -> String {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        format!("{}:{line}:{column}", self.name)
    }

    pub(super) fn invalid(&self, span: &Range<usize>, message: impl Into<String>) -> ConfigError {
        ConfigError::Invalid {
            place: self.place(span.start),
            message: message.into(),
        }
    }

    pub(super) fn warn(&self, span: &Range<usize>, text: String) {
        let place = self.place(span.start);
        self.warnings
            .borrow_mut()
            .push((span.start, Warning { place, text }));
    }

    pub(super) fn into_warnings(self) -> Vec<Warning> {
        let mut warnings = self.warnings.into_inner();
        warnings.sort_by_key(|(offset, _)| *offset);
        warnings.into_iter().map(|(_, warning)| warning).collect()
    }
}

/// One table, which remembers the keys that were asked for so that the others can be named.
pub(super) struct Section<'a, 'i> {
    document: &'a Document<'a>,
    name: &'static str,
    table: &'a DeTable<'i>,
    span: Range<usize>,
    asked: RefCell<BTreeSet<&'static str>>,
}

type Value<'a, 'i> = &'a Spanned<DeValue<'i>>;

impl<'a, 'i> Section<'a, 'i> {
    pub(super) fn new(
        document: &'a Document<'a>,
        name: &'static str,
        table: &'a DeTable<'i>,
        span: Range<usize>,
    ) -> Self {
        Self {
            document,
            name,
            table,
            span,
            asked: RefCell::default(),
        }
    }

    /// Returns a complaint about the section as a whole.
    pub(super) fn invalid(&self, message: impl Into<String>) -> ConfigError {
        self.document.invalid(&self.span, message)
    }

    /// Returns a complaint about the value of `key`, or about the section if the key is not there.
    pub(super) fn invalid_key(&self, key: &str, message: impl Into<String>) -> ConfigError {
        let span = self
            .table
            .get(key)
            .map_or_else(|| self.span.clone(), Spanned::span);
        self.document.invalid(&span, message)
    }

    fn value(&self, key: &'static str) -> Option<Value<'a, 'i>> {
        self.asked.borrow_mut().insert(key);
        self.table.get(key)
    }

    fn mismatch(&self, key: &str, value: Value<'a, 'i>, expected: &str) -> ConfigError {
        let found = value.get_ref().type_str();
        self.document.invalid(
            &value.span(),
            format!("`{key}` must be {expected}, not {found}"),
        )
    }

    pub(super) fn string(&self, key: &'static str) -> Result<Option<String>, ConfigError> {
        let Some(value) = self.value(key) else {
            return Ok(None);
        };
        let text = value
            .get_ref()
            .as_str()
            .ok_or_else(|| self.mismatch(key, value, "a string"))?;
        Ok(Some(text.to_owned()))
    }

    pub(super) fn boolean(&self, key: &'static str) -> Result<Option<bool>, ConfigError> {
        let Some(value) = self.value(key) else {
            return Ok(None);
        };
        let flag = value
            .get_ref()
            .as_bool()
            .ok_or_else(|| self.mismatch(key, value, "true or false"))?;
        Ok(Some(flag))
    }

    /// Returns a whole number that is not negative.
    pub(super) fn count(&self, key: &'static str) -> Result<Option<u32>, ConfigError> {
        let Some(value) = self.value(key) else {
            return Ok(None);
        };
        let expected = "a whole number from 0 to 4294967295";
        let integer = value
            .get_ref()
            .as_integer()
            .ok_or_else(|| self.mismatch(key, value, expected))?;
        let number = u32::from_str_radix(integer.as_str(), integer.radix()).map_err(|_| {
            self.document
                .invalid(&value.span(), format!("`{key}` must be {expected}"))
        })?;
        Ok(Some(number))
    }

    /// Returns a number that is not negative, whole or not.
    pub(super) fn number(&self, key: &'static str) -> Result<Option<f64>, ConfigError> {
        let Some(value) = self.value(key) else {
            return Ok(None);
        };
        let text = match value.get_ref() {
            DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str(),
            DeValue::Float(float) => float.as_str(),
            _ => return Err(self.mismatch(key, value, "a number")),
        };
        let number: f64 = text
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite() && *number >= 0.0)
            .ok_or_else(|| {
                self.document.invalid(
                    &value.span(),
                    format!("`{key}` must be a number that is not negative"),
                )
            })?;
        Ok(Some(number))
    }

    /// Returns a span of time that is written in seconds.
    pub(super) fn secs(&self, key: &'static str) -> Result<Option<Duration>, ConfigError> {
        let Some(number) = self.number(key)? else {
            return Ok(None);
        };
        let longest = 100.0 * 365.0 * 86_400.0;
        if number > longest {
            return Err(self.invalid_key(key, format!("`{key}` is longer than a hundred years")));
        }
        Ok(Some(Duration::from_secs_f64(number)))
    }

    pub(super) fn strings(&self, key: &'static str) -> Result<Option<Vec<String>>, ConfigError> {
        let Some(value) = self.value(key) else {
            return Ok(None);
        };
        let expected = "an array of strings";
        let array = value
            .get_ref()
            .as_array()
            .ok_or_else(|| self.mismatch(key, value, expected))?;
        let texts = array
            .iter()
            .map(|item| {
                item.get_ref()
                    .as_str()
                    .map(str::to_owned)
                    .ok_or_else(|| self.mismatch(key, item, expected))
            })
            .collect::<Result<_, _>>()?;
        Ok(Some(texts))
    }

    pub(super) fn is_array(&self, key: &str) -> bool {
        self.table
            .get(key)
            .is_some_and(|value| value.get_ref().is_array())
    }

    /// Returns a table of strings.
    pub(super) fn string_map(
        &self,
        key: &'static str,
    ) -> Result<BTreeMap<String, String>, ConfigError> {
        let Some(value) = self.value(key) else {
            return Ok(BTreeMap::new());
        };
        let expected = "a table of strings";
        let table = value
            .get_ref()
            .as_table()
            .ok_or_else(|| self.mismatch(key, value, expected))?;
        table
            .iter()
            .map(|(name, item)| {
                let text = item
                    .get_ref()
                    .as_str()
                    .ok_or_else(|| self.mismatch(key, item, expected))?;
                Ok((name.get_ref().to_string(), text.to_owned()))
            })
            .collect()
    }

    pub(super) fn table(&self, key: &'static str) -> Result<Option<Self>, ConfigError> {
        let Some(value) = self.value(key) else {
            return Ok(None);
        };
        let table = value
            .get_ref()
            .as_table()
            .ok_or_else(|| self.mismatch(key, value, "a table"))?;
        Ok(Some(Self::new(self.document, key, table, value.span())))
    }

    /// Returns the tables of `[[key]]`.
    pub(super) fn tables(&self, key: &'static str) -> Result<Vec<Self>, ConfigError> {
        let Some(value) = self.value(key) else {
            return Ok(Vec::new());
        };
        let expected = format!("written as [[{key}]]");
        let array = value
            .get_ref()
            .as_array()
            .ok_or_else(|| self.mismatch(key, value, &expected))?;
        array
            .iter()
            .map(|item| {
                let table = item
                    .get_ref()
                    .as_table()
                    .ok_or_else(|| self.mismatch(key, item, &expected))?;
                Ok(Self::new(self.document, key, table, item.span()))
            })
            .collect()
    }

    /// Warns about each key that nobody asked for; `later` are known keys that this version does not act upon.
    pub(super) fn finish(&self, later: &[&'static str], strict: bool) -> Result<(), ConfigError> {
        let asked = self.asked.borrow();
        for key in self.table.keys() {
            let (name, span) = (key.get_ref().as_ref(), key.span());
            if asked.contains(name) {
                continue;
            }
            if later.contains(&name) {
                self.document.warn(
                    &span,
                    format!("`{name}` is not supported by this version and has no effect"),
                );
                continue;
            }
            let text = self.unknown(name, asked.iter().chain(later));
            if strict {
                return Err(self.document.invalid(&span, text));
            }
            self.document.warn(&span, text);
        }
        Ok(())
    }

    fn unknown<'k>(&self, name: &str, known: impl Iterator<Item = &'k &'static str>) -> String {
        let within = if self.name.is_empty() {
            String::new()
        } else {
            format!(" in `{}`", self.name)
        };
        let nearest = known
            .map(|key| (strsim::damerau_levenshtein(name, key), *key))
            .min()
            .filter(|(distance, key)| *distance <= key.len().div_ceil(2).min(4));
        let guess = nearest
            .map(|(_, key)| format!("; did you mean `{key}`?"))
            .unwrap_or_default();
        format!("unknown key `{name}`{within}{guess}")
    }
}
