//! Command lines of `jit` and `jit-dispatch` in a page.
//!
//! Owns where they are found: in blocks of code of any language, as words of a shell or as elements of a list, and in code
//! within prose. Refuses to know which commands exist.

/// The programs whose command lines are looked for, the longer name first.
const PROGRAMS: [&str; 2] = ["jit-dispatch", "jit"];

/// What stands in for an id.
pub(crate) const AN_ID: &str = "k7m2q4x0ab";

/// A block of code in a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// Its language.
    pub language: String,
    /// Its text.
    pub text: String,
    /// The line of the page on which the text begins, from 1.
    pub line: usize,
    /// Whether the page says that it is run as it is.
    pub is_run: bool,
}

/// A command line in a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommandLine {
    /// The program.
    pub program: &'static str,
    /// Its arguments, with placeholders and variables replaced by values.
    pub arguments: Vec<String>,
    /// The line of the page, from 1.
    pub line: usize,
}

/// Returns the blocks of a page, and its prose with the blocks blanked out.
pub(crate) fn parts(page: &str) -> (Vec<Block>, String) {
    let mut blocks: Vec<Block> = Vec::new();
    let mut prose = String::new();
    let mut is_inside = false;
    let mut last = "";
    for (number, line) in page.lines().enumerate() {
        let fence = line.strip_prefix("```");
        match fence {
            Some(language) if !is_inside => blocks.push(Block {
                language: language.to_owned(),
                text: String::new(),
                line: number + 2,
                is_run: last == "<!-- run -->",
            }),
            None if is_inside => {
                let block = blocks.last_mut().expect("a fence was opened");
                block.text += line;
                block.text.push('\n');
            }
            Some(_) => {}
            None => prose += line,
        }
        prose.push('\n');
        is_inside ^= fence.is_some();
        last = line;
    }
    assert!(!is_inside, "a block is never closed");
    (blocks, prose)
}

/// Returns every command line of a page, but for those in blocks that are run as they are.
pub(crate) fn command_lines(page: &str) -> Vec<CommandLine> {
    let (blocks, prose) = parts(page);
    let mut found = in_prose(&prose, 1);
    for block in blocks.iter().filter(|block| !block.is_run) {
        found.extend(match block.language.as_str() {
            "markdown" => in_prose(&block.text, block.line),
            _ => in_code(&block.text, block.line),
        });
    }
    found.sort_by_key(|command| command.line);
    found
}

/// Code within prose stands between backticks; three dots mean that something is left out.
fn in_prose(text: &str, first: usize) -> Vec<CommandLine> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let spans = line.split('`').skip(1).step_by(2);
        for span in spans.filter(|span| !span.contains('…')) {
            found.extend(in_line(span, first + number).filter(|_| is_at_start(span)));
        }
    }
    found
}

fn is_at_start(span: &str) -> bool {
    PROGRAMS.iter().any(|program| span.starts_with(program))
}

fn in_code(text: &str, first: usize) -> Vec<CommandLine> {
    let mut found = Vec::new();
    let mut joined = String::new();
    let mut begun = first;
    for (number, line) in text.lines().enumerate() {
        if joined.is_empty() {
            begun = first + number;
        }
        let line = without_comment(line);
        if let Some(begin) = line.strip_suffix('\\') {
            joined += begin;
            continue;
        }
        joined += line;
        found.extend(in_line(&joined, begun));
        joined.clear();
    }
    found
}

fn without_comment(line: &str) -> &str {
    let is_comment = |at: &usize| *at == 0 || line[..*at].ends_with(' ');
    let place = line.match_indices('#').map(|(at, _)| at).find(is_comment);
    place.map_or(line, |at| &line[..at]).trim_end()
}

/// Finds each program name that stands where a word begins, with a command or a flag behind it.
fn in_line(line: &str, number: usize) -> impl Iterator<Item = CommandLine> {
    let starts = line.char_indices().filter_map(move |(at, _)| {
        let is_word = line[..at]
            .chars()
            .next_back()
            .is_none_or(|before| " ([\"'`".contains(before));
        let program = PROGRAMS
            .into_iter()
            .find(|program| line[at..].starts_with(program))?;
        is_word.then_some((program, &line[at + program.len()..]))
    });
    starts.filter_map(move |(program, rest)| {
        let arguments = match rest.strip_prefix("\",") {
            Some(rest) => elements(rest),
            None if rest.starts_with(' ') => words(rest),
            None => return None,
        };
        let is_command = arguments.first().is_some_and(|first| {
            first.starts_with(|ch: char| ch == '-' || ch.is_ascii_lowercase())
        });
        is_command.then(|| CommandLine {
            program,
            arguments: arguments
                .iter()
                .filter(|word| *word != "$@")
                .map(|word| value(word))
                .collect(),
            line: number,
        })
    })
}

/// Splits the words of a shell, up to the end of the command.
fn words(text: &str) -> Vec<String> {
    let mut quote = None;
    let mut end = text.len();
    for (at, ch) in text.char_indices() {
        match quote {
            Some(open) if ch == open => quote = None,
            Some(_) => {}
            None if ch == '"' || ch == '\'' => quote = Some(ch),
            None if "|;&)<>`".contains(ch) => {
                end = at;
                break;
            }
            None => {}
        }
    }
    shlex::split(&text[..end]).unwrap_or_else(|| panic!("cannot be split: {text}"))
}

/// Splits the elements of a list: texts, and names of variables.
fn elements(text: &str) -> Vec<String> {
    let list = text.split(']').next().unwrap_or_default();
    list.split(',')
        .map(str::trim)
        .map(|element| {
            let literal = element.trim_start_matches('f');
            let inner = literal
                .strip_prefix('"')
                .and_then(|rest| rest.strip_suffix('"'));
            inner.map_or_else(|| format!("${element}"), str::to_owned)
        })
        .collect()
}

/// Returns a value for a placeholder or a variable, and any other word as it is.
fn value(word: &str) -> String {
    let is_placeholder = word.chars().all(|ch| ch.is_ascii_uppercase() || ch == '_');
    if word == "N" || word.to_lowercase().contains("epoch") && word.contains('$') {
        "1".to_owned()
    } else if word.contains('$') && word.contains('/') && !word.contains('#') {
        ".".to_owned()
    } else if word.contains('$') || word.is_empty() || is_placeholder {
        AN_ID.to_owned()
    } else {
        word.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::command_lines;

    /// Gives a block of `language` and expects `line: program arguments`, one a line.
    fn check(language: &str, text: &str, expected: &[&str]) {
        let page = if language.is_empty() {
            text.to_owned()
        } else {
            format!("```{language}\n{text}\n```\n")
        };
        let found: Vec<String> = command_lines(&page)
            .iter()
            .map(|found| {
                format!(
                    "{}: {} {}",
                    found.line,
                    found.program,
                    found.arguments.join(" ")
                )
            })
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn command_lines_are_found_wherever_they_stand() {
        check("sh", "jit init", &["2: jit init"]);
        check(
            "sh",
            "id=$(jit show \"$id\" --json) || exit 0",
            &["2: jit show k7m2q4x0ab --json"],
        );
        check("sh", "jit a --b \"$@\" | x", &["2: jit a --b"]);
        check(
            "sh",
            "jit a | jit b; x && jit-dispatch c &",
            &["2: jit a", "2: jit b", "2: jit-dispatch c"],
        );
        check("sh", "jit a \\\n    --b # jit c", &["2: jit a --b"]);
        check(
            "sh",
            "echo\njit renew $id --epoch \"$epoch\" '#x'",
            &["3: jit renew k7m2q4x0ab --epoch 1 #x"],
        );
        check(
            "sh",
            "jit gate pass \"${BRANCH#jit/}\" -C \"$HOME/x\"",
            &["2: jit gate pass k7m2q4x0ab -C ."],
        );
        check(
            "yaml",
            "command: [\"jit\", \"a\", \"--b\"]",
            &["2: jit a --b"],
        );
        check(
            "yaml",
            "- run: timeout 5m jit-dispatch once",
            &["2: jit-dispatch once"],
        );
        check(
            "python",
            "run([\"jit\", \"a\", who, f\"--t={t}\"])",
            &["2: jit a k7m2q4x0ab --t={t}"],
        );
        check(
            "",
            "Say `jit a ID` or `jit b … c`, not jit d; `use jit e`.",
            &["1: jit a k7m2q4x0ab"],
        );
        check("markdown", "- `jit a`: jit b", &["2: jit a"]);
    }

    #[test]
    fn names_that_are_no_commands_are_left_alone() {
        check(
            "yaml",
            "group: jit, x: y\nname: jit-dispatch }\nclaim: jit",
            &[],
        );
        check("sh", "cargo install --path crates/jit # jit and more", &[]);
        check("toml", "command = [\"ssh\", \"host\", \"jit\"]", &[]);
        check("", "`jit` and `jit-dispatch`", &[]);
    }

    #[test]
    fn blocks_that_are_run_are_not_parsed() {
        check(
            "",
            "<!-- run -->\n```sh\njit a\n```\n```sh\njit b\n```\n",
            &["6: jit b"],
        );
    }
}
