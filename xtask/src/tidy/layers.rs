//! Who may use whom.
//!
//! Owns the layer table of `ARCHITECTURE.md` as data and its comparison with what cargo reports. Refuses to judge crates
//! that are in nobody's row: a crate of the workspace without a row is itself a finding.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::Finding;

/// One row of the table.
struct Layer {
    package: &'static str,
    /// Packages of the workspace it may use, tests included.
    may_use: &'static [&'static str],
    /// Packages from outside it may use directly.
    outside: Outside,
    /// Packages that may not be anywhere below it, however far down.
    never: &'static [&'static str],
}

enum Outside {
    /// A pure crate: a new name here is a decision.
    Only(&'static [&'static str]),
    Any,
}

const EFFECTS: &[&str] = &[
    "tokio",
    "serde_json",
    "clap",
    "rustix",
    "getrandom",
    "notify",
    "rand",
];

const LAYERS: &[Layer] = &[
    Layer {
        package: "jit-core",
        may_use: &[],
        outside: Outside::Only(&["blake3", "elsa", "imara-diff", "jiff", "serde", "thiserror"]),
        never: EFFECTS,
    },
    Layer {
        package: "jit-store",
        may_use: &["jit-core"],
        outside: Outside::Any,
        never: &["tokio", "clap", "axum"],
    },
    Layer {
        package: "jit-tracker",
        may_use: &["jit-core", "jit-store"],
        outside: Outside::Any,
        never: &["tokio", "clap", "axum", "jit-wire"],
    },
    Layer {
        package: "jit-wire",
        may_use: &["jit-core"],
        outside: Outside::Any,
        never: &["tokio", "clap", "rustix"],
    },
    Layer {
        package: "jit",
        may_use: &["jit-core", "jit-store", "jit-tracker", "jit-wire"],
        outside: Outside::Any,
        never: &["tokio"],
    },
    Layer {
        package: "jit-scheduler",
        may_use: &[],
        outside: Outside::Only(&["thiserror"]),
        never: EFFECTS,
    },
    Layer {
        package: "jit-dispatch",
        may_use: &["jit-scheduler"],
        outside: Outside::Any,
        never: &[
            "jit-core",
            "jit-store",
            "jit-tracker",
            "jit-wire",
            "jit",
            "openssl-sys",
        ],
    },
    Layer {
        // Only what lays out a store at once; the programs are run, not linked.
        package: "xtask",
        may_use: &["jit-core", "jit-store"],
        outside: Outside::Any,
        never: &["tokio"],
    },
];

/// A package of the workspace, as cargo reports it.
#[derive(Debug, Default)]
pub(super) struct Package {
    name: String,
    /// What its manifest names, and whether it is for its tests only.
    direct: Vec<(String, bool)>,
    /// Everything below it that is not for tests only.
    below: BTreeSet<String>,
    is_workspace_member: bool,
}

/// Reads the answer of `cargo metadata`.
pub(super) fn packages(metadata: &Value) -> Result<Vec<Package>> {
    let names = names_by_id(metadata)?;
    let members: BTreeSet<&str> = list(metadata, "workspace_members")?
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let nodes = edges_by_id(metadata)?;
    let mut packages = Vec::new();
    for (id, edges) in &nodes {
        let direct = edges
            .iter()
            .map(|(to, is_test)| (names[to].to_owned(), *is_test))
            .collect();
        let below = closure(id, &nodes)
            .into_iter()
            .map(|id| names[id].to_owned())
            .collect();
        let is_workspace_member = members.contains(id);
        packages.push(Package {
            name: names[id].to_owned(),
            direct,
            below,
            is_workspace_member,
        });
    }
    Ok(packages)
}

fn list<'a>(value: &'a Value, key: &str) -> Result<&'a Vec<Value>> {
    value[key]
        .as_array()
        .with_context(|| format!("`cargo metadata` has no list `{key}`"))
}

fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str> {
    value[key]
        .as_str()
        .with_context(|| format!("`cargo metadata` has no text `{key}`"))
}

fn names_by_id(metadata: &Value) -> Result<BTreeMap<&str, &str>> {
    list(metadata, "packages")?
        .iter()
        .map(|package| Ok((text(package, "id")?, text(package, "name")?)))
        .collect()
}

type Edges<'a> = BTreeMap<&'a str, Vec<(&'a str, bool)>>;

fn edges_by_id(metadata: &Value) -> Result<Edges<'_>> {
    let mut edges = Edges::new();
    for node in list(&metadata["resolve"], "nodes")? {
        let mut targets = Vec::new();
        for dependency in list(node, "deps")? {
            let kinds = list(dependency, "dep_kinds")?;
            let is_test = kinds.iter().all(|kind| kind["kind"] == "dev");
            targets.push((text(dependency, "pkg")?, is_test));
        }
        edges.insert(text(node, "id")?, targets);
    }
    Ok(edges)
}

/// The packages that are compiled into `id` itself; its own tests may use more.
fn closure<'a>(id: &'a str, edges: &Edges<'a>) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![id];
    while let Some(next) = waiting.pop() {
        for (to, is_test) in edges.get(next).into_iter().flatten() {
            if !is_test && found.insert(*to) {
                waiting.push(to);
            }
        }
    }
    found
}

/// Finds uses that the table does not allow.
pub(super) fn check(packages: &[Package]) -> Vec<Finding> {
    let members: BTreeSet<&str> = packages
        .iter()
        .filter(|package| package.is_workspace_member)
        .map(|package| package.name.as_str())
        .collect();
    let mut findings = Vec::new();
    for package in packages
        .iter()
        .filter(|package| package.is_workspace_member)
    {
        match LAYERS.iter().find(|layer| layer.package == package.name) {
            Some(layer) => findings.extend(check_layer(layer, package, &members)),
            None => findings.push(Finding::failure(
                &package.name,
                0,
                "has no row in the layer table",
            )),
        }
    }
    findings
}

fn check_layer(layer: &Layer, package: &Package, members: &BTreeSet<&str>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, is_test) in &package.direct {
        let is_member = members.contains(name.as_str());
        let is_allowed = match layer.outside {
            _ if is_member => layer.may_use.contains(&name.as_str()),
            Outside::Only(names) => *is_test || names.contains(&name.as_str()),
            Outside::Any => true,
        };
        if !is_allowed {
            findings.push(Finding::failure(
                &package.name,
                0,
                format!("may not use `{name}`"),
            ));
        }
    }
    for name in layer
        .never
        .iter()
        .filter(|name| package.below.contains(**name))
    {
        findings.push(Finding::failure(
            &package.name,
            0,
            format!("`{name}` is below it, and must never be"),
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Finding, check, packages};

    type Edge = (&'static str, &'static str, bool);

    /// Builds the answer of cargo from rows `from -> to`; a `dev` edge is for tests.
    fn report(rows: &[Edge]) -> String {
        let mut names: Vec<&str> = rows.iter().flat_map(|(from, to, _)| [*from, *to]).collect();
        names.sort_unstable();
        names.dedup();
        let members: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| name.starts_with("jit") || *name == "stranger")
            .collect();
        let nodes: Vec<_> = names
            .iter()
            .map(|name| {
                let deps: Vec<_> = rows
                    .iter()
                    .filter(|(from, ..)| from == name)
                    .map(|(_, to, is_test)| {
                        let kind = if *is_test { json!("dev") } else { json!(null) };
                        json!({ "pkg": to, "dep_kinds": [{ "kind": kind }] })
                    })
                    .collect();
                json!({ "id": name, "deps": deps })
            })
            .collect();
        let listed: Vec<_> = names
            .iter()
            .map(|name| json!({ "id": name, "name": name }))
            .collect();
        let metadata = json!({ "packages": listed, "workspace_members": members, "resolve": { "nodes": nodes } });
        check(&packages(&metadata).unwrap())
            .iter()
            .map(Finding::shown)
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn the_house_as_planned_passes() {
        let rows = [
            ("jit-store", "jit-core", false),
            ("jit", "jit-tracker", false),
            ("jit-tracker", "jit-store", false),
            ("jit-dispatch", "jit-scheduler", false),
            ("jit-dispatch", "tokio", false),
            ("jit-core", "serde", false),
            ("jit-core", "proptest", true),
        ];
        assert_eq!(report(&rows), "");
    }

    #[test]
    fn a_use_against_the_table_is_found() {
        let rows: [(&[Edge], &str); 6] = [
            (
                &[("jit-core", "jit-store", false)],
                "error: jit-core: may not use `jit-store`",
            ),
            (
                &[("jit-core", "regex", false)],
                "error: jit-core: may not use `regex`",
            ),
            (
                &[("jit-dispatch", "jit-wire", true)],
                "error: jit-dispatch: may not use `jit-wire`",
            ),
            (
                &[("jit", "deep", false), ("deep", "tokio", false)],
                "error: jit: `tokio` is below it, and must never be",
            ),
            (
                &[("jit-core", "serde", false), ("serde", "rand", false)],
                "error: jit-core: `rand` is below it, and must never be",
            ),
            (
                &[("stranger", "serde", false)],
                "error: stranger: has no row in the layer table",
            ),
        ];
        for (edges, expected) in rows {
            assert_eq!(report(edges), expected);
        }
    }

    #[test]
    fn a_test_may_use_what_the_program_may_not() {
        assert_eq!(
            report(&[("jit", "deep", true), ("deep", "tokio", false)]),
            ""
        );
    }
}
