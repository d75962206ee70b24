//! The manual of the dispatcher and the page of patterns, against the built programs.
//!
//! Owns what a page may show: command lines that the programs take, configurations without a warning, and blocks that run.

use std::fs;

use jit_dispatch::config;
use tempfile::TempDir;

use crate::commands::{CommandLine, command_lines, parts};
use crate::ground::Ground;
use crate::programs::{Answer, Running, jit, package, program};

const PAGES: [&str; 2] = ["README.md", "examples/integration-patterns.md"];

fn read(page: &str) -> String {
    fs::read_to_string(package().join(page)).unwrap_or_else(|error| panic!("{page}: {error}"))
}

/// Runs a command line where there is no store: what is wrong with the words shows before that is noticed.
fn complaint(command: &CommandLine) -> Option<String> {
    let nowhere = TempDir::new().expect("a temporary directory can be made");
    let own = env!("CARGO_BIN_EXE_jit-dispatch");
    let (name, more, fine): (_, &[&str], &[i32]) = match command.program {
        "jit" => (jit().as_os_str(), &[], &[0, 3]),
        // Without a configuration the dispatcher gets no further than its flags, which help does not check less.
        _ => (own.as_ref(), &["--help"], &[0]),
    };
    let mut process = program(name, nowhere.path(), nowhere.path());
    let answer = Answer::of(process.args(&command.arguments).args(more));
    let is_fine = answer.code.is_some_and(|code| fine.contains(&code));
    (!is_fine).then(|| {
        let shown = command.arguments.join(" ");
        format!(
            "{} {shown}: exit {:?}: {}",
            command.program, answer.code, answer.stderr
        )
    })
}

#[test]
fn every_command_line_of_the_pages_is_one_that_the_programs_take() {
    let mut complaints = Vec::new();
    for page in PAGES {
        let found = command_lines(&read(page));
        assert!(found.len() > 10, "{page}: {found:?}");
        for command in found {
            let complaint = complaint(&command);
            complaints.extend(complaint.map(|words| format!("{page}:{}: {words}", command.line)));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn command_lines_that_the_programs_lack_are_noticed() {
    let rows = [
        "jit issue sing k7m2q4x0ab",
        "jit issue done",
        "jit issue done k7m2q4x0ab --loudly",
        "jit query ready --fields beauty",
        "jit issue create -t x -p urgent",
        "jit-dispatch sing",
        "jit-dispatch once --loudly",
        "jit-dispatch start --on-stop dance",
    ];
    for row in rows {
        let found = command_lines(&format!("```sh\n{row}\n```\n"));
        assert_eq!(found.len(), 1, "{row}");
        assert!(complaint(&found[0]).is_some(), "{row}");
    }
}

#[test]
fn every_configuration_of_the_manual_is_read_without_a_warning() {
    let (blocks, _) = parts(&read("README.md"));
    let mut n_read = 0;
    for block in blocks.iter().filter(|block| block.language == "toml") {
        let parsed = config::parse("dispatch.toml", &block.text)
            .unwrap_or_else(|error| panic!("README.md:{}: {error}", block.line));
        assert!(
            parsed.warnings.is_empty(),
            "README.md:{}: {:?}",
            block.line,
            parsed.warnings
        );
        n_read += 1;
    }
    assert!(n_read > 2, "the manual shows configurations");
}

#[test]
fn the_quick_start_ends_with_everything_done() {
    let (blocks, _) = parts(&read("README.md"));
    let script: String = blocks
        .iter()
        .filter(|block| block.is_run)
        .map(|block| block.text.as_str())
        .collect();
    assert!(script.contains("jit-dispatch once --wait"), "{script}");
    let ground = Ground::bare();
    let path = ground.script("quick-start.sh", &format!("set -eu\n{script}"));
    let running = Running::start(ground.program("bash").arg(path));
    let said = running.finish().succeeded("the quick start");
    assert_eq!(ground.in_state("done").len(), 3, "{said}");
    assert!(
        said.contains("Write tests"),
        "the agent says what it was given: {said}"
    );
}

#[test]
fn the_scripts_have_the_flags_that_the_pages_give_them() {
    for script in ["bash-orchestrator.sh", "simple-orchestrator.py"] {
        let source = read(&format!("examples/{script}"));
        let (blocks, _) = parts(&read("examples/integration-patterns.md"));
        let lines = blocks.iter().flat_map(|block| block.text.lines());
        let mut uses = lines.filter(|line| line.starts_with(script)).peekable();
        assert!(uses.peek().is_some(), "{script} is shown");
        for flag in uses
            .flat_map(str::split_whitespace)
            .filter(|word| word.starts_with("--"))
        {
            assert!(source.contains(flag), "{script} has no {flag}");
        }
    }
}
