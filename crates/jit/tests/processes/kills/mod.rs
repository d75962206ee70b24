//! Signal 9 at every system call of a command, and of the command that recovers after it.
//!
//! Owns the law: whatever the moment, the store is all-old or all-new, an answer that was given is true, and the next command
//! works. The sweep prints how often it killed.

mod control;
mod elsewhere;
mod ground;
mod oracle;
mod remains;
mod restart;
mod sweep;
mod upkeep;
mod verbs;

pub(crate) use self::ground::{Ground, Scenario, done as ground_of_done};
pub(crate) use self::oracle::{Oracle, Outcome};
pub(crate) use self::restart::of_another_boot;

use std::sync::Mutex;
use std::thread;

use serde_json::json;

use self::ground::scenarios;
use self::sweep::Tally;
use crate::support::figures;
use crate::support::strace;

/// As many as the smallest supported machine has cores.
const N_WORKERS: usize = 2;

/// How many violations are told in full.
const MOST_SHOWN: usize = 8;

/// Returns every command that writes, prepared to be made to fail.
pub(crate) fn writing_commands() -> Vec<Scenario> {
    scenarios(false)
}

#[test]
fn a_kill_at_any_system_call_leaves_all_or_nothing() {
    if !strace::is_available("kills at every system call") {
        return;
    }
    let waiting = Mutex::new(scenarios(figures::is_thorough()));
    let sum = Mutex::new(Tally::default());
    thread::scope(|scope| {
        for _ in 0..N_WORKERS {
            scope.spawn(|| {
                while let Some(scenario) = { waiting.lock().expect("no worker panicked").pop() } {
                    let tally = sweep::with_recovery(&scenario);
                    sum.lock().expect("no worker panicked").add(tally);
                }
            });
        }
    });
    let sum = sum.into_inner().expect("no worker panicked");
    let values = json!({
        "commands": scenarios(false).len(),
        "kills": sum.n_kills,
        "in_recovery": sum.n_kills_in_recovery,
        "bad": sum.bad.len(),
        "thorough": figures::is_thorough(),
    });
    figures::record("kills at every system call", &values);
    figures::note(&format!("kills: {}, bad: {}", sum.n_kills, sum.bad.len()));
    let shown: Vec<&str> = sum
        .bad
        .iter()
        .take(MOST_SHOWN)
        .map(String::as_str)
        .collect();
    assert!(
        shown.is_empty(),
        "{} bad, the first ones are:\n{}",
        sum.bad.len(),
        shown.join("\n")
    );
}
