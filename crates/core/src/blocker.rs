//! What keeps an issue from being begun or finished, as a value and in words.
//!
//! Owns the reasons, their objects and the one place of their words. Refuses to judge whether any of them holds
//! (`readiness`).

use crate::{Assignee, GateKey, GateStatus, IssueId, State, Timestamp, Value};
use std::fmt;

/// One reason why an issue can't be begun or finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blocker {
    /// A dependency is not resolved; `state` is none when it is missing or deleted. Whether an open dependency is itself
    /// ready is not said: that would judge the whole chain below it.
    Dependency {
        /// The dependency.
        id: IssueId,
        /// Its stored state.
        state: Option<State>,
    },
    /// A gate is not passed.
    Gate {
        /// Its key.
        key: GateKey,
        /// Where it stands.
        status: GateStatus,
        /// Whether the repository defines it.
        is_defined: bool,
    },
    /// A child is not resolved.
    Child {
        /// The child.
        id: IssueId,
    },
    /// An ancestor is itself blocked.
    Parent {
        /// The ancestor.
        id: IssueId,
        /// The kinds of its own reasons.
        because: Vec<&'static str>,
    },
    /// Somebody said "not now".
    Hold {
        /// Who.
        by: Assignee,
        /// Why.
        reason: String,
    },
    /// It is too early.
    NotBefore {
        /// When it is not any more.
        at: Timestamp,
    },
    /// It waits for itself.
    Cycle,
    /// A merge could not decide something about it.
    Conflict {
        /// The fields in question.
        fields: Vec<String>,
    },
    /// A newer version has written values that this one can't judge.
    Newer {
        /// The fields with such values.
        fields: Vec<String>,
    },
    /// An acceptance criterion is open.
    Checklist {
        /// Its id within the issue.
        item: String,
        /// Its text.
        text: String,
    },
}

impl Blocker {
    /// Returns the kind as outputs name it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Dependency { .. } => "dependency",
            Self::Gate { .. } => "gate",
            Self::Child { .. } => "child",
            Self::Parent { .. } => "parent",
            Self::Hold { .. } => "hold",
            Self::NotBefore { .. } => "not_before",
            Self::Cycle => "cycle",
            Self::Conflict { .. } => "conflict",
            Self::Newer { .. } => "newer",
            Self::Checklist { .. } => "checklist",
        }
    }

    /// Returns the blocker as an object `{kind, …}`.
    pub fn to_value(&self) -> Value {
        let kind = ("kind", Value::from(self.kind()));
        match self {
            Self::Dependency { id, state } => {
                let state = state.map_or("missing", State::as_str);
                Value::object([kind, ("id", id.as_str().into()), ("state", state.into())])
            }
            Self::Gate {
                key,
                status,
                is_defined,
            } => Value::object([
                kind,
                ("gate", key.as_str().into()),
                (
                    "status",
                    if *is_defined {
                        status.as_str()
                    } else {
                        "undefined"
                    }
                    .into(),
                ),
            ]),
            Self::Child { id } => Value::object([kind, ("id", id.as_str().into())]),
            Self::Parent { id, because } => {
                let because = because.iter().map(|kind| Value::from(*kind)).collect();
                Value::object([
                    kind,
                    ("id", id.as_str().into()),
                    ("because", Value::Array(because)),
                ])
            }
            Self::Hold { by, reason } => Value::object([
                kind,
                ("by", by.as_str().into()),
                ("reason", reason.as_str().into()),
            ]),
            Self::NotBefore { at } => Value::object([kind, ("at", at.to_string().into())]),
            Self::Cycle => Value::object([kind]),
            Self::Conflict { fields } | Self::Newer { fields } => {
                Value::object([kind, ("fields", fields.clone().into())])
            }
            Self::Checklist { item, text } => Value::object([
                kind,
                ("item", item.as_str().into()),
                ("text", text.as_str().into()),
            ]),
        }
    }
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&words(&self.to_value()))
    }
}

/// Returns what an object of [`Blocker::to_value`] says, in words; none of an object that is something else.
pub fn words_of(blocker: &Value) -> Option<String> {
    Some(words(blocker)).filter(|words| !words.is_empty())
}

fn words(blocker: &Value) -> String {
    let member = |name: &str| blocker.as_object().and_then(|members| members.get(name));
    let text = |name: &str| member(name).and_then(Value::as_str).unwrap_or_default();
    let list = |name: &str| {
        let items = member(name).and_then(Value::as_array).unwrap_or_default();
        let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
        texts.join(", ")
    };
    let id = text("id");
    match text("kind") {
        "dependency" => match text("state") {
            // Whether an open dependency is itself ready is not said.
            "open" => format!("dependency {id} is not resolved"),
            state => format!("dependency {id} is {state}"),
        },
        "gate" => match (text("gate"), text("status")) {
            (key, "undefined") => format!("gate {key} is not defined"),
            (key, status) => format!("gate {key} is {status}"),
        },
        "child" => format!("child {id} is not resolved"),
        "parent" => format!("parent {id} is blocked ({})", list("because")),
        "hold" => format!("on hold by {}: {}", text("by"), text("reason")),
        "not_before" => format!("not before {}", text("at")),
        "conflict" => format!("a merge left {} undecided", list("fields")),
        "newer" => format!("a newer jit has written {}", list("fields")),
        "cycle" => "it waits for itself".to_owned(),
        "checklist" => format!("checklist item {} is open: {}", text("item"), text("text")),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    #[expect(
        clippy::needless_pass_by_value,
        reason = "a snapshot is made for one check"
    )]
    fn check(blocker: Blocker, expected: Expect) {
        expected.assert_eq(&blocker.to_string());
        assert_eq!(words_of(&blocker.to_value()), Some(blocker.to_string()));
    }

    #[test]
    fn every_reason_has_words() {
        let id = || IssueId::parse("k7m2abcdef").unwrap();
        let dependency = |state| Blocker::Dependency { id: id(), state };
        check(
            dependency(Some(State::Open)),
            expect!["dependency k7m2abcdef is not resolved"],
        );
        check(
            dependency(Some(State::InProgress)),
            expect!["dependency k7m2abcdef is in_progress"],
        );
        check(
            dependency(None),
            expect!["dependency k7m2abcdef is missing"],
        );
        let gate = |is_defined| Blocker::Gate {
            key: GateKey::parse("review").unwrap(),
            status: GateStatus::Failed,
            is_defined,
        };
        check(gate(true), expect!["gate review is failed"]);
        check(gate(false), expect!["gate review is not defined"]);
        check(
            Blocker::Child { id: id() },
            expect!["child k7m2abcdef is not resolved"],
        );
        let because = vec!["dependency", "hold"];
        check(
            Blocker::Parent { id: id(), because },
            expect!["parent k7m2abcdef is blocked (dependency, hold)"],
        );
        let by = Assignee::parse("human:ada").unwrap();
        let reason = "waits".to_owned();
        check(
            Blocker::Hold { by, reason },
            expect!["on hold by human:ada: waits"],
        );
        let at = Timestamp::parse("2026-01-31T12:00:00Z").unwrap();
        check(
            Blocker::NotBefore { at },
            expect!["not before 2026-01-31T12:00:00.000000Z"],
        );
        let fields = vec!["title".to_owned()];
        check(
            Blocker::Conflict { fields },
            expect!["a merge left title undecided"],
        );
        check(Blocker::Cycle, expect!["it waits for itself"]);
        let fields = vec!["priority".to_owned(), "state".to_owned()];
        check(
            Blocker::Newer { fields },
            expect!["a newer jit has written priority, state"],
        );
        let (item, text) = ("1".to_owned(), "works".to_owned());
        check(
            Blocker::Checklist { item, text },
            expect!["checklist item 1 is open: works"],
        );
        assert_eq!(words_of(&Value::from("something else")), None);
    }
}
