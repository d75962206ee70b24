//! What can be done to simulated files, one operation at a time.
//!
//! Owns the effect of each on a tree that may have missed earlier ones. Refuses to choose which are missed.

use std::collections::{BTreeMap, BTreeSet};

/// The name of a file or directory that renaming does not change.
pub(super) type Node = usize;

/// Something that was done to the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Op {
    /// A name appeared.
    Link {
        dir: Node,
        name: String,
        node: Node,
        is_dir: bool,
    },
    /// A name went.
    Unlink { dir: Node, name: String },
    /// A name moved, replacing what was there.
    Rename {
        from: (Node, String),
        to: (Node, String),
        node: Node,
    },
    /// Bytes were written.
    Write {
        node: Node,
        offset: usize,
        bytes: Vec<u8>,
    },
    /// A file was cut or extended.
    SetLen { node: Node, len: usize },
    /// A file, or the names in a directory, reached the disk.
    Sync { node: Node },
    /// A sync failed: what it should have brought to the disk never will be by a later one.
    FailedSync { node: Node },
    /// Everything reached the disk.
    SyncAll,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Body {
    File(Vec<u8>),
    Dir(BTreeMap<String, Node>),
}

/// Carries an operation out on a tree that may have missed earlier ones.
pub(super) fn perform(nodes: &mut BTreeMap<Node, (Body, i64)>, op: &Op, now_ns: i64) {
    match op {
        Op::Link {
            dir,
            name,
            node,
            is_dir,
        } => {
            let body = if *is_dir {
                Body::Dir(BTreeMap::new())
            } else {
                Body::File(Vec::new())
            };
            nodes.entry(*node).or_insert((body, now_ns));
            with_names(nodes, *dir, now_ns, |names| {
                names.insert(name.clone(), *node)
            });
        }
        Op::Unlink { dir, name } => with_names(nodes, *dir, now_ns, |names| names.remove(name)),
        Op::Rename { from, to, node } => {
            // The node was linked in any case; that its first name was lost does not matter.
            nodes
                .entry(*node)
                .or_insert((Body::File(Vec::new()), now_ns));
            with_names(nodes, from.0, now_ns, |names| {
                if names.get(&from.1) == Some(node) {
                    names.remove(&from.1)
                } else {
                    None
                }
            });
            with_names(nodes, to.0, now_ns, |names| {
                names.insert(to.1.clone(), *node)
            });
        }
        Op::Write {
            node,
            offset,
            bytes,
        } => {
            let (body, time) = nodes
                .entry(*node)
                .or_insert((Body::File(Vec::new()), now_ns));
            if let Body::File(content) = body {
                let end = offset + bytes.len();
                content.resize(content.len().max(end), 0);
                content[*offset..end].copy_from_slice(bytes);
                *time = now_ns;
            }
        }
        Op::SetLen { node, len } => {
            let (body, time) = nodes
                .entry(*node)
                .or_insert((Body::File(Vec::new()), now_ns));
            if let Body::File(content) = body {
                content.resize(*len, 0);
                *time = now_ns;
            }
        }
        Op::Sync { .. } | Op::FailedSync { .. } | Op::SyncAll => {}
    }
}

fn with_names<T>(
    nodes: &mut BTreeMap<Node, (Body, i64)>,
    dir: Node,
    now_ns: i64,
    change: impl FnOnce(&mut BTreeMap<String, Node>) -> T,
) {
    let (body, time) = nodes
        .entry(dir)
        .or_insert((Body::Dir(BTreeMap::new()), now_ns));
    if let Body::Dir(names) = body {
        change(names);
        *time = now_ns;
    }
}

/// Returns the nodes that can be reached from the roots.
pub(super) fn reachable(nodes: &BTreeMap<Node, (Body, i64)>) -> BTreeSet<Node> {
    let mut found = BTreeSet::new();
    let mut waiting: Vec<Node> = vec![0, 1];
    while let Some(node) = waiting.pop() {
        if found.insert(node)
            && let Some((Body::Dir(names), _)) = nodes.get(&node)
        {
            waiting.extend(names.values());
        }
    }
    found
}
