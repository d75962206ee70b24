//! An issue as a text that people edit.
//!
//! Owns the form: fields line by line, an empty line, the description. Refuses to judge values that the rules judge.

use crate::args::nearest;
use crate::args::values;
use jit_core::decide::{ClearedField, Update};
use jit_core::{Issue, Label, Priority, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// A field that stands on a line of its own, in the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Field {
    Title,
    Kind,
    Priority,
    Labels,
    Due,
    NotBefore,
    Estimate,
}

impl Field {
    const ALL: [Self; 7] = [
        Self::Title,
        Self::Kind,
        Self::Priority,
        Self::Labels,
        Self::Due,
        Self::NotBefore,
        Self::Estimate,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Kind => "type",
            Self::Priority => "priority",
            Self::Labels => "labels",
            Self::Due => "due",
            Self::NotBefore => "not_before",
            Self::Estimate => "estimate_minutes",
        }
    }

    fn parse(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|field| field.name() == name);
        known.ok_or_else(|| {
            let tip = nearest(name, Self::ALL.into_iter().map(Self::name));
            let tip = tip.map(|tip| format!(" (did you mean `{tip}`?)"));
            format!("`{name}` can't be edited here{}", tip.unwrap_or_default())
        })
    }

    /// Returns the value that the issue has.
    fn of(self, issue: &Issue) -> String {
        let point = |point: Option<Timestamp>| point.map(|point| point.to_string());
        match self {
            Self::Title => issue.title.clone(),
            Self::Kind => issue.kind.to_string(),
            Self::Priority => issue.priority.to_string(),
            Self::Labels => {
                let labels: Vec<&str> = issue.labels.iter().map(Label::as_str).collect();
                labels.join(", ")
            }
            Self::Due => point(issue.due).unwrap_or_default(),
            Self::NotBefore => point(issue.not_before).unwrap_or_default(),
            Self::Estimate => {
                let minutes = issue.estimate_minutes.map(|minutes| minutes.to_string());
                minutes.unwrap_or_default()
            }
        }
    }
}

/// What of an issue can be edited, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Form {
    fields: BTreeMap<Field, String>,
    description: String,
}

impl Form {
    /// Returns the form of an issue.
    pub(super) fn of(issue: &Issue) -> Self {
        Self {
            fields: Field::ALL.map(|field| (field, field.of(issue))).into(),
            description: issue.description.clone(),
        }
    }

    /// Returns the text to edit.
    pub(super) fn render(&self, id: &str) -> String {
        let mut text = format!(
            "# Issue {id}: fields first, after an empty line the description in Markdown.\n\
             # An empty field is cleared, a line that is left out stays as it was.\n"
        );
        for (field, value) in &self.fields {
            let line = format!("{}: {value}", field.name());
            text.extend([line.trim_end(), "\n"]);
        }
        text.extend(["\n", &self.description, "\n"]);
        text
    }

    /// Reads an edited text. Lines that begin with `#` before the description mean nothing.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut fields = BTreeMap::new();
        let mut rest = text;
        let mut number = 0;
        while !rest.is_empty() {
            let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
            let line = line.trim_end_matches('\r');
            (rest, number) = (after, number + 1);
            if line.trim().is_empty() {
                break;
            }
            if line.starts_with('#') {
                continue;
            }
            let (field, value) =
                read(line).map_err(|problem| format!("line {number}: {problem}"))?;
            if fields.insert(field, value.to_owned()).is_some() {
                let name = field.name();
                return Err(format!("line {number}: there is another `{name}` before"));
            }
        }
        Ok(Self {
            fields,
            description: rest.to_owned(),
        })
    }

    /// Returns what `edited` changes; a field that is not in it stays.
    pub(super) fn changes(&self, edited: &Self, now: Timestamp) -> Result<Update, String> {
        let mut update = Update::default();
        for (field, new) in &edited.fields {
            let old = self.fields.get(field).map_or("", |value| value.trim());
            if old != new {
                change(&mut update, *field, (old, new), now)
                    .map_err(|problem| format!("{}: {problem}", field.name()))?;
            }
        }
        let (old, new) = (&self.description, &edited.description);
        // Some editors change every line break; only who had such ones wants them.
        let new = if old.contains('\r') {
            new.clone()
        } else {
            new.replace("\r\n", "\n")
        };
        if ended(old) != ended(&new) {
            update.description = Some(ended(&new).to_owned());
        }
        Ok(update)
    }
}

/// Editors end a text with a line break that nobody means.
fn ended(description: &str) -> &str {
    description.trim_end_matches(['\n', '\r'])
}

fn read(line: &str) -> Result<(Field, &str), String> {
    let (name, value) = line
        .split_once(':')
        .ok_or("it is no field; the description begins after an empty line")?;
    Ok((Field::parse(name.trim())?, value.trim()))
}

/// Puts the new value of one field into the update.
fn change(
    update: &mut Update,
    field: Field,
    (old, new): (&str, &str),
    now: Timestamp,
) -> Result<(), String> {
    let moment = || values::moment(new).map(|moment| Some(moment.resolve(now)));
    match field {
        Field::Title => update.title = Some(new.to_owned()),
        Field::Kind => update.kind = Some(values::kind(new)?),
        Field::Priority => update.priority = Some(priority(new)?),
        Field::Labels => {
            let (old, new) = (labels(old)?, labels(new)?);
            update.add_labels = new.difference(&old).cloned().collect();
            update.remove_labels = old.difference(&new).cloned().collect();
        }
        Field::Due if new.is_empty() => update.cleared.push(ClearedField::Due),
        Field::Due => update.due = moment()?,
        Field::NotBefore if new.is_empty() => update.cleared.push(ClearedField::NotBefore),
        Field::NotBefore => update.not_before = moment()?,
        Field::Estimate if new.is_empty() => update.cleared.push(ClearedField::Estimate),
        Field::Estimate => {
            let minutes = new.parse();
            update.estimate_minutes =
                Some(minutes.map_err(|_| format!("`{new}` is no number of minutes"))?);
        }
    }
    Ok(())
}

fn priority(text: &str) -> Result<Priority, String> {
    Priority::parse(text).ok_or_else(|| {
        let known = Priority::ALL.map(Priority::as_str).join(", ");
        format!("`{text}` is not one of {known}")
    })
}

fn labels(text: &str) -> Result<BTreeSet<Label>, String> {
    let words = text.split(|ch: char| ch == ',' || ch.is_whitespace());
    let words = words.filter(|word| !word.is_empty());
    words.map(values::label).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use jit_core::{Assignee, IssueId};

    fn issue() -> Issue {
        let now = Timestamp::parse("2026-01-31T12:00:00Z").unwrap();
        let id = IssueId::parse("k7m2abcdef").unwrap();
        let by = Assignee::parse("human:ada").unwrap();
        Issue {
            description: "First line.\n\n# A heading\ntype: no field\n".to_owned(),
            labels: ["area:core", "ä"]
                .map(|text| Label::parse(text).unwrap())
                .into(),
            due: Some(now),
            ..Issue::new(id, "Write: a parser # now".to_owned(), by, now)
        }
    }

    /// Replaces a piece of the text and tells what that changes.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a snapshot is made for one check"
    )]
    fn check(old: &str, new: &str, expected: Expect) {
        let form = Form::of(&issue());
        let text = form.render("k7m2abcdef");
        assert!(text.contains(old), "{text}");
        let now = Timestamp::parse("2026-01-31T12:00:00Z").unwrap();
        let changes =
            Form::parse(&text.replace(old, new)).and_then(|edited| form.changes(&edited, now));
        let told = match changes {
            Ok(update) if update == Update::default() => "nothing".to_owned(),
            Ok(update) => told(&update),
            Err(problem) => format!("refused: {problem}"),
        };
        expected.assert_eq(&told);
    }

    /// Names the members that are set.
    fn told(update: &Update) -> String {
        let unset = format!("{:#?}", Update::default());
        let lines = format!("{update:#?}");
        let differs = |line: &&str| !unset.lines().any(|other| other == *line);
        let differing: Vec<&str> = lines.lines().filter(differs).map(str::trim).collect();
        differing.join(" ")
    }

    #[test]
    fn the_form_is_fields_and_then_the_description() {
        expect![[r#"
            # Issue k7m2abcdef: fields first, after an empty line the description in Markdown.
            # An empty field is cleared, a line that is left out stays as it was.
            title: Write: a parser # now
            type: task
            priority: normal
            labels: area:core, ä
            due: 2026-01-31T12:00:00.000000Z
            not_before:
            estimate_minutes:

            First line.

            # A heading
            type: no field

        "#]]
        .assert_eq(&Form::of(&issue()).render("k7m2abcdef"));
    }

    #[test]
    fn only_what_was_edited_changes() {
        check("Write", "Write", expect!["nothing"]);
        check("\n", "\r\n", expect!["nothing"]);
        check(
            "type: no field\n",
            "type: no field\n\n\n",
            expect!["nothing"],
        );
        check(
            "# now",
            "# later",
            expect![[r#"title: Some( "Write: a parser # later", ),"#]],
        );
        check(
            "type: task",
            "type:bug",
            expect![[r#"kind: Some( IssueType( "bug", ), ),"#]],
        );
        check(
            "labels: area:core, ä",
            "labels: area:core new",
            expect![[r#"add_labels: [ Label( "new", ), ], remove_labels: [ Label( "ä", ), ],"#]],
        );
        check(
            "due: 2026-01-31T12:00:00.000000Z",
            "due: 2h",
            expect!["due: Some( Timestamp( 1769868000000000, ), ),"],
        );
        check(
            "due: 2026-01-31T12:00:00.000000Z",
            "due:",
            expect!["cleared: [ Due, ],"],
        );
        check("due: 2026-01-31T12:00:00.000000Z\n", "", expect!["nothing"]);
        check(
            "estimate_minutes:",
            "estimate_minutes: 90",
            expect!["estimate_minutes: Some( 90, ),"],
        );
        check(
            "First line.",
            "Another line.",
            expect![[r#"description: Some( "Another line.\n\n# A heading\ntype: no field", ),"#]],
        );
        check(
            "labels: area:core, ä",
            "labels:",
            expect![[r#"remove_labels: [ Label( "area:core", ), Label( "ä", ), ],"#]],
        );
    }

    #[test]
    fn what_means_nothing_is_refused() {
        check(
            "due:",
            "dew:",
            expect!["refused: line 7: `dew` can't be edited here"],
        );
        check(
            "type: task",
            "state: done",
            expect!["refused: line 4: `state` can't be edited here"],
        );
        check(
            "type: task",
            "type: task\ntype: bug",
            expect!["refused: line 5: there is another `type` before"],
        );
        check(
            "type: task",
            "a description too early",
            expect!["refused: line 4: it is no field; the description begins after an empty line"],
        );
        check(
            "priority: normal",
            "priority: urgent",
            expect!["refused: priority: `urgent` is not one of critical, high, normal, low"],
        );
        check(
            "due: 2026-01-31T12:00:00.000000Z",
            "due: tomorrow",
            expect![
                "refused: due: `tomorrow` is not a time, write one like 2026-01-31T12:00:00Z or a duration from now like 30m"
            ],
        );
        check(
            "estimate_minutes:",
            "estimate_minutes: -3",
            expect!["refused: estimate_minutes: `-3` is no number of minutes"],
        );
        check(
            "labels: area:core, ä",
            "labels: -x",
            expect![
                "refused: labels: `-x` is not a label (1 to 128 bytes, no spaces or commas, not beginning with `-`)"
            ],
        );
    }
}
