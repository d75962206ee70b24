//! `cargo xtask codegen`: files that follow from the code.
//!
//! Owns the command-line reference, and starts the test that owns the contract samples. Refuses to hold the samples' content:
//! the tracker's own tests make them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::output;
use crate::process::{self, Call};
use crate::workspace::{self, Profile};

/// Directories that hold nothing but generated files.
const GENERATED: &[&str] = &["contracts/v1", "docs/reference"];

/// Writes all generated files again.
pub(crate) fn run() -> Result<()> {
    process::cargo(["test", "--package", "jit", "--test", "cli", "contract"])
        .within(workspace::root())
        .env("UPDATE_CONTRACTS", "1")
        .run()?;
    let programs = workspace::build(Profile::Dev)?;
    let folder = workspace::root().join("docs/reference");
    fs::create_dir_all(&folder)?;
    for (name, program) in [("jit", &programs.jit), ("jit-dispatch", &programs.dispatch)] {
        let path = folder.join(format!("{name}.md"));
        fs::write(&path, reference(name, program)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    output::line("codegen: contracts/v1 and docs/reference are written");
    Ok(())
}

/// Returns the generated files as they are.
pub(crate) fn written() -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for folder in GENERATED {
        collect(&workspace::root().join(folder), &mut files)?;
    }
    Ok(files)
}

fn collect(folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.insert(path.to_string_lossy().into_owned(), fs::read(&path)?);
        }
    }
    Ok(())
}

fn reference(name: &str, program: &Path) -> Result<String> {
    let mut page =
        format!("# `{name}`\n\nWritten by `cargo xtask codegen` from the program's own help.\n");
    let mut waiting = vec![Vec::new()];
    while let Some(command) = waiting.pop() {
        let help = help(program, &command)?;
        let shown = if command.is_empty() {
            help.as_str()
        } else {
            own_part(&help)
        };
        let title = std::iter::once(name)
            .chain(command.iter().map(String::as_str))
            .collect::<Vec<_>>()
            .join(" ");
        write!(
            page,
            "\n## `{title}`\n\n```text\n{}\n```\n",
            shown.trim_end()
        )
        .expect("a String takes any text");
        for word in subcommands(&help).into_iter().rev() {
            waiting.push(command.iter().cloned().chain([word.to_owned()]).collect());
        }
    }
    Ok(page)
}

/// Every command takes the global options; the page shows them once.
fn own_part(help: &str) -> &str {
    help.split("\nGlobal options:\n").next().unwrap_or(help)
}

fn help(program: &Path, command: &[String]) -> Result<String> {
    let arguments = command.iter().map(String::as_str).chain(["--help"]);
    // The width of the terminal, or colour, must not change the page.
    let text = Call::new(program, arguments)
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1")
        .read()?;
    Ok(text
        .lines()
        .map(str::trim_end)
        .collect::<Vec<_>>()
        .join("\n"))
}

/// Returns the subcommands that a help text lists, without `help` itself.
fn subcommands(help: &str) -> Vec<&str> {
    help.lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| *word != "help")
        .collect()
}

#[cfg(test)]
mod tests {
    use super::subcommands;

    #[test]
    fn subcommands_are_read_from_help() {
        let help = "Track issues\n\nUsage: jit <COMMAND>\n\nCommands:\n  init   Make a store\n  issue  Work\n         \
                    with issues\n  help   Print this\n\nOptions:\n  -q, --quiet\n";
        assert_eq!(subcommands(help), ["init", "issue"]);
        assert!(subcommands("Usage: jit init\n\nOptions:\n  -q\n").is_empty());
    }
}
