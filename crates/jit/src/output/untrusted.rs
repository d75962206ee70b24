//! Text that somebody else wrote, made safe to show.
//!
//! Owns the list of characters that a terminal or a reader could be fooled with. Refuses to drop any of them: what is there
//! is shown, as an escape.

use std::fmt::Write as _;

/// Returns whether `ch` could act on a terminal or hide from a reader, line breaks and tabs aside.
pub(crate) fn is_deceptive(ch: char) -> bool {
    match ch {
        // Nearly every character of nearly every text; asked first.
        ' '..='~' | '\n' | '\t' => false,
        // C0, DEL and C1.
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => true,
        // Directions: they reorder what stands around them.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}' => {
            true
        }
        // Characters without a shape.
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' => true,
        '\u{180b}'..='\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' => true,
        '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' => true,
        // Line and paragraph separators, tags, and the selectors that can smuggle bytes.
        '\u{2028}' | '\u{2029}' | '\u{e0000}'..='\u{e0fff}' => true,
        _ => false,
    }
}

/// Returns the text on one line: line breaks and tabs are shown as escapes too.
pub(crate) fn line(text: &str) -> String {
    escape(text, |ch| ch == '\n' || ch == '\t' || is_deceptive(ch))
}

/// Returns the text with its line breaks and tabs.
pub(crate) fn block(text: &str) -> String {
    escape(text, is_deceptive)
}

fn escape(text: &str, is_shown_escaped: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for ch in text.chars() {
        match ch {
            '\n' if is_shown_escaped(ch) => shown.push_str("\\n"),
            '\t' if is_shown_escaped(ch) => shown.push_str("\\t"),
            _ if is_shown_escaped(ch) => shown.extend(ch.escape_unicode()),
            _ => shown.push(ch),
        }
    }
    shown
}

/// Returns a JSON text in which the deceptive characters of its strings are written as `\uXXXX`.
///
/// Outside of its strings a JSON text has no such characters, so none but theirs are replaced.
pub(crate) fn json(text: String) -> String {
    // Most texts are plain, and a long list would be copied character by character for nothing.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n')) {
        return text;
    }
    let mut safe = String::with_capacity(text.len());
    for ch in text.chars() {
        if is_deceptive(ch) {
            for unit in ch.encode_utf16(&mut [0; 2]) {
                write!(safe, "\\u{unit:04x}").expect("writing to a string cannot fail");
            }
        } else {
            safe.push(ch);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    const DECEPTIVE: [char; 22] = [
        '\0',
        '\u{1b}',
        '\r',
        '\u{7}',
        '\u{7f}',
        '\u{85}',
        '\u{9b}',
        '\u{61c}',
        '\u{200b}',
        '\u{200d}',
        '\u{200e}',
        '\u{200f}',
        '\u{202a}',
        '\u{202e}',
        '\u{2028}',
        '\u{2029}',
        '\u{2060}',
        '\u{2066}',
        '\u{2069}',
        '\u{feff}',
        '\u{e0001}',
        '\u{e007f}',
    ];

    #[test]
    fn text_is_shown_with_visible_escapes() {
        let check = |text: &str, on_a_line: &str, in_a_block: &str| {
            assert_eq!(
                (line(text), block(text)),
                (on_a_line.into(), in_a_block.into())
            );
        };
        check("plain äöü 漢字", "plain äöü 漢字", "plain äöü 漢字");
        check(
            "\u{1b}]0;own\u{7}",
            "\\u{1b}]0;own\\u{7}",
            "\\u{1b}]0;own\\u{7}",
        );
        check("a\nb\tc", "a\\nb\\tc", "a\nb\tc");
        check("a\rb", "a\\u{d}b", "a\\u{d}b");
        check("x\u{202e}y", "x\\u{202e}y", "x\\u{202e}y");
    }

    #[test]
    fn nothing_deceptive_passes() {
        for ch in DECEPTIVE {
            assert!(is_deceptive(ch), "{ch:?}");
            let text = format!("a{ch}b");
            assert!(!block(&text).contains(is_deceptive), "{ch:?}");
            assert!(!line(&text).contains(is_deceptive), "{ch:?}");
        }
    }

    #[test]
    fn json_keeps_its_value() {
        for ch in DECEPTIVE {
            let value = serde_json::Value::from(format!("a{ch}\"\\b"));
            let safe = json(value.to_string());
            assert!(!safe.contains(is_deceptive), "{safe}");
            assert_eq!(
                serde_json::from_str::<serde_json::Value>(&safe).unwrap(),
                value
            );
        }
    }
}
