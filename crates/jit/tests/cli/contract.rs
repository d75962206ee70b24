//! What machine consumers rely on: `contracts/v1` says what the program says.
//!
//! Owns the samples, the schemas and the table of exit codes. With `UPDATE_CONTRACTS=1` they are written anew, else compared.

mod samples;
mod schema;

use jit_core::ErrorKind;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The samples, made once for all tests.
static SAMPLES: LazyLock<Files> = LazyLock::new(samples::samples);

/// The files of the contract by their path below `contracts/v1`.
type Files = BTreeMap<String, String>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/v1")
}

#[test]
fn the_files_say_what_the_program_says() {
    let mut files = Files::new();
    for (name, document) in jit_wire::schema::documents() {
        files.insert(format!("schema/{name}.json"), pretty(&document));
    }
    files.insert("exit-codes.json".to_owned(), pretty(&exit_codes()));
    files.extend(SAMPLES.clone());
    if std::env::var_os("UPDATE_CONTRACTS").is_some() {
        for (path, text) in &files {
            let path = folder().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        return;
    }
    for (path, text) in &files {
        let kept = std::fs::read_to_string(folder().join(path)).unwrap_or_default();
        assert_eq!(
            kept, *text,
            "contracts/v1/{path} is out of date: set UPDATE_CONTRACTS=1 to write it"
        );
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).expect("a value can be written") + "\n"
}

fn exit_codes() -> Value {
    let codes: Vec<Value> = jit_wire::exit::MEANINGS
        .iter()
        .map(|(code, meaning)| {
            let of_code = |kind: &&ErrorKind| jit_wire::exit_code(**kind) == *code;
            let kinds = ErrorKind::ALL.iter().filter(of_code);
            let errors: Vec<Value> = kinds
                .map(|kind| json!({"code": kind.code(), "retryable": kind.is_retryable()}))
                .collect();
            json!({"exit": code, "meaning": meaning, "errors": errors})
        })
        .collect();
    Value::Array(codes)
}

#[test]
fn no_hint_of_a_contract_sample_destroys_anything() {
    let harmful = [
        "--force",
        "delete",
        "reject",
        "release",
        "unhold",
        "gate pass",
        "reopen",
        " rm ",
    ];
    let errors = SAMPLES
        .iter()
        .filter(|(path, _)| path.starts_with("samples/errors/"));
    for (path, text) in errors {
        let error: Value = serde_json::from_str(text).expect("an error is JSON");
        let hint = error["error"]["hint"].as_str().unwrap_or_default();
        for word in harmful {
            assert!(!hint.contains(word), "{path}: {hint}");
        }
    }
}
