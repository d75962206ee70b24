//! What to do about a finding that the store made.
//!
//! Owns one safe hint for each code. Refuses every hint that destroys anything.

use jit_core::Problem;
use jit_core::audit::Finding;

/// Returns the finding of a file that can't be read.
pub(crate) fn of_problem(problem: &Problem) -> Finding {
    let code = KNOWN
        .into_iter()
        .find(|known| *known == problem.code)
        .unwrap_or("unreadable_file");
    added(Finding {
        issue: problem.issue.clone(),
        ..Finding::of_file(code, Some(problem.path.clone()), problem.message.clone())
    })
}

/// The codes of problems that a snapshot can name.
const KNOWN: [&str; 6] = [
    "unreadable_issue",
    "unreadable_gate",
    "unreadable_lease",
    "unreadable_directory",
    "foreign_file",
    "broken_log",
];

/// Adds the remedy that belongs to the code, unless the finding has one.
pub(crate) fn added(mut finding: Finding) -> Finding {
    if finding.remedy.is_none() {
        finding.remedy = remedy(&finding).map(str::to_owned);
    }
    finding
}

/// Returns whether something else than a plain file is there, which nothing may be put in the place of.
fn is_no_file(finding: &Finding) -> bool {
    let words = ["symbolic link", "directory", "not a regular file", "device"];
    words.iter().any(|word| finding.message.contains(word))
}

fn remedy(finding: &Finding) -> Option<&'static str> {
    Some(match finding.code {
        "unreadable_issue" if finding.message.contains("conflict markers") => "jit resolve",
        "unreadable_issue" | "unreadable_gate" | "unreadable_lease" if is_no_file(finding) => {
            "move it out of the store; jit validate --fix then restores an earlier version, if there is one"
        }
        "unreadable_issue" | "unreadable_gate" => {
            "jit validate --fix restores an earlier version, if there is one; or mend the file by hand"
        }
        "unreadable_lease" => {
            "jit validate --fix restores an earlier version, if there is one; the next claim writes it anew"
        }
        "unreadable_file" => "mend the file by hand",
        "unreadable_directory" | "not_a_directory" => "put a plain directory in its place",
        "unreadable_segment" | "not_a_file" => "put a plain file in its place",
        "foreign_file" => "move it out of the store",
        "missing_directory" => "bring it back from git, or with jit recover",
        "broken_log" => {
            "keep a copy of the log, which is not in git; git status shows what the issues have beyond the last commit"
        }
        "broken_format" => {
            "jit validate --fix takes it from the last commit; if that has none, move it away and run jit init"
        }
        "older_format" => "jit migrate",
        "newer_format" => "use a newer jit to write",
        "broken_config" => "mend the file by hand; without it the defaults hold",
        "broken_mark" | "torn_log" | "pending_log" => {
            "jit validate --fix, or any other command that writes"
        }
        "stopped" => "check the disk, then remove that file",
        "unreadable_event" => {
            "jit validate --fix takes the segment from the last commit, if that has all of its other lines; else keep a copy, take the named line out by hand, and jit recover brings it back if this clone wrote it"
        }
        "missing_event" | "events_out_of_order" => {
            "jit validate --fix takes the segment from the last commit, if that has all of its lines; jit recover brings back lines that this clone wrote"
        }
        "torn_segment" => "nothing need be done: no line is ever written behind it",
        "conflicting_event" => "compare the segment with the last commit: git diff HEAD",
        "history" => "jit recover, or bring the missing segments from git or another clone",
        "leftover_file" => "jit gc",
        "unreadable_receipt" => "nothing need be done: only its own key is without an answer",
        _ => return None,
    })
}
