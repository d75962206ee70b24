//! The three agents of the demo, as shell scripts, and the `dispatch.toml` that names them.
//!
//! Owns what the agents do and which issues they are for. Refuses chance: an agent that fails does so at the first attempt of
//! issues with the label `tricky`, so that every run of the demo shows the same story.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::audit::Agent;

/// Fails once at what is tricky.
const CODER: &str = r#"#!/bin/sh
# Writes code. The first attempt at something tricky fails; the second knows better.
set -eu
echo "working on $JIT_ISSUE, attempt $JIT_EPOCH"
sleep 0.4
if [ "$JIT_EPOCH" = 1 ] && grep -q '"tricky"' "$JIT_ISSUE_FILE"; then
    echo "the tests fail" >&2
    exit 1
fi
"#;

/// Takes its time.
const WRITER: &str = r#"#!/bin/sh
# Writes prose, slowly.
set -eu
echo "writing about $JIT_ISSUE"
sleep 2
"#;

/// Passes gates: its own, and those that its decision opens for others.
const REVIEWER: &str = r#"#!/bin/sh
# Decides and reviews: a decision approves the design of what waits for it.
set -eu
folder=$(dirname "$0")
sleep 0.2
while read -r decision issue; do
    if [ "$decision" = "$JIT_ISSUE" ]; then
        jit gate pass "$issue" design --note "decided in $JIT_ISSUE"
    fi
done < "$folder/approvals"
"#;

/// What each agent runs before it says that it is done.
const REVIEW: &str = r#"if grep -q '"review":' "$JIT_ISSUE_FILE"; then
    jit gate pass "$JIT_ISSUE" review --note "read twice"
fi
"#;

/// Writes the scripts and the configuration into `folder`; `approvals` are pairs of ids.
pub(super) fn write(folder: &Path, approvals: &[(String, String)]) -> Result<()> {
    for (name, script) in [("coder", CODER), ("writer", WRITER), ("reviewer", REVIEWER)] {
        write_file(
            &folder.join(format!("{name}.sh")),
            &format!("{script}{REVIEW}"),
        )?;
    }
    let mut lines = String::new();
    for (decision, issue) in approvals {
        writeln!(lines, "{decision} {issue}").expect("a String takes any text");
    }
    write_file(&folder.join("approvals"), &lines)?;
    let mut config = String::from("poll_interval_secs = 5\n\n[retry]\nbase_secs = 1\n");
    for agent in pool() {
        let script = folder.join(format!("{}.sh", agent.id));
        let script = script
            .to_str()
            .context("the temporary directory is not UTF-8")?;
        let tags: Vec<String> = agent.tags.iter().map(|tag| format!("{tag:?}")).collect();
        write!(
            config,
            "\n[[agents]]\nid = \"{}\"\ntype = \"script\"\ncapacity = {}\ntags = [{}]\ncommand = \"sh '{script}'\"\n",
            agent.id,
            agent.capacity,
            tags.join(", "),
        )
        .expect("a String takes any text");
    }
    write_file(&folder.join("dispatch.toml"), &config)
}

fn write_file(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// The pool that the configuration names.
pub(super) fn pool() -> Vec<Agent> {
    let agent = |id: &str, capacity, tags: &[&str]| Agent {
        id: id.to_owned(),
        capacity,
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
    };
    vec![
        agent("coder", 2, &["code"]),
        agent("writer", 1, &["docs"]),
        agent("reviewer", 1, &["review"]),
    ]
}
