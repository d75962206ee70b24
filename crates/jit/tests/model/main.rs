//! The tracker against a reference: random commands, edits from outside, restarts and refused calls, and after each the
//! JSON of every issue.
//!
//! Owns the laws that hold over whole histories. Refuses to start processes: everything happens in memory, on simulated
//! files.

mod faults;
mod history;
mod lab;
mod reference;

use std::io::Write as _;

/// Appends how much was tried to the file that `JIT_FIGURES` names, if it does.
fn record(figure: &str, tried: u64, steps: u64) {
    let values = serde_json::json!({ "tried": tried, "steps": steps, "bad": 0 });
    let line = serde_json::json!({ "figure": figure, "values": values });
    if let Some(path) = std::env::var_os("JIT_FIGURES") {
        let mut file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .expect("the file of figures opens");
        writeln!(file, "{line}").expect("a figure can be written");
    }
}
