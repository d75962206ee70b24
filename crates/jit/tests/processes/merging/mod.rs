//! Random histories on real branches, brought together by real git: with the merge driver, and without it by `jit resolve`.
//!
//! Owns the law that nothing is lost and nothing is left in pieces, whatever git was told to do. Refuses to look inside: it reads
//! the files, and asks `jit` and git.

mod branches;
mod dice;
mod joining;
mod laws;

use crate::support::figures;
use branches::World;
use dice::Dice;
use joining::Joining;
use laws::Broken;
use serde_json::json;

/// What git does with issues that both sides changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// It asks `jit`.
    Driver,
    /// It merges them as text; `jit resolve` mends that.
    Text,
    /// It asks a driver that is wrong.
    Wrong(&'static str),
}

/// What one history has shown.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    merges: u32,
    stops: u32,
    cycles: u32,
    edits: u32,
    events: u32,
}

/// Plays one history from its seed.
fn play(seed: u64, mode: Mode) -> Result<Tally, Broken> {
    let mut dice = Dice::new(seed);
    let mut world = World::new(mode);
    let n_branches = dice.within(2, 5);
    let branches: Vec<String> = (0..n_branches)
        .map(|number| world.branch(number, &mut dice))
        .collect();
    let mut joining = Joining::new(&world, mode);
    joining.all(&branches, &mut dice)?;
    let tally = joining.tally;
    laws::hold(&world, tally)
}

/// Plays histories one after the other; the seed of the first that breaks a law is told.
fn play_all(figure: &str, mode: Mode, n_histories: u64) {
    let mut sum = Tally::default();
    for seed in 0..n_histories {
        let tally = play(seed, mode).unwrap_or_else(|broken| panic!("seed {seed}: {broken}"));
        sum.merges += tally.merges;
        sum.stops += tally.stops;
        sum.cycles += tally.cycles;
        sum.edits += tally.edits;
        sum.events += tally.events;
    }
    figures::record(
        figure,
        &json!({
            "histories": n_histories,
            "edits": sum.edits,
            "events": sum.events,
            "merges": sum.merges,
            "stops": sum.stops,
            "cycles": sum.cycles,
            "lost_events": 0,
            "invalid_files": 0,
            "segment_conflicts": 0,
        }),
    );
}

/// How many histories: `JIT_MERGE_HISTORIES` for each mode, or the number of the lane.
fn n_histories() -> u64 {
    let asked = std::env::var("JIT_MERGE_HISTORIES").ok();
    let lane = if figures::is_thorough() { 250 } else { 10 };
    asked.map_or(lane, |text| {
        text.parse().expect("JIT_MERGE_HISTORIES is a number")
    })
}

#[test]
fn nothing_is_lost_with_the_merge_driver() {
    play_all("merges with the driver", Mode::Driver, n_histories());
}

#[test]
fn nothing_is_lost_without_the_driver_once_it_is_resolved() {
    play_all("merges as text, resolved", Mode::Text, n_histories());
}

#[test]
fn every_wrong_driver_is_caught() {
    let wrong = [
        ("ours wins", "true"),
        ("theirs wins", "cp %B %A"),
        ("text", "git merge-file %A %O %B"),
        ("empties the file", ": > %A"),
        ("drops a field", "sed -i /labels/,/]/d %A"),
    ];
    for (name, command) in wrong {
        let caught = (0..8).find_map(|seed| play(seed, Mode::Wrong(command)).err());
        let broken = caught.unwrap_or_else(|| panic!("a driver went unnoticed: {name}"));
        figures::note(&format!("{name}: {}", &broken.0[..broken.0.len().min(120)]));
    }
}
