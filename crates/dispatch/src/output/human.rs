//! Owns the sentences and tables for people. Everything that came from outside is escaped here or by `talk`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use jit_scheduler::retry::Outcome;
use jit_scheduler::{Action, IssueId, Plan};

use super::escape;
use crate::cli::Status;
use crate::jit_client::Issue;
use crate::runner::{CycleReport, Notice, Performed, Who};

/// Returns a notice as a sentence.
pub(super) fn sentence(notice: &Notice) -> String {
    match notice {
        Notice::Started {
            run,
            title,
            priority,
        } => {
            format!(
                "Started {} \"{title}\" ({priority}) on {}, run {}.",
                run.issue, run.agent, run.run
            )
        }
        Notice::Claimed {
            issue,
            agent,
            title,
        } => format!("Claimed {issue} \"{title}\" for {agent}."),
        Notice::Settled {
            run,
            outcome,
            note,
            took,
            ..
        } => settled(run, *outcome, note, *took),
        Notice::ClaimLost { issue, reason } => format!("Did not get {issue}: {reason}."),
        Notice::Recovered { run, what } => format!(
            "Recovered run {} of {} on {}: {what}.",
            run.run, run.issue, run.agent
        ),
        Notice::Outage { reason, retry_in } => {
            format!(
                "Nothing can be started for now, next try in {}: {reason}.",
                seconds(*retry_in)
            )
        }
        Notice::OutageOver => "Things can be started again.".to_owned(),
        Notice::Warning(text) => format!("warning: {text}"),
        Notice::Stopping {
            live: 0,
            is_kill: _,
        } => "Stopping: nothing new is claimed.".to_owned(),
        Notice::Stopping {
            live,
            is_kill: true,
        } => format!("Stopping, and stopping {}.", live_runs(*live)),
        Notice::Stopping {
            live,
            is_kill: false,
        } => {
            format!(
                "Stopping: nothing new is claimed, waiting for {}. Ask again to stop.",
                live_runs(*live)
            )
        }
        Notice::Idle { held: 0 } => "Nothing is left to do.".to_owned(),
        Notice::Idle { held } => {
            format!(
                "Nothing is left that can start; {held} ready issues are held, see `jit-dispatch plan`."
            )
        }
    }
}

fn settled(run: &Who, outcome: Outcome, note: &str, took: Duration) -> String {
    let verb = verb(outcome, note);
    let after = seconds(took);
    let words = format!("{verb} {} on {} after {after}", run.issue, run.agent);
    // The verb has said it already.
    if note == "done" {
        format!("{words}.")
    } else {
        format!("{words}: {note}.")
    }
}

fn live_runs(count: usize) -> String {
    match count {
        1 => "1 live run".to_owned(),
        _ => format!("{count} live runs"),
    }
}

fn verb(outcome: Outcome, note: &str) -> &'static str {
    match outcome {
        Outcome::Succeeded if note == "done" => "Done:",
        Outcome::Succeeded => "Finished",
        Outcome::SucceededWithWarning => "Done although the run did not end well:",
        Outcome::Failed(_) => "Failed:",
        Outcome::TimedOut(_) => "Out of time:",
        Outcome::Stalled => "Stalled:",
        Outcome::Canceled => "Canceled:",
        Outcome::Blocked => "Blocked:",
        Outcome::Waiting => "Waiting:",
        Outcome::Deferred => "Deferred:",
        Outcome::Lost => "Lost:",
    }
}

fn seconds(span: Duration) -> String {
    format!("{:.1} s", span.as_secs_f64())
}

/// Returns what one look at the world came to, one line each.
pub fn once_text(report: &CycleReport) -> String {
    let mut text = String::new();
    for performed in &report.performed {
        let line = match performed {
            Performed::Started { who, .. } => {
                format!("started\t{}\t{}\t{}", who.issue, who.agent, who.run)
            }
            Performed::Claimed { issue, agent } => format!("claimed\t{issue}\t{agent}"),
            Performed::Lost { issue, .. } => format!("lost\t{issue}"),
            Performed::Uncertain { issue, .. } => format!("uncertain\t{issue}"),
            Performed::Skipped { issue, .. } => format!("skipped\t{issue}"),
        };
        writeln!(text, "{line}").expect("writing to a string cannot fail");
    }
    text
}

/// Returns what would start, and why each other ready issue stays where it is.
pub fn plan_text(plan: &Plan, issues: &BTreeMap<IssueId, Issue>) -> String {
    let mut text = String::new();
    let title = |id: &IssueId| {
        issues
            .get(id)
            .map(|issue| escape(&issue.title))
            .unwrap_or_default()
    };
    let priority = |id: &IssueId| {
        issues
            .get(id)
            .map(|issue| escape(&issue.priority))
            .unwrap_or_default()
    };
    for action in &plan.actions {
        let assignment = action.assignment();
        let verb = match action {
            Action::Start(_) => "start",
            Action::Claim(_) => "claim",
        };
        let (issue, agent) = (&assignment.issue, &assignment.agent);
        writeln!(
            text,
            "{verb}\t{issue}\t{}\ton {agent}\t{}",
            priority(issue),
            title(issue)
        )
        .expect("writing to a string cannot fail");
    }
    for held in &plan.held {
        let (issue, why) = (&held.issue, escape(&held.why.to_string()));
        writeln!(
            text,
            "hold\t{issue}\t{}\t{why}\t{}",
            priority(issue),
            title(issue)
        )
        .expect("writing to a string cannot fail");
    }
    text
}

/// Returns what is live, how full the agents are, and how the last runs ended.
pub fn status_text(status: &Status) -> String {
    let mut text = String::new();
    let mut line =
        |words: String| writeln!(text, "{words}").expect("writing to a string cannot fail");
    line(format!("store\t{}", escape(&status.store)));
    line(format!(
        "state\t{}",
        escape(&status.state_dir.display().to_string())
    ));
    line(format!(
        "dispatcher\t{}",
        if status.has_dispatcher {
            "at work"
        } else {
            "none"
        }
    ));
    for agent in &status.agents {
        line(format!(
            "agent\t{}\t{}\t{}/{}",
            agent.id,
            escape(&agent.kind),
            agent.used,
            agent.capacity
        ));
    }
    for run in &status.runs {
        let since = run
            .started_at
            .map_or_else(|| "-".to_owned(), crate::ports::rfc3339);
        line(format!(
            "run\t{}\t{}\t{}\t{}\t{since}",
            run.who.run,
            run.who.issue,
            run.who.agent,
            run.state.word()
        ));
    }
    for happening in &status.recent {
        let field = |value: &Option<String>| value.clone().unwrap_or_default();
        let data = |key: &str| {
            happening
                .data
                .as_ref()
                .and_then(|data| data.get(key)?.as_str())
                .unwrap_or_default()
                .to_owned()
        };
        line(escape(&format!(
            "settled {} {} {} {} {}",
            happening.ts,
            field(&happening.issue),
            field(&happening.agent),
            data("outcome"),
            data("note")
        )));
    }
    text
}
