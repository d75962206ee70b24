//! The one door of xtask to the terminal.
//!
//! Owns plain lines on both streams and the escaping of text that somebody else wrote. Refuses to decide what is said.

use std::io::{self, Write as _};

/// Writes a line to standard output.
#[expect(clippy::print_stdout, reason = "this module is the output room")]
pub(crate) fn line(text: &str) {
    println!("{text}");
    // A block-buffered stream would show the progress of a demo only at its end.
    drop(io::stdout().flush());
}

/// Writes a line to standard error.
#[expect(clippy::print_stderr, reason = "this module is the output room")]
pub(crate) fn talk(text: &str) {
    eprintln!("{text}");
}

/// Returns `text` with every control, bidirectional and invisible character spelled out.
pub(crate) fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0x061C | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x2069 | 0xFEFF | 0xE0000..=0xE007F)
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn text_of_others_cannot_steer_the_terminal() {
        let rows = [
            ("Implement parser", "Implement parser"),
            ("a\u{1b}[2Jb", "a\\u{1b}[2Jb"),
            ("\u{202e}txt", "\\u{202e}txt"),
            ("tab\there", "tab\\u{9}here"),
        ];
        for (given, shown) in rows {
            assert_eq!(plain(given), shown);
        }
    }
}
