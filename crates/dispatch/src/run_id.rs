//! Owns the making of run ids: 26 characters that sort by time. Refuses to read a clock or draw chance by itself.

use jit_scheduler::{Millis, RunId};

use crate::ports::Rng;

/// The upper-case Crockford base 32 alphabet of a ULID.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Returns a fresh id: 48 bits of time in milliseconds, then 80 random bits.
pub fn generate(now: Millis, rng: &impl Rng) -> RunId {
    let mut bytes = [0_u8; 16];
    rng.fill(&mut bytes);
    let random = u128::from_be_bytes(bytes) & ((1 << 80) - 1);
    let bits = (u128::from(now.0 & ((1 << 48) - 1)) << 80) | random;
    let text: String = (0..26_u32)
        .rev()
        .map(|place| {
            let index = usize::try_from((bits >> (5 * place)) & 31).expect("five bits fit");
            char::from(ALPHABET[index])
        })
        .collect();
    RunId::from(text)
}

/// Returns whether `text` has the form of a run id, and so can be the name of a directory of ours.
pub fn is_run_id(text: &str) -> bool {
    text.len() == 26 && text.bytes().all(|byte| ALPHABET.contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(u8);

    impl Rng for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    #[test]
    fn ids_sort_by_time_and_look_like_ids() {
        let early = generate(Millis(1_700_000_000_000), &Fixed(0xff));
        let late = generate(Millis(1_700_000_000_001), &Fixed(0));
        assert!(early.as_str() < late.as_str());
        assert_eq!(late.as_str(), "01HF7YAT010000000000000000");
        assert!(is_run_id(early.as_str()) && is_run_id(late.as_str()));
        assert!(!is_run_id("../../../../../etc/passwd0"));
    }
}
