//! Who may talk to the terminal.
//!
//! Owns the list of output rooms. Refuses every macro and stream outside them, because text that somebody else wrote must
//! pass the one place that escapes it. Tests may print.

use super::tree::{Tree, is_comment, without_tests};
use super::{Finding, modules};

/// Places that may print; everything in them escapes untrusted text.
const ROOMS: &[&str] = &[
    "crates/jit/src/output",
    "crates/dispatch/src/output",
    "xtask/src/output.rs",
];

const DOORS: &[&str] = &[
    "println!",
    "print!",
    "eprintln!",
    "eprint!",
    "io::stdout()",
    "io::stderr()",
    "dbg!",
];

/// Finds printing outside the output rooms.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let for_tests = modules::test_files(tree);
    let mut findings = Vec::new();
    for (path, text) in tree.rust() {
        let may_print = for_tests.contains(path) || ROOMS.iter().any(|room| path.starts_with(room));
        if may_print || !path.contains("src/") || path.starts_with("xtask/src/tidy/") {
            continue;
        }
        for (number, line) in without_tests(text)
            .lines()
            .enumerate()
            .filter(|(_, line)| !is_comment(line))
        {
            if let Some(door) = DOORS.iter().find(|door| calls(line, door)) {
                findings.push(Finding::failure(
                    path,
                    number + 1,
                    format!("`{door}` outside an output room"),
                ));
            }
        }
    }
    findings
}

/// `println!` must not be found inside `eprintln!`.
fn calls(line: &str, door: &str) -> bool {
    line.match_indices(door).any(|(at, _)| {
        !line[..at]
            .chars()
            .next_back()
            .is_some_and(|before| before.is_ascii_alphanumeric() || before == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::findings;
    use super::check;

    #[test]
    fn printing_is_found_outside_the_rooms_only() {
        let rows = [
            (
                "crates/core/src/a.rs",
                "println!(\"x\");",
                "error: crates/core/src/a.rs:1: `println!` outside an output room",
            ),
            (
                "crates/core/src/a.rs",
                "eprint!(\"x\");",
                "error: crates/core/src/a.rs:1: `eprint!` outside an output room",
            ),
            (
                "crates/jit/src/a.rs",
                "writeln!(io::stdout(), \"x\");",
                "error: crates/jit/src/a.rs:1: `io::stdout()` outside an output room",
            ),
            ("crates/jit/src/output/human.rs", "println!(\"x\");", ""),
            ("crates/jit/tests/cli/main.rs", "println!(\"x\");", ""),
            ("crates/core/src/a.rs", "// println!(\"x\");", ""),
            (
                "crates/core/src/a.rs",
                "fn a() {}\n\n#[cfg(test)]\nmod tests {\n println!(\"x\");\n}",
                "",
            ),
        ];
        for (path, text, expected) in rows {
            assert_eq!(findings(check, &[(path, text)]), expected);
        }
    }
}
