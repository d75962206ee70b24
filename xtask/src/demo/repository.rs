//! The sample repository: git, the tracker, and the graph, made by the commands a person would type.
//!
//! Owns the order in which they are typed. Refuses to touch `.jit/` itself.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::graph::{GATES, ROWS, Row};
use crate::process::Call;

/// Ids by the key of the row.
pub(super) type Ids = BTreeMap<&'static str, String>;

/// Makes the repository in `folder` and returns the ids of its issues.
pub(super) fn make(jit: &Path, folder: &Path) -> Result<Ids> {
    git(folder, &["init", "--quiet", "--initial-branch", "main"])?;
    git(folder, &["config", "user.name", "Demo"])?;
    git(folder, &["config", "user.email", "demo@example.org"])?;
    let type_in = |arguments: &[&str]| Call::new(jit, arguments).within(folder).read();
    type_in(&["init"])?;
    for (key, stage, title) in GATES {
        type_in(&["gate", "define", key, "--title", title, "--stage", stage])?;
    }
    let mut ids = Ids::new();
    for row in ROWS {
        let arguments = arguments(row, &ids)?;
        let id = type_in(&arguments.iter().map(String::as_str).collect::<Vec<_>>())?;
        ids.insert(row.key, id.trim().to_owned());
    }
    git(folder, &["add", "--all"])?;
    git(
        folder,
        &["commit", "--quiet", "--message", "Plan the site generator"],
    )?;
    Ok(ids)
}

fn arguments(row: &Row, ids: &Ids) -> Result<Vec<String>> {
    let mut arguments: Vec<String> = [
        "issue",
        "create",
        "-t",
        row.title,
        "-p",
        row.priority,
        "--type",
        row.kind,
    ]
    .map(str::to_owned)
    .into();
    let ids_of = |keys: &str| -> Result<String> {
        let found: Result<Vec<&str>> = keys
            .split(',')
            .map(|key| {
                ids.get(key)
                    .map(String::as_str)
                    .with_context(|| format!("{key} is not above {}", row.key))
            })
            .collect();
        Ok(found?.join(","))
    };
    let flags = [
        ("--label", row.labels.to_owned()),
        ("--gate", row.gates.to_owned()),
        (
            "--dep",
            if row.after.is_empty() {
                String::new()
            } else {
                ids_of(row.after)?
            },
        ),
        (
            "--parent",
            if row.parent.is_empty() {
                String::new()
            } else {
                ids_of(row.parent)?
            },
        ),
    ];
    for (flag, value) in flags {
        if !value.is_empty() {
            arguments.extend([flag.to_owned(), value]);
        }
    }
    Ok(arguments)
}

fn git(folder: &Path, arguments: &[&str]) -> Result<()> {
    Call::new("git", arguments).within(folder).read().map(drop)
}
