//! Conflict markers in a text, as git leaves them.
//!
//! Owns which versions such a text was made from. Refuses to guess where its markers are not whole.

/// The length of git's markers; longer ones belong to merges of merge bases, and are content here.
const LENGTH: usize = 7;

/// The versions that a text with markers holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sides {
    /// The common version, where the markers tell it everywhere.
    pub(super) base: Option<Vec<u8>>,
    pub(super) ours: Vec<u8>,
    pub(super) theirs: Vec<u8>,
}

/// Where a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Common,
    Ours,
    Base,
    Theirs,
}

/// Returns the versions that a text holds; none when it has no markers, or none that are whole.
pub(super) fn sides(text: &[u8]) -> Option<Sides> {
    let (mut base, mut ours, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    let (mut part, mut n_conflicts, mut n_bases) = (Part::Common, 0_usize, 0_usize);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        part = match (marker(line), part) {
            (Some(b'<'), Part::Common) => {
                n_conflicts += 1;
                Part::Ours
            }
            (Some(b'|'), Part::Ours) => {
                n_bases += 1;
                Part::Base
            }
            (Some(b'='), Part::Ours | Part::Base) => Part::Theirs,
            (Some(b'>'), Part::Theirs) => Part::Common,
            (Some(_), _) => return None,
            (None, part) => {
                if matches!(part, Part::Common | Part::Base) {
                    base.extend_from_slice(line);
                }
                if matches!(part, Part::Common | Part::Ours) {
                    ours.extend_from_slice(line);
                }
                if matches!(part, Part::Common | Part::Theirs) {
                    theirs.extend_from_slice(line);
                }
                part
            }
        };
    }
    (part == Part::Common && n_conflicts > 0).then_some(Sides {
        base: (n_bases == n_conflicts).then_some(base),
        ours,
        theirs,
    })
}

/// Returns whether a text has a line that looks like the beginning of a conflict.
pub(super) fn has_markers(text: &[u8]) -> bool {
    let mut lines = text.split(|byte| *byte == b'\n');
    lines.any(|line| marker(line) == Some(b'<'))
}

/// Returns the letter that a line is a marker of.
fn marker(line: &[u8]) -> Option<u8> {
    let letter = *line.first()?;
    let is_marker = b"<|=>".contains(&letter)
        && line.len() >= LENGTH
        && line[..LENGTH].iter().all(|byte| *byte == letter)
        && matches!(line.get(LENGTH), None | Some(b' ' | b'\r' | b'\n'));
    is_marker.then_some(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(Option<&str>, &str, &str)>) {
        let expected = expected.map(|(base, ours, theirs)| Sides {
            base: base.map(|text| text.as_bytes().to_vec()),
            ours: ours.as_bytes().to_vec(),
            theirs: theirs.as_bytes().to_vec(),
        });
        assert_eq!(sides(text.as_bytes()), expected, "{text}");
    }

    #[test]
    fn both_versions_come_out_of_a_text_with_markers() {
        check(
            "a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> side\nd\n",
            Some((None, "a\nb\nd\n", "a\nc\nd\n")),
        );
        check(
            "<<<<<<< HEAD\nb\n||||||| 12ab\no\n=======\n>>>>>>> side",
            Some((Some("o\n"), "b\n", "")),
        );
        check(
            "<<<<<<<\r\nb\r\n=======\r\n>>>>>>>\r\n<<<<<<< x\n||||||| y\no\n=======\nc\n>>>>>>> z\n",
            Some((None, "b\r\n", "c\n")),
        );
        // A longer marker is content, and so is a line of a text that only looks alike.
        check(
            "<<<<<<< a\n<<<<<<<<< b\n========\n=======x\n=======\n>>>>>>> c\n",
            Some((None, "<<<<<<<<< b\n========\n=======x\n", "")),
        );
    }

    #[test]
    fn markers_that_are_not_whole_mean_nothing() {
        for text in [
            "",
            "a\n",
            "<<<<<<< a\n",
            "<<<<<<< a\n=======\n",
            "=======\n",
            "<<<<<<< a\n>>>>>>> b\n",
            "<<<<<<< a\n<<<<<<< b\n=======\n>>>>>>> c\n",
            "<<<<<<< a\n=======\n=======\n>>>>>>> c\n",
        ] {
            check(text, None);
        }
        assert!(has_markers(b"{\n<<<<<<< a\n") && !has_markers(b"{\n <<<<<<< a\n"));
    }
}
