//! Random lives of a store: writes, deaths, power cuts and long pauses in any order.
//!
//! Owns the model: the set of states that the answers so far allow. Refuses to know why a state is one of them.

use super::{changes, events, fresh, is_thorough, let_log_age, open, record, records};
use crate::fs::sim::{Fault, FaultKind, Loss, SimFs};
use crate::traits::Store as _;

/// How many things happen in one life.
const N_ACTIONS: usize = 14;

/// Small reproducible chance.
struct Chance(u64);

impl Chance {
    fn draw(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % n as u64).unwrap()
    }
}

/// A store under trouble, beside untroubled ones that went through what it may have gone through.
struct Life {
    fs: SimFs,
    boot: usize,
    possible: Vec<SimFs>,
    n_troubles: u64,
}

fn look(fs: &SimFs, boot: &str) -> (String, String) {
    let store = open(fs, boot).unwrap();
    (records(&store).unwrap(), events(&store).unwrap())
}

/// Writes step `n`; answers whether it was acknowledged.
fn write(fs: &SimFs, boot: &str, n: usize) -> bool {
    let Ok(mut txn) = open(fs, boot).and_then(|store| store.begin()) else {
        return false;
    };
    let changes = changes(n, txn.snapshot());
    txn.apply(&changes);
    txn.commit().is_ok()
}

impl Life {
    fn new() -> Self {
        let fs = fresh();
        Self {
            possible: vec![fs.after_death()],
            fs,
            boot: 0,
            n_troubles: 0,
        }
    }

    fn boot(&self) -> String {
        format!("boot {}", self.boot)
    }

    /// Returns the possible states, each after step `n` more.
    fn after_writing(&self, n: usize) -> Vec<SimFs> {
        let after = |fs: &SimFs| {
            let fs = fs.after_death();
            assert!(write(&fs, "calm", n));
            fs
        };
        self.possible.iter().map(after).collect()
    }

    /// Leaves the states that look like the store; there must be one.
    fn observe(&mut self, story: &str) {
        let seen = look(&self.fs, &self.boot());
        self.possible.retain(|fs| look(fs, "calm") == seen);
        assert!(
            !self.possible.is_empty(),
            "{story}: no answer allows\n{}\n{}",
            seen.0,
            seen.1
        );
        self.possible.truncate(1);
    }

    /// Leaves the states as they are, but the store must look like one of them.
    fn check(&self, story: &str) {
        let seen = look(&self.fs, &self.boot());
        let is_possible = self.possible.iter().any(|fs| look(fs, "calm") == seen);
        assert!(
            is_possible,
            "{story}: no answer allows\n{}\n{}",
            seen.0, seen.1
        );
    }

    /// Lets one thing happen and says what it was.
    fn act(&mut self, chance: &mut Chance) -> String {
        let n = chance.draw(6);
        match chance.draw(8) {
            0 => {
                let_log_age(&self.fs);
                "a pause".to_owned()
            }
            1..=3 => self.write(n),
            4 | 5 => self.die_writing(n, chance),
            _ => self.lose_power_writing(n, chance),
        }
    }

    fn write(&mut self, n: usize) -> String {
        self.possible = self.after_writing(n);
        assert!(
            write(&self.fs, &self.boot(), n),
            "nothing stands in the way"
        );
        let story = format!("step {n}");
        self.observe(&story);
        story
    }

    fn die_writing(&mut self, n: usize, chance: &mut Chance) -> String {
        self.n_troubles += 1;
        let after = self.after_writing(n);
        let call = chance.draw(90) as u64;
        let kind = [FaultKind::Death, FaultKind::DeathHalfway][chance.draw(2)];
        self.fs.inject(Some(Fault { call, kind }));
        let is_acked = write(&self.fs, &self.boot(), n);
        self.fs = self.fs.after_death();
        let story = format!("{kind:?} at call {call} of step {n}");
        if is_acked {
            self.possible = after;
        } else {
            self.possible.extend(after);
        }
        self.check(&story);
        story
    }

    fn lose_power_writing(&mut self, n: usize, chance: &mut Chance) -> String {
        self.n_troubles += 1;
        let after = self.after_writing(n);
        let start = self.fs.n_ops();
        let is_acked = write(&self.fs, &self.boot(), n);
        let end = self.fs.n_ops();
        let cut = start + chance.draw(end - start + 1);
        let loss = match chance.draw(6) {
            0 => Loss::Everything,
            1 => Loss::Contents,
            2 => Loss::Names,
            _ => Loss::Random(chance.draw(1 << 20) as u64),
        };
        self.fs = self.fs.after_power_cut(cut, loss);
        self.boot += 1;
        if is_acked && cut == end {
            self.possible = after;
        } else {
            self.possible.extend(after);
        }
        let story = format!(
            "power cut after operation {} of {} of step {n}, {loss:?}",
            cut - start,
            end - start
        );
        // What has survived can't be lost any more.
        self.observe(&story);
        story
    }
}

#[test]
fn no_life_ends_in_a_state_that_no_answer_allows() {
    let n_lives = if is_thorough() { 3_000 } else { 40 };
    let mut n_troubles = 0;
    for seed in 0..n_lives {
        let mut chance = Chance(seed);
        let mut life = Life::new();
        let mut story = Vec::new();
        for _ in 0..N_ACTIONS {
            let told =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| life.act(&mut chance)));
            match told {
                Ok(action) => story.push(action),
                Err(panic) => {
                    eprintln!("seed {seed}, after {story:#?}");
                    std::panic::resume_unwind(panic);
                }
            }
        }
        n_troubles += life.n_troubles;
    }
    assert!(n_troubles > 200, "only {n_troubles} troubles");
    record("store: troubles in random lives", n_troubles);
}
