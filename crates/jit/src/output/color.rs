//! Styles, and whether to use them.
//!
//! Owns the escape sequences that we write ourselves. Refuses text: `page` brings that, already safe.

use std::ffi::OsString;

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal that can show it
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl ColorChoice {
    /// Returns whether to colour a stream; `environment` looks up a variable.
    pub(crate) fn is_on(
        self,
        is_terminal: bool,
        environment: impl Fn(&str) -> Option<OsString>,
    ) -> bool {
        let is_set = |name: &str| environment(name).is_some_and(|value| !value.is_empty());
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto if is_set("NO_COLOR") => false,
            Self::Auto
                if environment("CLICOLOR_FORCE")
                    .is_some_and(|value| value != "0" && !value.is_empty()) =>
            {
                true
            }
            Self::Auto => is_terminal && environment("TERM").is_none_or(|term| term != "dumb"),
        }
    }
}

/// How a piece of text looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Style {
    /// As it is.
    #[default]
    Plain,
    /// A heading.
    Bold,
    /// Beside the point.
    Dim,
    /// Something is wrong, or burns.
    Red,
    /// Something is good, or done.
    Green,
    /// Something waits.
    Yellow,
    /// Something is under way.
    Blue,
    /// A name to type.
    Cyan,
}

impl Style {
    /// Appends the text in this style.
    pub(crate) fn paint(self, text: &str, is_on: bool, to: &mut String) {
        let code = match self {
            Self::Plain => "",
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Red => "31",
            Self::Green => "32",
            Self::Yellow => "33",
            Self::Blue => "34",
            Self::Cyan => "36",
        };
        if !is_on || code.is_empty() || text.is_empty() {
            to.push_str(text);
            return;
        }
        to.extend(["\u{1b}[", code, "m", text, "\u{1b}[0m"]);
    }

    /// Returns the style of a shown state.
    pub(crate) fn of_state(state: &str) -> Self {
        match state {
            "ready" => Self::Green,
            "in_progress" => Self::Blue,
            "open" | "gated" => Self::Yellow,
            _ => Self::Dim,
        }
    }

    /// Returns the style of a priority.
    pub(crate) fn of_priority(priority: &str) -> Self {
        match priority {
            "critical" => Self::Red,
            "high" => Self::Yellow,
            "low" => Self::Dim,
            _ => Self::Plain,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_follows_the_flag_then_the_environment_then_the_terminal() {
        let check =
            |choice: ColorChoice, is_terminal: bool, set: &[(&str, &str)], expected: bool| {
                let look = |name: &str| {
                    let found = set.iter().find(|(known, _)| *known == name);
                    found.map(|(_, value)| OsString::from(value))
                };
                assert_eq!(
                    choice.is_on(is_terminal, look),
                    expected,
                    "{choice:?} {set:?}"
                );
            };
        check(ColorChoice::Auto, true, &[], true);
        check(ColorChoice::Auto, false, &[], false);
        check(ColorChoice::Auto, true, &[("NO_COLOR", "1")], false);
        check(ColorChoice::Auto, true, &[("NO_COLOR", "")], true);
        check(ColorChoice::Auto, false, &[("CLICOLOR_FORCE", "1")], true);
        check(ColorChoice::Auto, true, &[("TERM", "dumb")], false);
        check(ColorChoice::Always, false, &[("NO_COLOR", "1")], true);
        check(ColorChoice::Never, true, &[("CLICOLOR_FORCE", "1")], false);
    }
}
