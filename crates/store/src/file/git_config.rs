//! Git's configuration of a clone, as its file says.
//!
//! Owns reading one value of it. Refuses to run git, to follow includes, and to read the configuration of the user or the
//! system.

use super::git_dirs::GitDirs;
use crate::error::{Result, StoreError};
use std::io::{self, Read as _};

/// Longest configuration that is read, in bytes.
const MAX_CONFIG: u64 = 1024 * 1024;

/// Returns the last value of `section.subsection.key` in the configuration of the clone.
pub fn git_setting(
    git: &GitDirs,
    section: &str,
    subsection: &str,
    key: &str,
) -> Result<Option<String>> {
    let path = git.common.join("config");
    let failed = |error| StoreError::at_path("read", path.display().to_string(), error);
    let mut bytes = Vec::new();
    match std::fs::File::open(&path) {
        Ok(file) => file
            .take(MAX_CONFIG)
            .read_to_end(&mut bytes)
            .map_err(failed)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let text = String::from_utf8_lossy(&bytes);
    Ok(value_in(&text, (section, subsection), key))
}

fn value_in(text: &str, section: (&str, &str), key: &str) -> Option<String> {
    let mut is_meant = false;
    let mut found = None;
    for line in text.replace("\\\n", "").lines().map(str::trim) {
        let mut rest = line;
        if let Some(header) = line.strip_prefix('[') {
            let (name, after) = header.split_once(']').unwrap_or((header, ""));
            is_meant = is_section(name, section);
            rest = after.trim();
        }
        let named = rest
            .split_once('=')
            .filter(|(name, _)| is_meant && name.trim().eq_ignore_ascii_case(key));
        if let Some((_, value)) = named {
            found = Some(unquoted(value.trim()));
        }
    }
    found
}

/// The name of a section counts in any case, that of a subsection as it is written between quotes.
fn is_section(name: &str, (section, subsection): (&str, &str)) -> bool {
    let Some((found, rest)) = name.trim().split_once(char::is_whitespace) else {
        return false;
    };
    let inner = rest
        .trim()
        .strip_prefix('"')
        .and_then(|it| it.strip_suffix('"'));
    found.eq_ignore_ascii_case(section) && inner == Some(subsection)
}

/// Takes quotes, escapes and comments out of a value, as git does.
fn unquoted(value: &str) -> String {
    let mut plain = String::new();
    let mut is_quoted = false;
    let mut chars = value.chars();
    while let Some(ch) = chars.next() {
        match ch {
            '"' => is_quoted = !is_quoted,
            '#' | ';' if !is_quoted => break,
            '\\' => match chars.next() {
                Some('n') => plain.push('\n'),
                Some('t') => plain.push('\t'),
                Some('b') => drop(plain.pop()),
                Some(other) => plain.push(other),
                None => {}
            },
            _ => plain.push(ch),
        }
    }
    plain.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_of_a_subsection_counts() {
        let check = |text: &str, expected: Option<&str>| {
            let found = value_in(text, ("merge", "jit"), "driver");
            assert_eq!(found.as_deref(), expected, "{text}");
        };
        let header = "[core]\n\tbare = false\n[merge \"jit\"]\n";
        check(
            &format!("{header}\tdriver = '/a b/jit' x %O\n"),
            Some("'/a b/jit' x %O"),
        );
        check(&format!("{header}driver = a\nDRIVER=b ; c\n"), Some("b"));
        check(
            &format!("{header}driver = \"a \\\"b\\\" # c\"\n"),
            Some("a \"b\" # c"),
        );
        check("[Merge \"jit\"] driver = a\n", Some("a"));
        check("[merge \"JIT\"]\ndriver = a\n", None);
        check("[merge]\ndriver = a\n", None);
        check("[merge \"jit\"\ndriver", None);
    }

    proptest::proptest! {
        #![proptest_config(crate::chance::fixed())]

        #[test]
        fn no_text_makes_the_reader_fail(text: String) {
            drop(value_in(&format!("[merge \"jit\"]\n{text}"), ("merge", "jit"), "driver"));
        }
    }
}
