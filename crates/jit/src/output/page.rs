//! A text for people, built of pieces that are safe by construction.
//!
//! Owns the rule that nothing enters a page but through the escapes of `untrusted`. Refuses to know what is written on it.

use super::color::Style;
use super::untrusted;

/// A text for people; colours are decided when it is rendered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Page {
    pieces: Vec<(Style, String)>,
}

impl Page {
    /// Appends text that belongs on one line.
    pub(crate) fn text(&mut self, style: Style, text: &str) -> &mut Self {
        self.pieces.push((style, untrusted::line(text)));
        self
    }

    /// Appends plain text that belongs on one line.
    pub(crate) fn plain(&mut self, text: &str) -> &mut Self {
        self.text(Style::Plain, text)
    }

    /// Ends the line.
    pub(crate) fn end(&mut self) -> &mut Self {
        self.pieces.push((Style::Plain, "\n".to_owned()));
        self
    }

    /// Appends text of several lines, each indented, the last one ended.
    pub(crate) fn block(&mut self, indent: &str, text: &str) -> &mut Self {
        for line in untrusted::block(text.trim_end()).lines() {
            self.pieces
                .push((Style::Plain, format!("{indent}{line}\n")));
        }
        self
    }

    /// Appends another page.
    pub(crate) fn append(&mut self, other: Self) -> &mut Self {
        self.pieces.extend(other.pieces);
        self
    }

    /// Returns the page with or without colours.
    pub(crate) fn render(&self, is_colored: bool) -> String {
        let mut rendered = String::new();
        for (style, text) in &self.pieces {
            style.paint(text, is_colored, &mut rendered);
        }
        rendered
    }
}
