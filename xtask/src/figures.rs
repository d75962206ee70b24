//! `cargo xtask figures`: the measured record.
//!
//! Owns `quality/figures.jsonl`, one line for each time something was measured. Refuses to judge the values.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

use crate::{output, workspace};

fn record() -> PathBuf {
    workspace::root().join("quality/figures.jsonl")
}

/// Appends what was measured, with the commit, the second and the machine.
pub(crate) fn append(figure: &str, values: &Map<String, Value>) -> Result<()> {
    let path = record();
    fs::create_dir_all(path.parent().expect("the record is in a directory"))?;
    let at = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .context("the clock is before 1970")?
        .as_secs();
    let n_cores = std::thread::available_parallelism()?.get();
    let line = json!({
        "figure": figure,
        "commit": workspace::commit()?,
        "unix_time": at,
        "machine": format!("{}-{}, {n_cores} cores", std::env::consts::OS, std::env::consts::ARCH),
        "values": values,
    });
    let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
    writeln!(file, "{line}").with_context(|| format!("cannot write {}", path.display()))
}

/// Runs tests that write figures to the file they are given, and appends those figures to the record.
pub(crate) fn recorded(run: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let file = tempfile::NamedTempFile::new().context("cannot make a temporary file")?;
    run(file.path())?;
    for (figure, line) in last_lines(&fs::read_to_string(file.path())?)? {
        append(
            &figure,
            line["values"]
                .as_object()
                .context("a figure has no values")?,
        )?;
    }
    Ok(())
}

/// Prints the last value of each figure.
pub(crate) fn print() -> Result<()> {
    let text = match fs::read_to_string(record()) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).context("cannot read the record"),
    };
    let lines = last_lines(&text)?;
    if lines.is_empty() {
        output::line("Nothing was measured yet; `cargo xtask replay` measures something.");
    }
    for (figure, line) in lines {
        output::line(&format!(
            "{figure}  ({}, {})",
            text_of(&line["commit"]),
            text_of(&line["machine"])
        ));
        for (name, value) in line["values"].as_object().into_iter().flatten() {
            output::line(&format!("  {name:<28} {value}"));
        }
    }
    Ok(())
}

fn text_of(value: &Value) -> String {
    output::plain(value.as_str().unwrap_or("?"))
}

fn last_lines(text: &str) -> Result<BTreeMap<String, Value>> {
    let mut last = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        let value: Value = serde_json::from_str(line)
            .with_context(|| format!("line {} is not JSON", number + 1))?;
        let figure = value["figure"]
            .as_str()
            .with_context(|| format!("line {} names no figure", number + 1))?;
        last.insert(figure.to_owned(), value);
    }
    Ok(last)
}

#[cfg(test)]
mod tests {
    use super::last_lines;

    #[test]
    fn the_last_line_of_a_figure_wins() {
        let text = "{\"figure\":\"a\",\"values\":{\"x\":1}}\n{\"figure\":\"b\",\"values\":{}}\n{\"figure\":\"a\",\"values\":{\"x\":2}}\n";
        let last = last_lines(text).unwrap();
        assert_eq!(last.len(), 2);
        assert_eq!(last["a"]["values"]["x"], 2);
    }

    #[test]
    fn a_damaged_line_is_named() {
        assert_eq!(
            last_lines("{}\n").unwrap_err().to_string(),
            "line 1 names no figure"
        );
    }
}
