//! The only thing that both programs share is data: every published sample is understood, also by a dispatcher that is
//! older than the `jit` that made it.

use std::path::{Path, PathBuf};

use jit_dispatch::jit_client::{
    JitErrorKind, State, parse_error, parse_event, parse_issue, parse_list, parse_repository,
};
use serde_json::{Value, json};

/// Fields whose words may grow.
const WORDS: [&str; 4] = ["state", "priority", "kind", "type"];

fn contracts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/v1")
}

/// Returns every sample under `folder` with its name, one for each line of a stream.
fn samples(folder: &str) -> Vec<(String, Value)> {
    let dir = contracts().join(folder);
    let entries = std::fs::read_dir(&dir).expect("the published samples lie in the repository");
    let mut found = Vec::new();
    for path in entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
    {
        let name = path
            .file_stem()
            .and_then(|name| name.to_str())
            .expect("a plain name")
            .to_owned();
        let text = std::fs::read_to_string(&path).expect("it can be read");
        let is_stream = path
            .extension()
            .is_some_and(|extension| extension == "jsonl");
        let parts: Vec<&str> = if is_stream {
            text.lines().collect()
        } else {
            vec![&text]
        };
        for part in parts {
            let value = serde_json::from_str(part).expect("a sample is JSON");
            found.push((name.clone(), value));
        }
    }
    assert!(!found.is_empty(), "no samples in {}", dir.display());
    found
}

/// Returns the sample as a newer `jit` might print it: more fields, and words that nobody knows yet.
fn from_the_future(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut object: serde_json::Map<String, Value> = object
                .iter()
                .map(|(key, value)| {
                    let is_word = WORDS.contains(&key.as_str()) && value.is_string();
                    let value = if is_word {
                        json!("unheard-of")
                    } else {
                        from_the_future(value)
                    };
                    (key.clone(), value)
                })
                .collect();
            object.insert("unheard_of".to_owned(), json!({ "deep": [1, null, {}] }));
            Value::Object(object)
        }
        Value::Array(elements) => Value::Array(elements.iter().map(from_the_future).collect()),
        other => other.clone(),
    }
}

fn both(value: &Value) -> [Vec<u8>; 2] {
    [value.clone(), from_the_future(value)].map(|value| value.to_string().into_bytes())
}

fn is_issue(value: &Value) -> bool {
    ["id", "title", "state"]
        .iter()
        .all(|key| value.get(key).is_some())
}

#[test]
fn every_sample_of_an_issue_is_understood_now_and_later() {
    let mut n_issues = 0;
    for (name, value) in samples("samples") {
        match &value {
            Value::Object(_) if is_issue(&value) => {
                for document in both(&value) {
                    let issue =
                        parse_issue(&document).unwrap_or_else(|error| panic!("{name}: {error}"));
                    assert_eq!(issue.id.as_str(), value["id"], "{name}");
                    assert_eq!(issue.title, value["title"], "{name}");
                }
                n_issues += 1;
            }
            Value::Array(elements) if elements.iter().any(is_issue) => {
                for document in both(&value) {
                    let listed =
                        parse_list(&document).unwrap_or_else(|error| panic!("{name}: {error}"));
                    assert_eq!(
                        (listed.issues.len(), listed.malformed),
                        (elements.len(), vec![]),
                        "{name}"
                    );
                }
                n_issues += elements.len();
            }
            _ => {}
        }
    }
    assert!(
        n_issues > 20,
        "only {n_issues} samples of issues were found"
    );
}

/// Returns the one sample called `name`.
fn sample(name: &str) -> Value {
    let mut named = samples("samples")
        .into_iter()
        .filter(|(other, _)| other == name);
    named
        .next()
        .unwrap_or_else(|| panic!("there is no sample {name}"))
        .1
}

#[test]
fn what_the_dispatcher_relies_on_is_where_it_looks() {
    let claimed =
        parse_issue(sample("issue_claim").to_string().as_bytes()).expect("it is an issue");
    assert_eq!(claimed.state, State::InProgress);
    assert_eq!(
        claimed.lease.and_then(|lease| lease.epoch),
        Some(claimed.epoch)
    );
    assert!(claimed.epoch > 0 && claimed.assignee.is_some());
    let ready = parse_list(sample("query_ready").to_string().as_bytes()).expect("it is a list");
    assert!(
        ready
            .issues
            .iter()
            .all(|issue| issue.state == State::Ready && issue.ready_since.is_some())
    );
    let done = parse_issue(sample("issue_done").to_string().as_bytes()).expect("it is an issue");
    assert!(matches!(done.state, State::Done | State::Gated));
    for name in ["issue_show", "issue_release", "issue_hold"] {
        parse_issue(sample(name).to_string().as_bytes())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    assert!(sample("lease_renew")["cancel_requested"].is_boolean());
    for document in both(&sample("where")) {
        let repository = parse_repository(&document).expect("it says where the store is");
        assert!(repository.store == format!("{}/.jit", repository.root));
    }
}

#[test]
fn every_event_is_understood_and_unknown_ones_wake_the_dispatcher() {
    for (name, value) in samples("samples")
        .into_iter()
        .filter(|(name, _)| name.starts_with("events_"))
    {
        let [now, later] = both(&value).map(|line| parse_event(&line).expect("it is an event"));
        assert_eq!(now.kind, value["type"], "{name}");
        assert_eq!(
            now.issue.as_ref().map(jit_scheduler::IssueId::as_str),
            value["issue"].as_str(),
            "{name}"
        );
        assert!(later.may_ready(), "{name}");
    }
}

#[test]
fn every_error_and_every_exit_code_is_understood() {
    for (name, value) in samples("samples/errors") {
        for document in both(&value) {
            let answer = parse_error(&document);
            assert_eq!(answer.code, value["error"]["code"], "{name}");
            assert_eq!(answer.message, value["error"]["message"], "{name}");
        }
    }
    let text =
        std::fs::read_to_string(contracts().join("exit-codes.json")).expect("it is published");
    let rows: Vec<Value> = serde_json::from_str(&text).expect("it is a table");
    for row in rows.iter().filter(|row| row["exit"] != 0) {
        let exit = row["exit"]
            .as_i64()
            .and_then(|exit| i32::try_from(exit).ok())
            .expect("a number");
        // Signals are no answers.
        assert!(
            exit >= 128 || JitErrorKind::from_exit(exit).is_some(),
            "{row}"
        );
    }
}

#[test]
fn what_is_no_issue_never_hides_the_others() {
    let rows = [
        (
            r#"[{"id":"abcd"},{"title":"no id"},7,{"id":"../x"},{"id":"-rf"},{"id":"efgh","title":3}]"#,
            2,
            4,
        ),
        ("[]", 0, 0),
    ];
    for (text, issues, malformed) in rows {
        let listed = parse_list(text.as_bytes()).expect("it is a list");
        assert_eq!(
            (listed.issues.len(), listed.malformed.len()),
            (issues, malformed),
            "{text}"
        );
    }
    for text in ["", "{}", "null", "[{\"id\":\"abcd\"}", "\u{1f4a5}"] {
        assert!(parse_list(text.as_bytes()).is_err(), "{text}");
    }
}
