//! Compares an answer with the one a page shows.
//!
//! Owns the wildcards and the names of issues. Refuses regular expressions: a page shows what people see.

use std::collections::BTreeMap;

const ANY: &str = "…";
const ID_LENGTH: usize = 10;
const SHORT: usize = 4;

/// The ids of the page, and the ids that came instead.
#[derive(Default)]
pub(crate) struct Names {
    real: BTreeMap<String, String>,
}

impl Names {
    /// Replaces the ids of the page, and their short forms, by the real ones.
    pub(crate) fn translate(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (shown, real) in &self.real {
            text = text.replace(shown.as_str(), real);
            text = replace_word(&text, &shown[..SHORT], &real[..SHORT]);
        }
        text
    }

    /// Compares line by line, and learns new ids on the way.
    pub(crate) fn compare(&mut self, shown: &[String], answer: &[String]) -> Result<(), String> {
        let shown: Vec<&str> = shown.iter().map(|line| line.trim_end()).collect();
        let answer: Vec<&str> = answer.iter().map(|line| line.trim_end()).collect();
        self.compare_lines(&shown, &answer)
    }

    /// An id of the page that is new stands where a new id was answered.
    fn learn(&mut self, expected: &str, line: &str) {
        let bare = |word: &'_ str| {
            word.trim_matches(|c: char| !c.is_ascii_alphanumeric())
                .to_owned()
        };
        for (shown, real) in expected.split_whitespace().zip(line.split_whitespace()) {
            let (shown, real) = (bare(shown), bare(real));
            if is_id(&shown) && is_id_alphabet(&real) {
                self.real.entry(shown).or_insert(real);
            }
        }
    }

    fn compare_lines(&mut self, shown: &[&str], answer: &[&str]) -> Result<(), String> {
        match (shown, answer) {
            ([], []) => Ok(()),
            ([], [extra, ..]) => Err(format!("more was answered: {extra}")),
            ([ANY], _) => Ok(()),
            ([ANY, rest @ ..], _) => {
                let found = (0..=answer.len())
                    .find(|from| self.compare_lines(rest, &answer[*from..]).is_ok());
                found
                    .map(drop)
                    .ok_or_else(|| format!("nothing matches after `{ANY}`: {}", rest[0]))
            }
            ([missing, ..], []) => Err(format!("not answered: {missing}")),
            ([expected, rest @ ..], [line, others @ ..]) => {
                self.learn(expected, line);
                let expected = self.translate(expected);
                if !is_match(&expected, line) {
                    return Err(format!("expected: {expected}\nanswered: {line}"));
                }
                self.compare_lines(rest, others)
            }
        }
    }
}

/// Ordinary words have no digits; an id without any is one in thirty.
fn is_id(text: &str) -> bool {
    text.len() == ID_LENGTH
        && text.bytes().any(|byte| byte.is_ascii_digit())
        && is_id_alphabet(text)
}

fn is_id_alphabet(text: &str) -> bool {
    text.len() == ID_LENGTH
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase())
}

fn replace_word(text: &str, word: &str, by: &str) -> String {
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let mut replaced = String::new();
    let mut done = 0;
    for (at, _) in text.match_indices(word) {
        let is_alone = !is_letter(text[..at].chars().next_back())
            && !is_letter(text[at + word.len()..].chars().next());
        if is_alone {
            replaced.push_str(&text[done..at]);
            replaced.push_str(by);
            done = at + word.len();
        }
    }
    replaced + &text[done..]
}

/// Spaces count as one, because the width of a column depends on what stands in it.
fn is_match(expected: &str, line: &str) -> bool {
    let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (expected, line) = (squeeze(expected), squeeze(line));
    let parts: Vec<&str> = expected.split(ANY).collect();
    let [first, middle @ .., last] = parts.as_slice() else {
        return expected == line;
    };
    let Some(mut rest) = line.strip_prefix(first) else {
        return false;
    };
    for part in middle {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::Names;

    fn check(shown: &str, answer: &str) -> Result<(), String> {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        Names::default().compare(&lines(shown), &lines(answer))
    }

    #[test]
    fn wildcards_match_text_and_lines() {
        let rows = [
            ("done", "done", true),
            ("done", "dune", false),
            ("took … s", "took 3 s", true),
            ("took … s", "took 3 m", false),
            ("a … b … c", "a 1 b 2 c", true),
            ("…", "any\nlines", true),
            ("…\nend", "any\nlines\nend", true),
            ("…\nend", "any\nlines", false),
            ("one", "one\ntwo", false),
            ("one\ntwo", "one", false),
            ("a   b", "a b", true),
        ];
        for (shown, answer, is_fine) in rows {
            assert_eq!(check(shown, answer).is_ok(), is_fine, "{shown} / {answer}");
        }
    }

    #[test]
    fn an_id_stands_for_the_one_that_came() {
        assert!(check("k7m2q9x3va\nk7m2 is ready", "0000000000\n0000 is ready").is_ok());
        assert!(check("k7m2q9x3va\nk7m2q9x3va", "0000000000\n1111111111").is_err());
        assert!(
            check(
                "Made k7m2q9x3va.\nk7m2q9x3va",
                "Made abcdefghjk.\nabcdefghjk"
            )
            .is_ok()
        );
        assert!(check("a dependency", "a 0000000000").is_err());
        let mut names = Names::default();
        names
            .compare(&["k7m2q9x3va".to_owned()], &["0000000000".to_owned()])
            .unwrap();
        assert_eq!(
            names.translate("jit why k7m2 k7m2q9x3va ak7m2"),
            "jit why 0000 0000000000 ak7m2"
        );
    }
}
