//! Where measured numbers go.
//!
//! Owns the line a figure is written as. Refuses to judge the numbers.

use std::fs::OpenOptions;
use std::io::Write as _;

use serde_json::{Value, json};

/// Prints a figure, and appends it to the file that `JIT_FIGURES` names, if it does.
#[expect(
    clippy::print_stdout,
    reason = "a figure is for the reader of the test's output"
)]
pub(crate) fn record(figure: &str, values: &Value) {
    println!("{figure}: {values}");
    if let Some(path) = std::env::var_os("JIT_FIGURES") {
        let line = format!("{}\n", json!({ "figure": figure, "values": values }));
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .expect("the file of figures opens");
        file.write_all(line.as_bytes())
            .expect("a figure can be written");
    }
}

/// Returns whether to try every combination, which takes many minutes.
pub(crate) fn is_thorough() -> bool {
    std::env::var_os("JIT_TORTURE").is_some()
}

/// Says what was not tried, and appends it to the file that `JIT_LEFT_OUT` names, so that it is told at the end.
pub(crate) fn leave_out(text: &str) {
    note(&format!("not run, {text}"));
    if let Some(path) = std::env::var_os("JIT_LEFT_OUT") {
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .expect("the file of what was left out opens");
        writeln!(file, "{text}").expect("what was left out can be written");
    }
}

/// Says something to the reader of the test's output.
#[expect(
    clippy::print_stdout,
    reason = "a note for the reader of the test's output"
)]
pub(crate) fn note(text: &str) {
    println!("{text}");
}
