//! Commands that the documents name.
//!
//! Owns one rule: a command of `jit` or `jit-dispatch` in a `sh` or `console` block of a page, with its long flags, exists in
//! the generated reference. Refuses blocks in other languages, and prose.

use super::{Finding, tree::Tree};

const PROGRAMS: &[(&str, &str)] = &[
    ("jit-dispatch", "docs/reference/jit-dispatch.md"),
    ("jit", "docs/reference/jit.md"),
];

/// Finds commands that the programs do not have.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree
        .markdown()
        .filter(|(path, _)| !path.starts_with("docs/reference/"))
    {
        for (number, line) in block_lines(text) {
            for command in line.split(['|', ';', '&', '(', ')', '#']).map(words) {
                findings
                    .extend(unknown(tree, &command).map(|why| Finding::failure(path, number, why)));
            }
        }
    }
    findings
}

fn block_lines(text: &str) -> Vec<(usize, &str)> {
    let mut lines = Vec::new();
    let mut is_inside = false;
    for (number, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            is_inside = matches!(line, "```sh" | "```bash" | "```console");
        } else if is_inside {
            lines.push((number + 1, line));
        }
    }
    lines
}

fn words(command: &str) -> Vec<&str> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let begin = words
        .iter()
        .position(|word| !matches!(*word, "$" | "exec") && !word.contains('='))
        .unwrap_or(words.len());
    words[begin..].to_vec()
}

fn unknown(tree: &Tree, words: &[&str]) -> Option<String> {
    let (program, page) = PROGRAMS
        .iter()
        .find(|(program, _)| words.first() == Some(program))?;
    let text = tree.text(page)?;
    let mut name = (*program).to_owned();
    let mut n_names = 1;
    while let Some(word) = words.get(n_names) {
        let longer = format!("{name} {word}");
        if section(text, &longer).is_none() {
            break;
        }
        name = longer;
        n_names += 1;
    }
    let (section, global) = (section(text, &name)?, section(text, program)?);
    let next_is_a_name = words
        .get(n_names)
        .is_some_and(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '-'));
    if section.contains("\nCommands:\n") && next_is_a_name && !words[n_names].starts_with('-') {
        return Some(format!("`{name}` has no command `{}`", words[n_names]));
    }
    let flags = words
        .iter()
        .filter_map(|word| word.strip_prefix("--"))
        .filter(|flag| !flag.is_empty());
    flags
        .map(|flag| flag.split('=').next().unwrap_or(flag))
        .map(|flag| flag.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()))
        .find(|flag| {
            ![section, global]
                .iter()
                .any(|part| part.contains(&format!("--{flag}")))
        })
        .map(|flag| format!("`{name}` has no flag `--{flag}`"))
}

fn section<'a>(page: &'a str, name: &str) -> Option<&'a str> {
    let heading = format!("\n## `{name}`\n");
    let begin = page.find(&heading)? + heading.len();
    let end = page[begin..]
        .find("\n## `")
        .map_or(page.len(), |end| begin + end);
    Some(&page[begin..end])
}

#[cfg(test)]
mod tests {
    use super::super::testing::findings;
    use super::check;

    const REFERENCE: &str = "# `jit`\n\n## `jit`\n\nCommands:\n  issue\n  init\n\n  --json\n\n## `jit issue`\n\nCommands:\n  create\n\n\
                             ## `jit issue create`\n\n  -t, --title <T>\n\n## `jit init`\n\n  -q, --quiet\n";

    #[test]
    fn commands_and_flags_that_do_not_exist_are_found() {
        let rows = [
            ("jit init --quiet --json", ""),
            ("jit issue create -t X --title Y", ""),
            ("id=$(jit issue create -t X) || exit 0", ""),
            (
                "$ jit issue sing",
                "error: a.md:2: `jit issue` has no command `sing`",
            ),
            ("jit sing", "error: a.md:2: `jit` has no command `sing`"),
            (
                "jit init --loud",
                "error: a.md:2: `jit init` has no flag `--loud`",
            ),
            ("git init --loud", ""),
        ];
        for (line, expected) in rows {
            let text = format!("```sh\n{line}\n```\n");
            assert_eq!(
                findings(
                    check,
                    &[("a.md", &text), ("docs/reference/jit.md", REFERENCE)]
                ),
                expected
            );
        }
    }
}
