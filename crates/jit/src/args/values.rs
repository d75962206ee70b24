//! Parsers of single values, as clap calls them.
//!
//! Owns the spelling of priorities, states, times and pairs. Refuses values that only a repository can judge.

use clap::builder::{PossibleValuesParser, TypedValueParser as _, ValueParser};
use jit_core::issue::{IssueType, LinkKind};
use jit_core::label::LabelPattern;
use jit_core::timestamp::parse_duration;
use jit_core::{
    Assignee, GateKey, GateStage, Label, Priority, ShownState, SlotName, Timestamp, Value,
};
use std::time::Duration;

/// A point in time as people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// A point.
    At(Timestamp),
    /// So long after now.
    After(Duration),
}

impl Moment {
    /// Returns the point that is meant at `now`.
    pub(crate) fn resolve(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(point) => point,
            Self::After(duration) => now.plus(duration),
        }
    }
}

/// Accepts the four priorities.
pub(crate) fn priority() -> ValueParser {
    let names = Priority::ALL.map(Priority::as_str);
    PossibleValuesParser::new(names)
        .map(|name| Priority::parse(&name).expect("only known names pass"))
        .into()
}

/// Accepts the states as they are shown.
pub(crate) fn state() -> ValueParser {
    let names = ShownState::ALL.map(ShownState::as_str);
    PossibleValuesParser::new(names)
        .map(|name| ShownState::parse(&name).expect("only known names pass"))
        .into()
}

/// Accepts the two stages of gates.
pub(crate) fn stage() -> ValueParser {
    let names = GateStage::ALL.map(GateStage::as_str);
    PossibleValuesParser::new(names)
        .map(|name| GateStage::parse(&name).expect("only known names pass"))
        .into()
}

/// Accepts the kinds of links.
pub(crate) fn link_kind() -> ValueParser {
    let names = LinkKind::ALL.map(LinkKind::as_str);
    PossibleValuesParser::new(names)
        .map(|name| LinkKind::parse(&name).expect("only known names pass"))
        .into()
}

/// Reads a type of issue; whether the repository knows it is for the rules to say.
pub(crate) fn kind(text: &str) -> Result<IssueType, String> {
    IssueType::parse(text).map_err(|error| error.to_string())
}

/// Reads somebody's name.
pub(crate) fn who(text: &str) -> Result<Assignee, String> {
    Assignee::parse(text).map_err(|error| error.to_string())
}

/// Reads a label.
pub(crate) fn label(text: &str) -> Result<Label, String> {
    Label::parse(text).map_err(|error| error.to_string())
}

/// Reads a label, or the beginning of one followed by `*`.
pub(crate) fn label_pattern(text: &str) -> Result<LabelPattern, String> {
    LabelPattern::parse(text).map_err(|error| error.to_string())
}

/// Reads the key of a gate.
pub(crate) fn gate(text: &str) -> Result<GateKey, String> {
    GateKey::parse(text).map_err(|error| error.to_string())
}

/// Reads a duration such as `30m`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let duration = parse_duration(text)
        .map_err(|_| format!("`{text}` is not a duration, write one like 30s, 45m, 2h or 1d"))?;
    if duration.is_zero() {
        return Err("a duration must be longer than nothing".to_owned());
    }
    Ok(duration)
}

/// Reads a time, or a duration from now.
pub(crate) fn moment(text: &str) -> Result<Moment, String> {
    match (Timestamp::parse(text), parse_duration(text)) {
        (Ok(point), _) => Ok(Moment::At(point)),
        (_, Ok(duration)) => Ok(Moment::After(duration)),
        (Err(error), Err(_)) => Err(error.to_string()),
    }
}

/// Reads `NAME=MAX`, a slot and how many leases may hold it at once.
pub(crate) fn slot(text: &str) -> Result<(SlotName, u32), String> {
    let (name, max) = text
        .rsplit_once('=')
        .ok_or_else(|| format!("`{text}` is not NAME=MAX"))?;
    let name = SlotName::parse(name).map_err(|error| error.to_string())?;
    let max = max.parse().ok().filter(|max| *max > 0);
    max.map(|max| (name, max))
        .ok_or_else(|| format!("the limit in `{text}` is not a whole number above 0"))
}

/// Reads `key=text`, or `key:=JSON`.
pub(crate) fn pair(text: &str) -> Result<(String, Value), String> {
    let fail = || format!("`{text}` is not key=text or key:=JSON");
    let (key, value) = text.split_once('=').ok_or_else(fail)?;
    match key.strip_suffix(':') {
        _ if key.is_empty() || key == ":" => Err(fail()),
        None => Ok((key.to_owned(), value.into())),
        Some(key) => {
            let value = serde_json::from_str(value)
                .map_err(|error| format!("the value of `{key}` is not JSON: {error}"))?;
            Ok((key.to_owned(), value))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_text_unless_they_say_json() {
        let check = |text: &str, expected: Option<(&str, Value)>| {
            let expected = expected.map(|(key, value)| (key.to_owned(), value));
            assert_eq!(pair(text).ok(), expected, "{text}");
        };
        check("version=1.10", Some(("version", "1.10".into())));
        check("n:=3", Some(("n", Value::Int(3))));
        check("a=b=c", Some(("a", "b=c".into())));
        check("empty=", Some(("empty", "".into())));
        check("n:=x", None);
        check("=x", None);
        check("x", None);
    }

    #[test]
    fn a_slot_has_a_name_and_a_limit() {
        let check = |text: &str, expected: Option<(&str, u32)>| {
            let found = slot(text).ok();
            let found = found.as_ref().map(|(name, max)| (name.as_str(), *max));
            assert_eq!(found, expected, "{text}");
        };
        check("account:main=4", Some(("account:main", 4)));
        check("a=1", Some(("a", 1)));
        check("a=0", None);
        check("a=-1", None);
        check("a=b=1", None);
        check("a=4294967296", None);
        check("a", None);
        check("=1", None);
    }

    #[test]
    fn moments_are_points_or_durations_from_now() {
        let now = Timestamp::parse("2026-01-31T12:00:00Z").unwrap();
        let check = |text: &str, expected: Option<&str>| {
            let shown = moment(text)
                .ok()
                .map(|moment| moment.resolve(now).to_string());
            assert_eq!(shown.as_deref(), expected, "{text}");
        };
        check(
            "2026-02-01T00:00:00+01:00",
            Some("2026-01-31T23:00:00.000000Z"),
        );
        check("30m", Some("2026-01-31T12:30:00.000000Z"));
        check("tomorrow", None);
    }
}
