//! Owns how text from outside is shown: what could steer a terminal or hide itself is spelled out (security control T1).

use std::fmt::Write as _;

/// Returns `text` on one line, with control, bidirectional and invisible characters written as escapes.
pub fn escape(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for ch in text.chars() {
        match ch {
            '\n' | '\t' => shown.push(' '),
            '\u{1b}' => shown.push('␛'),
            _ if is_hazard(ch) => write!(shown, "\\u{{{:x}}}", u32::from(ch))
                .expect("writing to a string cannot fail"),
            _ => shown.push(ch),
        }
    }
    shown
}

/// Returns `value` as JSON on one line, with every hazardous character written as `\uXXXX`.
pub fn json_text(value: &serde_json::Value) -> String {
    let plain = value.to_string();
    let mut shown = String::with_capacity(plain.len());
    let mut units = [0; 2];
    for ch in plain.chars() {
        if is_hazard(ch) {
            for unit in ch.encode_utf16(&mut units) {
                write!(shown, "\\u{unit:04x}").expect("writing to a string cannot fail");
            }
        } else {
            shown.push(ch);
        }
    }
    shown
}

fn is_hazard(ch: char) -> bool {
    ch.is_control()
        || matches!(ch,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(escape(text), expected);
    }

    #[test]
    fn nothing_that_steers_a_terminal_is_left() {
        check("plain ünïcode 漢字", "plain ünïcode 漢字");
        check("a\u{1b}]52;c;x\u{7}b", "a␛]52;c;x\\u{7}b");
        check("two\nlines\r", "two lines\\u{d}");
        check("\u{9b}31m", "\\u{9b}31m");
        check("\u{202e}txt.exe", "\\u{202e}txt.exe");
        let value = serde_json::json!({ "title": "a\u{202e}b\u{e0041}\u{1b}" });
        let text = json_text(&value);
        assert_eq!(text, r#"{"title":"a\u202eb\udb40\udc41\u001b"}"#);
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text).ok(),
            Some(value)
        );
        check(
            "a\u{200b}b\u{2066}c\u{e0041}",
            "a\\u{200b}b\\u{2066}c\\u{e0041}",
        );
    }
}
