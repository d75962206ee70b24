//! The graph of waiting: dependencies and the hierarchy of parents and children.
//!
//! Owns cycles, reachability and order. Refuses to say what a blocked issue means (`readiness`).
//!
//! Every issue has two nodes. Its *whole* waits for its children and for its *inner* node; the inner node waits for the
//! issue's dependencies and for the inner node of its parent, because a child can't run before its parent's own
//! dependencies are resolved. A cycle over these nodes is a deadlock, and only then.

mod cycle;
mod feedback;
mod tree;
mod view;

pub use cycle::{cycle_through, cyclic_issues, is_on_cycle};
pub use feedback::{Edge, EdgeKind, edges_on_cycles};
pub use tree::{Branch, BranchEnd, dependency_tree};
pub use view::{downstream, levels, roots};
