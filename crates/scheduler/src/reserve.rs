//! Owns the count of starts that passed over an issue which has waited too long.

use std::collections::BTreeMap;

use crate::matching::Need;

/// How often in a row each kind of need was passed over while it had an issue that waited too long. The dispatcher hands
/// back what the last plan returned; losing it only delays a turn of the reserve.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReserveState {
    /// Starts in a row, for each need, on slots that an older issue with that need could have had.
    pub passed_over: BTreeMap<Need, u32>,
}
