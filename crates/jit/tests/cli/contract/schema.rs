//! Whether samples are what the schemas say.
//!
//! Owns a reader of the part of JSON Schema that the documents use. Refuses the rest of it loudly.

use super::SAMPLES;
use serde_json::Value;
use std::collections::BTreeMap;

/// The part of JSON Schema that the documents use, so that samples and schemas can't drift apart.
fn violations(schema: &Value, value: &Value, place: &str) -> Vec<String> {
    let mut found = Vec::new();
    let is_of = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("{place}: type {other} is not checked"),
    };
    let types: Vec<&str> = match &schema["type"] {
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        name => name.as_str().into_iter().collect(),
    };
    if !types.is_empty() && !types.iter().any(|name| is_of(name)) {
        found.push(format!("{place}: {value} is none of {types:?}"));
    }
    if let Some(names) = schema["enum"]
        .as_array()
        .filter(|names| !names.contains(value))
    {
        found.push(format!("{place}: {value} is none of {names:?}"));
    }
    if let Some(members) = value.as_object() {
        let required = schema["required"].as_array().into_iter().flatten();
        let absent = required
            .filter_map(Value::as_str)
            .filter(|name| !members.contains_key(*name));
        found.extend(absent.map(|name| format!("{place}: {name} is absent")));
        for (name, member) in members {
            let described = schema["properties"]
                .get(name)
                .unwrap_or(&schema["additionalProperties"]);
            found.extend(violations(described, member, &format!("{place}.{name}")));
        }
    }
    for item in value.as_array().into_iter().flatten() {
        found.extend(violations(&schema["items"], item, &format!("{place}[]")));
    }
    found
}

#[test]
fn the_samples_satisfy_the_schemas() {
    let schemas: BTreeMap<&str, Value> = jit_wire::schema::documents().into_iter().collect();
    let mut n_checked: BTreeMap<&str, usize> = BTreeMap::new();
    for (path, text) in SAMPLES
        .iter()
        .filter(|(path, _)| !path.ends_with("commands.json"))
    {
        for value in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
            let objects = match value.unwrap() {
                Value::Array(items) => items,
                one => vec![one],
            };
            for object in &objects {
                let Some(name) = shape_of(object) else {
                    continue;
                };
                assert_eq!(violations(&schemas[name], object, name), [""; 0], "{path}");
                *n_checked.entry(name).or_default() += 1;
            }
        }
    }
    for name in [
        "branch",
        "commit",
        "error",
        "event",
        "export",
        "finding",
        "garbage",
        "gate",
        "issue",
        "lease",
        "place",
        "migration",
        "recovered",
        "repair",
        "resolution",
    ] {
        assert!(
            n_checked.contains_key(name),
            "no sample of {name} was checked"
        );
    }
}

/// Tells the shape of an object by a member that only it has.
fn shape_of(object: &Value) -> Option<&'static str> {
    let shapes = [
        ("error", "error"),
        ("end", "branch"),
        ("blocked_by", "issue"),
        ("granted_at", "lease"),
        ("lc", "event"),
        ("stage", "gate"),
        ("created_at", "record"),
        ("open", "resolution"),
        ("outcome", "recovered"),
        ("removed", "garbage"),
        ("files", "commit"),
        ("migration", "migration"),
        ("remedy", "finding"),
        ("steps", "repair"),
        ("git_dir", "place"),
        ("file", "export"),
    ];
    let found = shapes
        .iter()
        .find(|(member, _)| object.get(member).is_some());
    found.map(|(_, shape)| *shape)
}
