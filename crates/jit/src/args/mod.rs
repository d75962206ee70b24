//! What people type, turned into values.
//!
//! Owns the parsing of arguments and standard input. Refuses to look anything up: a prefix stays a prefix.

pub(crate) mod claim;
pub(crate) mod global;
pub(crate) mod input;
pub(crate) mod values;

/// Returns the name that is nearest to what was typed, if one is near enough to be meant.
pub(crate) fn nearest<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let scored = known.map(|name| (strsim::jaro_winkler(typed, name), name));
    let best = scored.max_by(|(left, _), (right, _)| left.total_cmp(right))?;
    (best.0 > 0.8).then_some(best.1)
}
