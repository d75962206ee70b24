//! The timeline at the end of the demo: one line a run.
//!
//! Owns its layout. Refuses to judge the runs.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::audit::{Fact, History};
use crate::output;

const WIDTH: usize = 48;

struct Run {
    issue: String,
    agent: String,
    begun: Timestamp,
    ended: Timestamp,
    how: &'static str,
}

/// Draws the runs in the order in which they began.
pub(super) fn draw(history: &History) -> Vec<String> {
    let runs = runs(history);
    let (Some(first), Some(last)) = (
        runs.iter().map(|run| run.begun).min(),
        runs.iter().map(|run| run.ended).max(),
    ) else {
        return vec!["nothing ran".to_owned()];
    };
    let whole = first.duration_until(last).unsigned_abs();
    let column = |at: Timestamp| column(first.duration_until(at).unsigned_abs(), whole);
    let mut lines = vec![format!(
        "{:<10} {:<9} {:<8} |{}| {:.1} s",
        "issue",
        "agent",
        "end",
        "-".repeat(WIDTH),
        whole.as_secs_f64()
    )];
    for run in &runs {
        let from = column(run.begun).clamp(0, WIDTH - 1);
        let to = column(run.ended).clamp(from + 1, WIDTH);
        let bar = format!(
            "{}{}{}",
            " ".repeat(from),
            "#".repeat(to - from),
            " ".repeat(WIDTH - to)
        );
        let title = history
            .tasks
            .iter()
            .find(|task| task.id == run.issue)
            .map_or("", |task| &task.title);
        lines.push(format!(
            "{:<10} {:<9} {:<8} |{bar}| {}",
            output::plain(&run.issue),
            output::plain(&run.agent),
            run.how,
            output::plain(title)
        ));
    }
    lines
}

fn column(since: Duration, whole: Duration) -> usize {
    let at = since.as_millis() * WIDTH as u128 / whole.as_millis().max(1);
    usize::try_from(at).map_or(WIDTH, |at| at.min(WIDTH))
}

fn runs(history: &History) -> Vec<Run> {
    let mut open: BTreeMap<&str, (String, Timestamp)> = BTreeMap::new();
    let mut runs = Vec::new();
    for moment in &history.moments {
        let how = match &moment.fact {
            Fact::Claimed { by, .. } => {
                let agent = by.split_once(':').map_or(by.as_str(), |(_, name)| name);
                open.insert(&moment.issue, (agent.to_owned(), moment.at));
                continue;
            }
            Fact::GatePassed { .. } => continue,
            Fact::Released { .. } => "failed",
            Fact::Gated => "gated",
            Fact::Done => "done",
        };
        if let Some((agent, begun)) = open.remove(moment.issue.as_str()) {
            runs.push(Run {
                issue: moment.issue.clone(),
                agent,
                begun,
                ended: moment.at,
                how,
            });
        }
    }
    runs.sort_by(|a, b| (a.begun, &a.issue).cmp(&(b.begun, &b.issue)));
    runs
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::draw;
    use crate::audit::{Fact, History, Moment, Task};

    #[test]
    fn each_attempt_is_a_line() {
        let moment = |second, fact| Moment {
            at: Timestamp::from_second(second).unwrap(),
            issue: "k7m2".to_owned(),
            fact,
        };
        let claim = |epoch| Fact::Claimed {
            by: "agent:coder".to_owned(),
            epoch,
        };
        let history = History {
            tasks: vec![Task {
                id: "k7m2".to_owned(),
                title: "Read\u{1b} pages".to_owned(),
                ..Task::default()
            }],
            moments: vec![
                moment(0, claim(1)),
                moment(1, Fact::Released { not_before: None }),
                moment(2, claim(2)),
                moment(4, Fact::Done),
            ],
            ..History::default()
        };
        let lines = draw(&history);
        assert_eq!(lines.len(), 3);
        assert_eq!(
            lines[1],
            format!(
                "k7m2       coder     failed   |{}{}| Read\\u{{1b}} pages",
                "#".repeat(12),
                " ".repeat(36)
            )
        );
        assert_eq!(
            lines[2],
            format!(
                "k7m2       coder     done     |{}{}| Read\\u{{1b}} pages",
                " ".repeat(24),
                "#".repeat(24)
            )
        );
    }

    #[test]
    fn an_empty_history_is_said() {
        assert_eq!(draw(&History::default()), ["nothing ran"]);
    }
}
