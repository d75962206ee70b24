//! Owns everything that is printed: data on standard output, talk on standard error. Untrusted text never reaches a
//! terminal as it came.

mod human;
mod json;
mod untrusted;

use std::io::Write as _;

use jit_scheduler::Millis;
use serde_json::Value;

pub use human::{once_text, plan_text, status_text};
pub use json::{error_object, once_object, plan_object, status_object};
pub use untrusted::{escape, json_text};

use crate::runner::{Notice, Sink};

/// How a command prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Prints notices as they come: sentences on standard error, or JSON lines on standard output.
#[derive(Debug, Clone, Copy)]
pub struct Printer {
    /// How.
    pub format: Format,
    /// Whether JSON lines belong on standard output: only for a command whose data they are.
    pub is_stream: bool,
}

impl Sink for Printer {
    fn tell(&self, at: Millis, notice: &Notice) {
        match (self.format, self.is_stream) {
            (Format::Json, true) => data(&json_text(&json::notice(at, notice))),
            (Format::Text, _) | (Format::Json, false) => talk(&human::sentence(notice)),
        }
    }
}

/// Writes a line of data.
pub fn data(text: &str) {
    let mut stdout = std::io::stdout().lock();
    // A reader that went away wants no more.
    drop(writeln!(stdout, "{text}").and_then(|()| stdout.flush()));
}

/// Writes lines of data, if there are any.
pub fn data_lines(text: &str) {
    let mut stdout = std::io::stdout().lock();
    drop(
        stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush()),
    );
}

/// Writes a sentence for people.
pub fn talk(text: &str) {
    drop(writeln!(std::io::stderr().lock(), "{}", escape(text)));
}

/// Writes a warning that a command gives before it begins.
pub fn warning(format: Format, text: &str) {
    match format {
        Format::Text => talk(&format!("warning: {text}")),
        Format::Json => error_json(&serde_json::json!({ "warning": { "message": text } })),
    }
}

/// Writes an error for people: what is wrong, and what helps.
pub fn error(message: &str, hint: Option<&str>) {
    talk(&format!("error: {message}"));
    if let Some(hint) = hint {
        talk(&format!("hint: {hint}"));
    }
}

/// Writes an error or a warning for programs.
pub fn error_json(object: &Value) {
    drop(writeln!(std::io::stderr().lock(), "{}", json_text(object)));
}

/// Writes a line into the log of a shim, which is its standard error.
pub fn shim_log(line: &str) {
    talk(line);
}
