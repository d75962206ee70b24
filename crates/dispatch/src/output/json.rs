//! Owns the JSON shapes that the dispatcher prints. They only grow.

use std::collections::BTreeMap;

use jit_scheduler::{Action, Held, IssueId, Millis, Plan, Turn};
use serde_json::{Value, json};

use crate::cli::{CliError, Status};
use crate::jit_client::Issue;
use crate::ports::rfc3339;
use crate::runner::{CycleReport, Notice, Performed, Who};
use crate::state::outcome_word;

/// Returns a notice as an object with `type` and `ts`.
pub(super) fn notice(at: Millis, notice: &Notice) -> Value {
    let mut object = match notice {
        Notice::Started {
            run,
            title,
            priority,
        } => merge(
            who("started", run),
            &json!({ "title": title, "priority": priority }),
        ),
        Notice::Claimed {
            issue,
            agent,
            title,
        } => {
            json!({ "type": "claimed", "issue": issue.as_str(), "agent": agent.as_str(), "title": title })
        }
        Notice::Settled {
            run,
            outcome,
            note,
            not_before,
            took,
        } => merge(
            who("settled", run),
            &json!({
                "outcome": outcome_word(*outcome),
                "note": note,
                "not_before": not_before.map(rfc3339),
                "took_ms": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            }),
        ),
        Notice::ClaimLost { issue, reason } => {
            json!({ "type": "claim_lost", "issue": issue.as_str(), "reason": reason })
        }
        Notice::Recovered { run, what } => merge(who("recovered", run), &json!({ "what": what })),
        Notice::Outage { reason, retry_in } => {
            json!({ "type": "outage", "reason": reason, "retry_in_s": retry_in.as_secs_f64() })
        }
        Notice::OutageOver => json!({ "type": "outage_over" }),
        Notice::Warning(text) => json!({ "type": "warning", "message": text }),
        Notice::Stopping { live, is_kill } => {
            json!({ "type": "stopping", "live": live, "kill": is_kill })
        }
        Notice::Idle { held } => json!({ "type": "idle", "held": held }),
    };
    object["ts"] = json!(rfc3339(at));
    object
}

fn who(kind: &str, who: &Who) -> Value {
    json!({ "type": kind, "run": who.run.as_str(), "issue": who.issue.as_str(), "agent": who.agent.as_str() })
}

fn merge(mut object: Value, more: &Value) -> Value {
    for (key, value) in more.as_object().into_iter().flatten() {
        object[key.as_str()] = value.clone();
    }
    object
}

fn turn_word(turn: Turn) -> &'static str {
    match turn {
        Turn::Order => "order",
        Turn::Reserve => "reserve",
    }
}

fn held(held: &Held) -> Value {
    json!({ "issue": held.issue.as_str(), "why": held.why.to_string() })
}

/// Returns what one look at the world came to.
pub fn once_object(report: &CycleReport) -> Value {
    let actions = report.performed.iter().map(|performed| match performed {
        Performed::Started { who: run, turn } => {
            merge(who("started", run), &json!({ "turn": turn_word(*turn) }))
        }
        Performed::Claimed { issue, agent } => {
            json!({ "type": "claimed", "issue": issue.as_str(), "agent": agent.as_str() })
        }
        Performed::Lost { issue, reason } => {
            json!({ "type": "lost", "issue": issue.as_str(), "reason": reason })
        }
        Performed::Uncertain { issue, reason } => {
            json!({ "type": "uncertain", "issue": issue.as_str(), "reason": reason })
        }
        Performed::Skipped { issue, reason } => {
            json!({ "type": "skipped", "issue": issue.as_str(), "reason": reason })
        }
    });
    json!({
        "ready": report.ready,
        "actions": actions.collect::<Vec<_>>(),
        "held": report.held.iter().map(held).collect::<Vec<_>>(),
    })
}

/// Returns a plan.
pub fn plan_object(plan: &Plan, issues: &BTreeMap<IssueId, Issue>) -> Value {
    let about = |id: &IssueId| {
        let issue = issues.get(id);
        json!({ "title": issue.map(|issue| &issue.title), "priority": issue.map(|issue| &issue.priority) })
    };
    let actions = plan.actions.iter().map(|action| {
        let assignment = action.assignment();
        let kind = match action {
            Action::Start(_) => "start",
            Action::Claim(_) => "claim",
        };
        let object = json!({
            "type": kind,
            "issue": assignment.issue.as_str(),
            "agent": assignment.agent.as_str(),
            "turn": turn_word(assignment.turn),
        });
        merge(object, &about(&assignment.issue))
    });
    json!({
        "actions": actions.collect::<Vec<_>>(),
        "held": plan.held.iter().map(|one| merge(held(one), &about(&one.issue))).collect::<Vec<_>>(),
        "wake_at": plan.wake_at.map(rfc3339),
    })
}

/// Returns what is live, how full the agents are, and how the last runs ended.
pub fn status_object(status: &Status) -> Value {
    let agents = status.agents.iter().map(|agent| {
        json!({ "id": agent.id.as_str(), "type": agent.kind, "capacity": agent.capacity, "used": agent.used })
    });
    let runs = status.runs.iter().map(|run| {
        json!({
            "run": run.who.run.as_str(),
            "issue": run.who.issue.as_str(),
            "agent": run.who.agent.as_str(),
            "epoch": run.epoch,
            "state": run.state.word(),
            "started_at": run.started_at.map(rfc3339),
            "dir": run.dir.to_string_lossy(),
        })
    });
    json!({
        "root": status.root,
        "store": status.store,
        "state_dir": status.state_dir.to_string_lossy(),
        "dispatcher": status.has_dispatcher,
        "agents": agents.collect::<Vec<_>>(),
        "runs": runs.collect::<Vec<_>>(),
        "recent": status.recent,
    })
}

/// Returns an error as the one object that programs get (`docs/design/tracker.md` section 6).
pub fn error_object(error: &CliError) -> Value {
    json!({
        "error": {
            "code": error.code(),
            "message": error.message(),
            "hint": error.hint(),
            "retryable": error.is_retryable(),
            "details": {},
        }
    })
}
