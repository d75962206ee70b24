//! A form of `jit`'s texts that is the same in every run.
//!
//! Owns what differs between runs: ids, times, etags, paths, the host. Every replacement has the form of what it replaces,
//! so that a normal text is a realistic sample.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// The time that every normal text shows.
pub(crate) const TIME: &str = "2026-01-31T12:00:00.000000Z";

const INFALLIBLE: &str = "a string takes any text";
const ID_LENGTH: usize = 10;
const COMMENT_ID_LENGTH: usize = 12;
const ETAG_LENGTH: usize = 20;
const EVENT_ID_LENGTH: usize = 26;

/// What has been seen, and what stands for it.
#[derive(Debug)]
pub(crate) struct Normal {
    root: String,
    ids: RefCell<Vec<String>>,
}

impl Normal {
    /// Returns the normal form for a repository.
    pub(crate) fn new(root: &Path) -> Self {
        Self {
            root: root.display().to_string(),
            ids: RefCell::default(),
        }
    }

    /// Remembers an id; the first one becomes `0001abcdef`.
    pub(crate) fn name(&self, id: &str) {
        assert_eq!(id.len(), ID_LENGTH, "{id} is an id");
        self.ids.borrow_mut().push(id.to_owned());
    }

    /// Returns the normal form of a text.
    pub(crate) fn apply(&self, text: &str) -> String {
        let mut text = text.replace(&self.root, "/repo");
        for id in self.ids.borrow().iter() {
            text = text.replace(&format!("/{}/{id}", &id[..2]), &format!("/00/{id}"));
        }
        let text = replace_times(&text);
        let text = after_key(&text, "\"host\":\"", "example-host");
        let text = after_key(&text, "\"cursor\":\"", "cursor-1");
        self.replace_words(&text)
    }

    fn replace_words(&self, text: &str) -> String {
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        let mut normal = String::new();
        let mut word = String::new();
        for ch in text.chars().chain(['\0']) {
            if ch.is_ascii_lowercase() || ch.is_ascii_digit() {
                word.push(ch);
                continue;
            }
            normal.push_str(&self.word(&word, &mut seen));
            word.clear();
            if ch != '\0' {
                normal.push(ch);
            }
        }
        self.replace_short_ids(&normal, text)
    }

    fn word(&self, word: &str, seen: &mut BTreeMap<String, String>) -> String {
        let ids = self.ids.borrow();
        if let Some(place) = ids.iter().position(|id| id == word) {
            return format!("{:04}abcdef", place + 1);
        }
        let is_hex = word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let has_digit = word.bytes().any(|byte| byte.is_ascii_digit());
        let form: fn(usize) -> String = match word.len() {
            ETAG_LENGTH if is_hex => |n| format!("e7a9{n:016}"),
            COMMENT_ID_LENGTH if is_hex && has_digit => |n| format!("c0{n:010}"),
            EVENT_ID_LENGTH if has_digit => |n| format!("01kg0000000000000000{n:06}"),
            _ => return word.to_owned(),
        };
        let n_before = seen
            .keys()
            .filter(|known| known.len() == word.len())
            .count();
        let known = seen.entry(word.to_owned());
        known.or_insert_with(|| form(n_before + 1)).clone()
    }

    /// Short ids are prefixes, which no rule could tell from words; but they stand behind their name.
    fn replace_short_ids(&self, normal: &str, original: &str) -> String {
        const KEY: &str = "\"short_id\":\"";
        let shorts: Vec<&str> = original
            .match_indices(KEY)
            .filter_map(|(at, _)| original[at + KEY.len()..].split('"').next())
            .collect();
        let mut pieces = normal.split(KEY);
        let mut result = pieces.next().unwrap_or_default().to_owned();
        for (piece, short) in pieces.zip(shorts) {
            let ids = self.ids.borrow();
            let place = ids.iter().position(|id| id.starts_with(short));
            let place = place.unwrap_or_else(|| panic!("{short} begins no id that the test knows"));
            let rest = piece.split_once('"').map_or("", |(_, rest)| rest);
            write!(result, "{KEY}{:04}\"{rest}", place + 1).expect(INFALLIBLE);
        }
        result
    }
}

/// Replaces every time of the form that `jit` writes.
fn replace_times(text: &str) -> String {
    let is_time = |candidate: &str| {
        candidate.is_ascii()
            && candidate.bytes().zip(TIME.bytes()).all(|(byte, like)| {
                byte == like || (byte.is_ascii_digit() && like.is_ascii_digit())
            })
    };
    let mut normal = String::new();
    let mut rest = text;
    while let Some(ch) = rest.chars().next() {
        let candidate = rest.get(..TIME.len());
        if candidate.is_some_and(is_time) {
            normal.push_str(TIME);
            rest = &rest[TIME.len()..];
        } else {
            normal.push(ch);
            rest = &rest[ch.len_utf8()..];
        }
    }
    normal
}

/// Replaces the text behind a key.
fn after_key(text: &str, key: &str, value: &str) -> String {
    let mut pieces = text.split(key);
    let mut normal = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let rest = piece.split_once('"').map_or("", |(_, rest)| rest);
        write!(normal, "{key}{value}\"{rest}").expect(INFALLIBLE);
    }
    normal
}

#[test]
fn a_normal_text_is_the_same_in_every_run() {
    let normal = Normal::new(Path::new("/tmp/x/repo"));
    normal.name("k7m2q9x3va");
    let text = r#"{"at":"2026-11-22T19:41:31.324072Z","id":"k7m2q9x3va","etag":"c3075a068b9122de0c2b","short_id":"k7m2"} /tmp/x/repo/.jit"#;
    let expected = r#"{"at":"2026-01-31T12:00:00.000000Z","id":"0001abcdef","etag":"e7a90000000000000001","short_id":"0001"} /repo/.jit"#;
    assert_eq!(normal.apply(text), expected);
}
