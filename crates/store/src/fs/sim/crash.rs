//! What is left after a death or a power cut.
//!
//! Owns the model of the disk: an operation is sure to survive only when a later sync covers it; any other one may
//! survive, be lost, or be torn between sectors. Refuses to model one particular file system.

use super::op::{Body, Node, Op, perform, reachable};
use super::world::World;
use std::collections::BTreeSet;
use std::time::Duration;

/// Bytes that reach the disk together.
const SECTOR: usize = 512;

/// How long the machine stays off.
const OFF: Duration = Duration::from_mins(1);

/// What a power cut does to operations that no sync covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// All are lost.
    Everything,
    /// None is.
    Nothing,
    /// Names survive and contents do not: the state that replaced files are found empty in.
    Contents,
    /// Contents survive and names do not.
    Names,
    /// Chance decides, from this seed; writes may be torn, or leave only their length.
    Random(u64),
}

impl World {
    pub(super) fn after_death(&self) -> Self {
        Self {
            calls: Vec::new(),
            fault: None,
            is_locked: false,
            ..self.clone()
        }
    }

    pub(super) fn after_power_cut(&self, n_ops: usize, loss: Loss) -> Self {
        let ops = &self.ops[..n_ops];
        let mut chance = Chance(match loss {
            Loss::Random(seed) => seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ n_ops as u64 | 1,
            Loss::Everything | Loss::Nothing | Loss::Contents | Loss::Names => 1,
        });
        let mut left = Self::new();
        left.next = self.next;
        let safe = safe_ops(ops);
        for (place, op) in ops.iter().enumerate() {
            let is_safe = safe[place];
            let time = self.times.get(place).copied().unwrap_or(left.now_ns);
            left.now_ns = left.now_ns.max(time);
            for op in if is_safe {
                vec![op.clone()]
            } else {
                survivors(op, loss, &mut chance)
            } {
                perform(&mut left.nodes, &op, time);
            }
        }
        let alive = reachable(&left.nodes);
        left.nodes.retain(|node, _| alive.contains(node));
        left.now_ns += i64::try_from(OFF.as_nanos()).unwrap_or(0);
        left.rebase();
        left
    }

    /// Makes the present tree the one that later power cuts begin from.
    fn rebase(&mut self) {
        self.ops.clear();
        self.times.clear();
        let nodes: Vec<(Node, _)> = self
            .nodes
            .iter()
            .map(|(node, body)| (*node, body.clone()))
            .collect();
        for (node, (body, time)) in &nodes {
            match body {
                Body::Dir(names) => {
                    for (name, child) in names {
                        let is_dir = matches!(self.nodes[child].0, Body::Dir(_));
                        self.ops.push(Op::Link {
                            dir: *node,
                            name: name.clone(),
                            node: *child,
                            is_dir,
                        });
                        self.times.push(*time);
                    }
                }
                Body::File(bytes) => {
                    self.ops.push(Op::Write {
                        node: *node,
                        offset: 0,
                        bytes: bytes.clone(),
                    });
                    self.times.push(*time);
                }
            }
        }
        self.ops.push(Op::SyncAll);
        self.times.push(self.now_ns);
    }
}

/// Returns which operations a later sync covers. A failed sync of the same file breaks that promise for ever.
fn safe_ops(ops: &[Op]) -> Vec<bool> {
    let (mut synced, mut failed, mut is_all_synced) =
        (BTreeSet::<Node>::new(), BTreeSet::<Node>::new(), false);
    let mut safe = vec![true; ops.len()];
    for (place, op) in ops.iter().enumerate().rev() {
        safe[place] = match op {
            Op::Link { dir, .. } | Op::Unlink { dir, .. } => is_all_synced || synced.contains(dir),
            Op::Rename { from, to, .. } => {
                is_all_synced || synced.contains(&from.0) || synced.contains(&to.0)
            }
            Op::Write { node, .. } => {
                (is_all_synced || synced.contains(node)) && !failed.contains(node)
            }
            Op::SetLen { node, .. } => is_all_synced || synced.contains(node),
            Op::Sync { node } => {
                // Seen from the past this sync comes before any failure behind it.
                failed.remove(node);
                synced.insert(*node)
            }
            Op::FailedSync { node } => {
                failed.insert(*node);
                true
            }
            Op::SyncAll => {
                failed.clear();
                is_all_synced = true;
                true
            }
        } || matches!(op, Op::Sync { .. });
    }
    safe
}

/// Returns what is left of an operation that no sync covers.
fn survivors(op: &Op, loss: Loss, chance: &mut Chance) -> Vec<Op> {
    let is_content = matches!(op, Op::Write { .. });
    let survives = match loss {
        Loss::Everything => false,
        Loss::Nothing => true,
        Loss::Contents => !is_content,
        Loss::Names => is_content,
        Loss::Random(_) => return random_survivors(op, chance),
    };
    if survives {
        vec![op.clone()]
    } else {
        Vec::new()
    }
}

fn random_survivors(op: &Op, chance: &mut Chance) -> Vec<Op> {
    let Op::Write {
        node,
        offset,
        bytes,
    } = op
    else {
        return if chance.draw(2) == 0 {
            vec![op.clone()]
        } else {
            Vec::new()
        };
    };
    match chance.draw(4) {
        0 => Vec::new(),
        1 => vec![op.clone()],
        // The length arrived, the bytes did not.
        2 => vec![Op::Write {
            node: *node,
            offset: *offset,
            bytes: vec![0; bytes.len()],
        }],
        _ => {
            let mut at = *offset;
            let mut left = Vec::new();
            while at < offset + bytes.len() {
                let end = ((at / SECTOR + 1) * SECTOR).min(offset + bytes.len());
                if chance.draw(2) == 0 {
                    left.push(Op::Write {
                        node: *node,
                        offset: at,
                        bytes: bytes[at - offset..end - offset].to_vec(),
                    });
                }
                at = end;
            }
            left
        }
    }
}

/// Small reproducible chance.
struct Chance(u64);

impl Chance {
    fn draw(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) % n
    }
}
