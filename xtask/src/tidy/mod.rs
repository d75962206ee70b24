//! `cargo xtask tidy`: the rules of the house that no compiler checks.
//!
//! Owns the list of rules and how findings are shown. Refuses to hold any rule: each is a pure function from a tree of
//! texts, or from the packages cargo reports, to findings, and lives in its own file with tests that show it can fail.

mod changelog;
mod commands;
mod layers;
mod links;
mod modules;
mod names;
mod printing;
mod sizes;
mod tree;
mod twins;
mod words;

use anyhow::{Result, bail};

use crate::{output, workspace};
use tree::Tree;

/// Something that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    path: String,
    line: usize,
    message: String,
    weight: Weight,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weight {
    /// Worth a look; does not fail.
    Warning,
    /// Fails the run.
    Failure,
}

impl Finding {
    fn failure(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            message: message.into(),
            weight: Weight::Failure,
        }
    }

    fn warning(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            message: message.into(),
            weight: Weight::Warning,
        }
    }

    fn shown(&self) -> String {
        let place = if self.line == 0 {
            self.path.clone()
        } else {
            format!("{}:{}", self.path, self.line)
        };
        let word = match self.weight {
            Weight::Warning => "warning",
            Weight::Failure => "error",
        };
        format!("{word}: {place}: {}", self.message)
    }
}

type Rule = fn(&Tree) -> Vec<Finding>;

const RULES: &[Rule] = &[
    sizes::check,
    modules::check,
    twins::check,
    printing::check,
    words::check,
    names::check,
    links::check,
    commands::check,
    changelog::check,
];

/// Checks the working tree and the packages; fails when a rule is broken.
pub(crate) fn run() -> Result<()> {
    let tree = Tree::read(workspace::root())?;
    let mut findings: Vec<Finding> = RULES.iter().flat_map(|rule| rule(&tree)).collect();
    findings.extend(layers::check(&layers::packages(&workspace::metadata()?)?));
    findings.sort();
    for finding in &findings {
        output::talk(&finding.shown());
    }
    let n_failures = findings
        .iter()
        .filter(|finding| finding.weight == Weight::Failure)
        .count();
    let n_warnings = findings.len() - n_failures;
    if n_failures > 0 {
        bail!("tidy: {n_failures} errors, {n_warnings} warnings");
    }
    output::line(&format!(
        "tidy: {} files, no errors, {n_warnings} warnings",
        tree.len()
    ));
    Ok(())
}

#[cfg(test)]
mod testing {
    //! The one way the tests of the rules look at findings.

    use super::{Finding, Rule, tree::Tree};

    /// Runs `rule` over `files` and returns the findings, one a line.
    pub(super) fn findings(rule: Rule, files: &[(&str, &str)]) -> String {
        rule(&Tree::from(files))
            .iter()
            .map(Finding::shown)
            .collect::<Vec<_>>()
            .join("\n")
    }
}
