//! Owns the words that outcomes are written with, in journals, on the timeline and for people.

use jit_scheduler::retry::{Charge, Exit, Failure, Limit, Outcome, ReportedOutcome, Stop};

const OUTCOMES: &[(Outcome, &str)] = &[
    (Outcome::Succeeded, "succeeded"),
    (Outcome::SucceededWithWarning, "succeeded_with_warning"),
    (Outcome::Failed(Failure::Agent), "failed_agent"),
    (Outcome::Failed(Failure::Transient), "failed_transient"),
    (Outcome::Failed(Failure::Permanent), "failed_permanent"),
    (Outcome::Failed(Failure::Broken), "failed_broken"),
    (Outcome::Failed(Failure::Signal), "failed_signal"),
    (Outcome::Failed(Failure::Incomplete), "failed_incomplete"),
    (Outcome::TimedOut(Limit::Start), "timed_out_start"),
    (Outcome::TimedOut(Limit::Total), "timed_out_total"),
    (Outcome::Stalled, "stalled"),
    (Outcome::Canceled, "canceled"),
    (Outcome::Blocked, "blocked"),
    (Outcome::Waiting, "waiting"),
    (Outcome::Deferred, "deferred"),
    (Outcome::Lost, "lost"),
];

const STOPS: &[(Stop, &str)] = &[
    (Stop::StartTimeout, "start_timeout"),
    (Stop::IdleTimeout, "idle_timeout"),
    (Stop::TotalTimeout, "total_timeout"),
    (Stop::Operator, "operator"),
    (Stop::Fenced, "fenced"),
];

const CHARGES: &[(Charge, &str)] = &[
    (Charge::Nobody, "nobody"),
    (Charge::Issue, "issue"),
    (Charge::Agent, "agent"),
];

const REPORTS: &[(ReportedOutcome, &str)] = &[
    (ReportedOutcome::Done, "done"),
    (ReportedOutcome::Failed, "failed"),
    (ReportedOutcome::Blocked, "blocked"),
    (ReportedOutcome::Waiting, "waiting"),
    (ReportedOutcome::Retry, "retry"),
];

fn word<T: PartialEq>(table: &[(T, &'static str)], value: &T) -> &'static str {
    let row = table.iter().find(|(known, _)| known == value);
    row.expect("a table of words names every value").1
}

fn value<T: Copy>(table: &[(T, &str)], word: &str) -> Option<T> {
    table
        .iter()
        .find(|(_, known)| *known == word)
        .map(|(value, _)| *value)
}

/// Returns the word for an outcome.
pub fn outcome_word(outcome: Outcome) -> &'static str {
    word(OUTCOMES, &outcome)
}

pub(super) fn outcome_from(text: &str) -> Option<Outcome> {
    value(OUTCOMES, text)
}

/// Returns the word for our reason to stop a run.
pub fn stop_word(stop: Stop) -> &'static str {
    word(STOPS, &stop)
}

pub(super) fn stop_from(text: &str) -> Option<Stop> {
    value(STOPS, text)
}

pub(super) fn charge_word(charge: Charge) -> &'static str {
    word(CHARGES, &charge)
}

pub(super) fn charge_from(text: &str) -> Option<Charge> {
    value(CHARGES, text)
}

pub(super) fn report_word(outcome: ReportedOutcome) -> &'static str {
    word(REPORTS, &outcome)
}

pub(super) fn report_from(text: &str) -> Option<ReportedOutcome> {
    value(REPORTS, text)
}

/// Writes how a process ended, such as `code:0` or `signal:9`.
pub fn exit_word(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("code:{code}"),
        Exit::Signal(signal) => format!("signal:{signal}"),
        Exit::NotStarted => "not_started".to_owned(),
    }
}

pub(super) fn exit_from(text: &str) -> Option<Exit> {
    match text.split_once(':') {
        Some(("code", code)) => code.parse().ok().map(Exit::Code),
        Some(("signal", signal)) => signal.parse().ok().map(Exit::Signal),
        None if text == "not_started" => Some(Exit::NotStarted),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_leads_back_to_its_value() {
        for (outcome, text) in OUTCOMES {
            assert_eq!(outcome_from(text), Some(*outcome), "{text}");
        }
        for exit in [
            Exit::Code(0),
            Exit::Code(127),
            Exit::Signal(9),
            Exit::NotStarted,
        ] {
            assert_eq!(exit_from(&exit_word(exit)), Some(exit));
        }
        assert_eq!(exit_from("code:x"), None);
        assert_eq!(outcome_from("glorious"), None);
    }
}
