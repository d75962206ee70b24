//! Owns what an issue needs of an agent, and whether an agent meets it. Whether the agent has room is not asked here.

use std::collections::BTreeSet;

use crate::id::{AgentId, Tag};
use crate::world::{Accept, Agent, ReadyIssue};

/// What an issue needs of an agent: issues with equal needs can stand in for each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Need {
    /// Its labels that are a tag of some configured agent.
    pub tags: BTreeSet<Tag>,
    /// The agent it is assigned to.
    pub pin: Option<AgentId>,
}

impl Need {
    /// Returns what an issue needs in this pool, or the assignee who is not of the pool.
    pub(crate) fn of(
        issue: &ReadyIssue,
        agents: &[&Agent],
        offered: &BTreeSet<Tag>,
    ) -> Result<Self, String> {
        let pin = match &issue.assignee {
            None => None,
            Some(assignee) => Some(
                pinned_to(assignee, agents)
                    .ok_or_else(|| assignee.clone())?
                    .id
                    .clone(),
            ),
        };
        let tags = issue
            .labels
            .iter()
            .filter_map(|label| offered.get(label.as_str()))
            .cloned();
        Ok(Self {
            tags: tags.collect(),
            pin,
        })
    }

    /// Says whether the agent could run such an issue if it had a free slot.
    pub fn is_met_by(&self, agent: &Agent) -> bool {
        let is_pinned = self.pin.as_ref() == Some(&agent.id);
        (is_pinned || self.pin.is_none())
            && self.tags.is_subset(&agent.tags)
            && (is_pinned || !self.tags.is_empty() || agent.accept == Accept::Any)
    }

    /// Returns the tags that the agent lacks.
    pub fn missing_in(&self, agent: &Agent) -> BTreeSet<Tag> {
        self.tags.difference(&agent.tags).cloned().collect()
    }
}

/// Returns the agent that an assignee names, as `ID` or as `agent:ID`. Expects the agents sorted by id.
pub(crate) fn pinned_to<'w>(assignee: &str, agents: &[&'w Agent]) -> Option<&'w Agent> {
    let find = |id: &str| {
        agents
            .binary_search_by(|agent| agent.id.as_str().cmp(id))
            .ok()
            .map(|at| agents[at])
    };
    find(assignee).or_else(|| find(assignee.strip_prefix("agent:")?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Millis;
    use crate::world::Priority;

    fn agent(id: &str, tags: &str, accept: Accept) -> Agent {
        Agent {
            tags: tags.split_whitespace().map(Tag::from).collect(),
            accept,
            ..Agent::new(id, 1)
        }
    }

    fn check(labels: &str, assignee: Option<&str>, expected: &str) {
        let pool = [
            agent("agent:odd", "", Accept::Any),
            agent("any", "", Accept::Any),
            agent("rusty", "rust web", Accept::Any),
            agent("strict", "rust", Accept::TaggedOnly),
        ];
        let agents: Vec<&Agent> = pool.iter().collect();
        let offered = pool.iter().flat_map(|agent| agent.tags.clone()).collect();
        let issue = ReadyIssue {
            labels: labels.split_whitespace().map(str::to_owned).collect(),
            assignee: assignee.map(str::to_owned),
            ..ReadyIssue::new("i", Priority::Normal, Millis(0))
        };
        let found = match Need::of(&issue, &agents, &offered) {
            Err(assignee) => format!("elsewhere: {assignee}"),
            Ok(need) => agents
                .iter()
                .filter(|agent| need.is_met_by(agent))
                .map(|agent| agent.id.as_str())
                .collect::<Vec<_>>()
                .join(" "),
        };
        assert_eq!(found, expected, "labels `{labels}`, assignee {assignee:?}");
    }

    #[test]
    fn labels_that_are_tags_and_assignees_of_the_pool_decide_who_may_run_it() {
        check("", None, "agent:odd any rusty");
        check("colour:blue", None, "agent:odd any rusty");
        check("rust", None, "rusty strict");
        check("rust colour:blue", None, "rusty strict");
        check("rust web", None, "rusty");
        check("Rust", None, "agent:odd any rusty");
        check("", Some("strict"), "strict");
        check("", Some("agent:strict"), "strict");
        check("web", Some("strict"), "");
        check("", Some("agent:odd"), "agent:odd");
        check("", Some("odd"), "elsewhere: odd");
        check("rust", Some("human:ada"), "elsewhere: human:ada");
        check("", Some("agent:unknown"), "elsewhere: agent:unknown");
    }
}
