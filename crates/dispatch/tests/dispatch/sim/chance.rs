//! Time and chance that repeat themselves exactly.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use jit_dispatch::ports::{Clock, Rng};
use jit_scheduler::Millis;
use tokio::time::Instant;

/// The moment at which every simulation begins.
const DAWN: u64 = 1_700_000_000_000;

/// A clock that goes with the runtime's paused one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FakeClock(pub(crate) Instant);

impl Clock for FakeClock {
    fn wall(&self) -> Millis {
        Millis(DAWN).plus(self.boottime())
    }

    fn boottime(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A source of numbers that repeats itself exactly.
#[derive(Debug, Clone)]
pub(crate) struct Seeded(Rc<Cell<u64>>);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Rc::new(Cell::new(
            seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        )))
    }

    pub(crate) fn next(&self) -> u64 {
        let mut x = self.0.get();
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.0.set(x);
        x.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(crate) fn below(&self, bound: u64) -> u64 {
        (self.next() >> 11) % bound
    }

    pub(crate) fn one_in(&self, n: u64) -> bool {
        self.below(n) == 0
    }
}

impl Rng for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let drawn = self.next().to_le_bytes();
            chunk.copy_from_slice(&drawn[..chunk.len()]);
        }
    }
}
