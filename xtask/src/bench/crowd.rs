//! Many processes that all want the same issues.
//!
//! Owns the fight and the count of its winners. Refuses to help anybody win.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::ground::Site;

/// How many processes claim at once.
pub(super) const N_PROCESSES: usize = 64;

/// The exit codes for "nothing to take" and "busy, try again".
const NOTHING_READY: i32 = 3;
const BUSY: i32 = 8;

/// What came of it.
pub(super) struct Outcome {
    /// Claims that were answered with success.
    pub n_claims: usize,
    /// Different issues among them.
    pub n_winners: usize,
    /// Seconds from the first start to the last end.
    pub seconds: f64,
}

/// Lets processes claim until nothing is left.
pub(super) fn fight(site: &Site<'_>) -> Result<Outcome> {
    let claimed = Mutex::new(Vec::new());
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..N_PROCESSES)
            .map(|place| {
                let claimed = &claimed;
                scope.spawn(move || claim_all(site, place, claimed))
            })
            .collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().expect("a thread that panics is a bug"))
    })?;
    let seconds = begun.elapsed().as_secs_f64();
    let claimed = claimed.into_inner().expect("no thread panicked");
    let winners: BTreeSet<&String> = claimed.iter().collect();
    ensure!(!winners.is_empty(), "nobody won anything");
    Ok(Outcome {
        n_claims: claimed.len(),
        n_winners: winners.len(),
        seconds,
    })
}

fn claim_all(site: &Site<'_>, place: usize, claimed: &Mutex<Vec<String>>) -> Result<()> {
    let who = format!("agent:w{place}");
    loop {
        let output = site
            .jit(&["issue", "claim-next", &who, "--json"])
            .outcome()?;
        match output.status.code() {
            Some(0) => {
                let answer: Value = serde_json::from_slice(&output.stdout)?;
                let id = answer["id"].as_str().context("a claim answers an issue")?;
                let mut claimed = claimed.lock().expect("no thread panicked");
                claimed.push(id.to_owned());
            }
            Some(NOTHING_READY) => return Ok(()),
            Some(BUSY) => {}
            _ => bail!(
                "a claim ended with {}: {}",
                output.status,
                String::from_utf8_lossy(&output.stderr).trim()
            ),
        }
    }
}
