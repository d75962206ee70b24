//! Reads the commands and answers out of a Markdown page.
//!
//! Owns the form of a `console` block. Refuses other blocks.

/// A command and the answer that the page shows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// The line of the page.
    pub line: usize,
    /// What is typed, without the prompt.
    pub command: String,
    /// What is answered, line by line.
    pub answer: Vec<String>,
}

/// Returns the steps of all `console` blocks, in order.
pub(crate) fn steps(page: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut is_inside = false;
    for (number, line) in page.lines().enumerate() {
        if line.starts_with("```") {
            is_inside = line == "```console";
        } else if is_inside {
            if let Some(command) = line.strip_prefix("$ ") {
                steps.push(Step {
                    line: number + 1,
                    command: command.to_owned(),
                    answer: Vec::new(),
                });
            } else if let Some(step) = steps.last_mut() {
                match line
                    .strip_prefix("> ")
                    .or_else(|| (line == ">").then_some(""))
                {
                    Some(more) if step.answer.is_empty() => {
                        step.command.push('\n');
                        step.command.push_str(more);
                    }
                    _ => step.answer.push(line.to_owned()),
                }
            }
        }
    }
    steps
}

#[test]
fn commands_and_answers_are_told_apart() {
    let page = "text\n```sh\n$ not this\n```\n```console\n$ cat > a <<'END'\n> one\n>\n> END\n$ cat a\none\n\n```\n";
    let step = |line, command: &str, answer: &[&str]| Step {
        line,
        command: command.to_owned(),
        answer: answer.iter().map(|line| (*line).to_owned()).collect(),
    };
    assert_eq!(
        steps(page),
        [
            step(6, "cat > a <<'END'\none\n\nEND", &[]),
            step(10, "cat a", &["one", ""])
        ]
    );
}
