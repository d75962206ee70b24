//! Three versions of a text, merged line by line.
//!
//! Owns which changes touch each other. Refuses to guess where they do: the caller has a conflict.

use imara_diff::{Algorithm, Diff, InternedInput};
use std::ops::Range;

/// Lines of the base that a side replaced, and by which lines of its own.
type Hunk = (Range<usize>, Range<usize>);

/// Merges two texts that were made from `base`; none when they changed the same lines, or neighbouring ones, differently.
pub(super) fn merge_lines(base: &str, ours: &str, theirs: &str) -> Option<String> {
    let base_lines = lines(base);
    let sides = [lines(ours), lines(theirs)];
    let hunks = [hunks(&base_lines, &sides[0]), hunks(&base_lines, &sides[1])];
    let mut merged = String::new();
    let (mut at, mut next) = (0, [0_usize; 2]);
    loop {
        let heads = [hunks[0].get(next[0]), hunks[1].get(next[1])];
        let (side, hunk) = match heads {
            [None, None] => break,
            [Some(hunk), None] => (0, hunk),
            [None, Some(hunk)] => (1, hunk),
            [Some(left), Some(right)] if left.0.end < right.0.start => (0, left),
            [Some(left), Some(right)] if right.0.end < left.0.start => (1, right),
            [Some(left), Some(right)] => {
                let is_same =
                    left.0 == right.0 && sides[0][left.1.clone()] == sides[1][right.1.clone()];
                if !is_same {
                    return None;
                }
                next[1] += 1;
                (0, left)
            }
        };
        merged.extend(base_lines[at..hunk.0.start].iter().copied());
        merged.extend(sides[side][hunk.1.clone()].iter().copied());
        at = hunk.0.end;
        next[side] += 1;
    }
    merged.extend(base_lines[at..].iter().copied());
    Some(merged)
}

/// Returns the lines with their line breaks.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

fn hunks(before: &[&str], after: &[&str]) -> Vec<Hunk> {
    let mut input = InternedInput::default();
    input.update_before(before.iter().copied());
    input.update_after(after.iter().copied());
    let range = |range: Range<u32>| range.start as usize..range.end as usize;
    Diff::compute(Algorithm::Histogram, &input)
        .hunks()
        .map(|hunk| (range(hunk.before), range(hunk.after)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(base: &str, ours: &str, theirs: &str, expected: Option<&str>) {
        assert_eq!(merge_lines(base, ours, theirs).as_deref(), expected);
        assert_eq!(merge_lines(base, theirs, ours).as_deref(), expected);
    }

    #[test]
    fn changes_that_do_not_touch_each_other_are_both_kept() {
        check("a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n", Some("A\nb\nC\n"));
        check(
            "a\nb\nc\n",
            "a\nb\nc\nd\n",
            "z\na\nb\nc\n",
            Some("z\na\nb\nc\nd\n"),
        );
        check("a\nb\nc\n", "b\nc\n", "a\nb\n", Some("b\n"));
        check("a\nb\nc\n", "a\nB\nc\n", "a\nB\nc\n", Some("a\nB\nc\n"));
        check("", "x\n", "x\n", Some("x\n"));
    }

    #[test]
    fn changes_that_touch_each_other_are_a_conflict() {
        check("a\nb\n", "a\nB\n", "a\nbb\n", None);
        check("a\nb\n", "A\nb\n", "a\nB\n", None);
        check("", "x\n", "y\n", None);
        check("a\n", "a\nx\n", "a\ny\n", None);
        check("a\nb\n", "", "a\nB\n", None);
    }

    #[test]
    fn very_different_texts_are_compared_in_time() {
        let text = |step: usize| {
            let lines = (0..20_000).map(|i| (i * step % 7).to_string());
            lines.collect::<Vec<_>>().join("\n")
        };
        // What comes out does not matter here; that it does is the law.
        drop(merge_lines(&text(1), &text(3), &text(5)));
    }
}
