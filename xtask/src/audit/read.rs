//! Reads what the programs printed.
//!
//! Owns the few fields that the rules need. Refuses nothing it does not know: unknown fields and event types are passed over,
//! but a known one that cannot be read is an error, because a rule that saw less would pass too easily.

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde_json::Value;

use super::{Fact, Moment, Report, Task};

/// Reads the array that `jit issue list --json` prints.
pub(crate) fn tasks(text: &str) -> Result<Vec<Task>> {
    let issues: Vec<Value> =
        serde_json::from_str(text).context("the issue list is not a JSON array")?;
    issues.iter().map(task).collect()
}

fn task(issue: &Value) -> Result<Task> {
    let strings = |key: &str| -> Vec<String> {
        issue[key]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    Ok(Task {
        id: string(issue, "id")?,
        title: string(issue, "title")?,
        rank: rank(issue["priority"].as_str().unwrap_or_default())
            .with_context(|| format!("{} has no known priority", issue["id"]))?,
        state: string(issue, "state")?,
        labels: strings("labels").into_iter().collect(),
        dependencies: strings("dependencies"),
        parent: issue["parent"].as_str().map(str::to_owned),
        gates: issue["gates"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, _)| key.clone())
            .collect(),
    })
}

fn rank(priority: &str) -> Option<u8> {
    ["critical", "high", "normal", "low"]
        .iter()
        .position(|name| *name == priority)
        .and_then(|at| u8::try_from(at).ok())
}

/// Reads the lines that `jit events query --json` prints.
pub(crate) fn moments(text: &str) -> Result<Vec<Moment>> {
    let mut moments = Vec::new();
    for line in text.lines() {
        let event: Value = serde_json::from_str(line).context("an event is not JSON")?;
        if let Some(fact) = fact(&event)? {
            moments.push(Moment {
                at: time(&event)?,
                issue: string(&event, "issue")?,
                fact,
            });
        }
    }
    Ok(moments)
}

fn fact(event: &Value) -> Result<Option<Fact>> {
    let after = |field: &str| &event["changes"][field][1];
    Ok(match string(event, "type")?.as_str() {
        "issue.claimed" => Some(Fact::Claimed {
            by: after("assignee").as_str().unwrap_or_default().to_owned(),
            epoch: event["epoch"].as_u64().context("a claim has no epoch")?,
        }),
        "issue.released" | "lease.expired" => Some(Fact::Released {
            not_before: after("not_before")
                .as_str()
                .map(str::parse)
                .transpose()
                .context("not_before is no time")?,
        }),
        "issue.gated" => Some(Fact::Gated),
        "issue.done" => Some(Fact::Done),
        "gate.passed" => Some(Fact::GatePassed {
            key: string(event, "gate")?,
        }),
        // A failed exit gate sends the issue back.
        "gate.failed" if after("state") == "open" => Some(Fact::Released { not_before: None }),
        _ => None,
    })
}

/// Reads the lines of the dispatcher's `events.jsonl`.
pub(crate) fn reports(text: &str) -> Result<Vec<Report>> {
    text.lines()
        .map(|line| {
            let event: Value =
                serde_json::from_str(line).context("a line of the dispatcher is not JSON")?;
            let optional = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
            Ok(Report {
                seq: event["seq"]
                    .as_u64()
                    .context("a line of the dispatcher has no seq")?,
                at: time(&event)?,
                kind: string(&event, "type")?,
                issue: optional("issue"),
                agent: optional("agent"),
                run: optional("run"),
            })
        })
        .collect()
}

fn string(value: &Value, key: &str) -> Result<String> {
    value[key]
        .as_str()
        .map(str::to_owned)
        .with_context(|| format!("`{key}` is missing in {value}"))
}

fn time(event: &Value) -> Result<Timestamp> {
    string(event, "ts")?
        .parse()
        .with_context(|| format!("`ts` is no time in {event}"))
}

#[cfg(test)]
mod tests {
    use super::{moments, reports, tasks};
    use crate::audit::Fact;

    #[test]
    fn events_that_matter_are_read_and_others_passed_over() {
        let line = |rest: &str| {
            format!("{{\"ts\":\"2026-01-01T00:00:00.000001Z\",\"issue\":\"k7m2\",{rest}}}\n")
        };
        let claimed = Fact::Claimed {
            by: "agent:coder".to_owned(),
            epoch: 3,
        };
        let rows = [
            (
                r#""type":"issue.claimed","epoch":3,"changes":{"assignee":[null,"agent:coder"]}"#,
                vec![claimed],
            ),
            (
                r#""type":"issue.released","changes":{}"#,
                vec![Fact::Released { not_before: None }],
            ),
            (
                r#""type":"gate.passed","gate":"review""#,
                vec![Fact::GatePassed {
                    key: "review".to_owned(),
                }],
            ),
            (
                r#""type":"gate.failed","gate":"review","changes":{"state":["gated","open"]}"#,
                vec![Fact::Released { not_before: None }],
            ),
            (
                r#""type":"gate.failed","gate":"review","changes":{}"#,
                vec![],
            ),
            (r#""type":"issue.done""#, vec![Fact::Done]),
            (r#""type":"issue.sung""#, vec![]),
        ];
        for (rest, expected) in rows {
            let found: Vec<Fact> = moments(&line(rest))
                .unwrap()
                .into_iter()
                .map(|moment| moment.fact)
                .collect();
            assert_eq!(found, expected, "{rest}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        let rows = [
            ("{", "an event is not JSON"),
            (
                r#"{"type":"issue.claimed","issue":"a","ts":"2026-01-01T00:00:00Z"}"#,
                "a claim has no epoch",
            ),
        ];
        for (line, expected) in rows {
            assert_eq!(moments(line).unwrap_err().to_string(), expected);
        }
        assert!(reports(r#"{"type":"started"}"#).is_err());
        assert!(tasks(r#"[{"id":"a","title":"b","priority":"soon","state":"open"}]"#).is_err());
    }
}
