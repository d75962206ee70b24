//! Owns what an issue needs of an agent.

use std::collections::BTreeSet;

use crate::id::{AgentId, Tag};

/// What an issue needs of an agent: issues with equal needs can stand in for each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Need {
    /// Its labels that are a tag of some configured agent.
    pub tags: BTreeSet<Tag>,
    /// The agent it is assigned to.
    pub pin: Option<AgentId>,
}
