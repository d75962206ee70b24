//! The policy of a repository: what its `config.toml` says, as a value.
//!
//! Owns the settings that rules depend on. Refuses to read the file.

use crate::issue::IssueType;
use std::collections::BTreeSet;

/// Settings that decisions depend on.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// The types that an issue may have.
    pub types: BTreeSet<IssueType>,
    /// Whether a rejected dependency keeps blocking its dependents.
    pub rejected_blocks: bool,
}

impl Default for Policy {
    fn default() -> Self {
        let builtin = ["task", "bug", "feature", "epic", "chore"];
        let types = builtin
            .into_iter()
            .map(|name| IssueType::parse(name).expect("the names are plain words"));
        Self {
            types: types.collect(),
            rejected_blocks: false,
        }
    }
}
