//! What is left after a death or a power cut.
//!
//! Owns the model of the disk: an operation is sure to survive only when a later sync covers it; any other one may
//! survive, be lost, or be torn between sectors. Refuses to model one particular file system.

use super::op::{Body, Node, Op, perform, reachable};
use super::world::World;
use std::collections::BTreeSet;
use std::time::Duration;

/// Bytes that reach the disk together, at the least.
const SECTOR: usize = 512;

/// Bytes that reach the disk together where the system writes pages.
const PAGE: usize = 4096;

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

/// What becomes of one operation that no sync covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Survival {
    /// It never happened.
    Lost,
    /// It is complete.
    Whole,
    /// Of a write only the length arrived, and zeros; anything else is complete.
    Length,
    /// Of a write only every other sector of 512 bytes arrived, the first one or the second one first; anything else is
    /// complete.
    Sectors(bool),
    /// The same with pages of 4 KiB.
    Pages(bool),
}

impl Survival {
    /// Returns all that can become of a write.
    pub const WRITE: [Self; 7] = [
        Self::Lost,
        Self::Whole,
        Self::Length,
        Self::Sectors(true),
        Self::Sectors(false),
        Self::Pages(true),
        Self::Pages(false),
    ];

    /// Returns all that can become of a name or a length.
    pub const NAME: [Self; 2] = [Self::Lost, Self::Whole];

    fn of(self, op: &Op) -> Vec<Op> {
        let Op::Write {
            node,
            offset,
            bytes,
        } = op
        else {
            return if self == Self::Lost {
                Vec::new()
            } else {
                vec![op.clone()]
            };
        };
        let torn = |block: usize, is_first: bool| {
            let mut kept = usize::from(!is_first);
            parts(*node, *offset, bytes, block, || {
                kept += 1;
                kept % 2 == 1
            })
        };
        match self {
            Self::Lost => Vec::new(),
            Self::Whole => vec![op.clone()],
            Self::Length => vec![zeros(*node, *offset, bytes.len())],
            Self::Sectors(is_first) => torn(SECTOR, is_first),
            Self::Pages(is_first) => torn(PAGE, is_first),
        }
    }
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
        let mut chance = Chance(match loss {
            Loss::Random(seed) => seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ n_ops as u64 | 1,
            Loss::Everything | Loss::Nothing | Loss::Contents | Loss::Names => 1,
        });
        self.cut(n_ops, |op, _| survivors(op, loss, &mut chance))
    }

    /// Cuts the power with everything that no sync covers meeting one end, but for the operations that are named by their
    /// place among those.
    pub(super) fn after_exact_cut(
        &self,
        n_ops: usize,
        rest: Survival,
        others: &[(usize, Survival)],
    ) -> Self {
        self.cut(n_ops, |op, place| {
            let other = others.iter().find(|(at, _)| *at == place);
            other.map_or(rest, |(_, survival)| *survival).of(op)
        })
    }

    /// Returns for each operation that no sync covers whether it writes bytes.
    pub(super) fn unsynced(&self, n_ops: usize) -> Vec<bool> {
        let ops = &self.ops[..n_ops];
        let safe = safe_ops(ops);
        ops.iter()
            .zip(safe)
            .filter(|(_, is_safe)| !is_safe)
            .map(|(op, _)| matches!(op, Op::Write { .. }))
            .collect()
    }

    fn cut(&self, n_ops: usize, mut survivors: impl FnMut(&Op, usize) -> Vec<Op>) -> Self {
        let ops = &self.ops[..n_ops];
        let mut left = Self::new();
        left.next = self.next;
        let safe = safe_ops(ops);
        let mut n_unsafe = 0;
        for (place, op) in ops.iter().enumerate() {
            let time = self.times.get(place).copied().unwrap_or(left.now_ns);
            left.now_ns = left.now_ns.max(time);
            if safe[place] {
                perform(&mut left.nodes, op, time);
                continue;
            }
            for op in survivors(op, n_unsafe) {
                perform(&mut left.nodes, &op, time);
            }
            n_unsafe += 1;
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
        2 => vec![zeros(*node, *offset, bytes.len())],
        _ => parts(*node, *offset, bytes, SECTOR, || chance.draw(2) == 0),
    }
}

fn zeros(node: Node, offset: usize, len: usize) -> Op {
    Op::Write {
        node,
        offset,
        bytes: vec![0; len],
    }
}

/// Returns the blocks of a write that are kept.
fn parts(
    node: Node,
    offset: usize,
    bytes: &[u8],
    block: usize,
    mut is_kept: impl FnMut() -> bool,
) -> Vec<Op> {
    let (mut at, mut left) = (offset, Vec::new());
    while at < offset + bytes.len() {
        let end = ((at / block + 1) * block).min(offset + bytes.len());
        if is_kept() {
            left.push(Op::Write {
                node,
                offset: at,
                bytes: bytes[at - offset..end - offset].to_vec(),
            });
        }
        at = end;
    }
    left
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
