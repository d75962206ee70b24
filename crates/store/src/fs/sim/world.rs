//! The state of simulated files, and everything that was done to them.
//!
//! Owns the live tree and the list of operations that it follows from. Refuses to decide which operations survive a power
//! cut: see `crash`.

use super::op::{Body, Node, Op, perform};
use super::{Access, At, DEAD, Entry, Fault, FaultKind, RelPath, Root};
use crate::fs::{Kind, Stat};
use std::collections::BTreeMap;
use std::io;

/// How far the clock moves with each call, nanoseconds.
const TICK_NS: i64 = 10_000;

/// When the simulation begins, nanoseconds since 1970.
const EPOCH_NS: i64 = 1_700_000_000_000_000_000;

/// The live tree.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) nodes: BTreeMap<Node, (Body, i64)>,
    pub(super) ops: Vec<Op>,
    pub(super) times: Vec<i64>,
    pub(super) next: Node,
    pub(super) now_ns: i64,
    pub(super) calls: Vec<&'static str>,
    pub(super) fault: Option<Fault>,
    pub(super) ignored: Option<&'static str>,
    pub(super) is_locked: bool,
}

impl World {
    pub(super) fn new() -> Self {
        let root = || (Body::Dir(BTreeMap::new()), EPOCH_NS);
        Self {
            nodes: BTreeMap::from([(0, root()), (1, root())]),
            ops: Vec::new(),
            times: Vec::new(),
            next: 2,
            now_ns: EPOCH_NS,
            calls: Vec::new(),
            fault: None,
            ignored: None,
            is_locked: false,
        }
    }

    pub(super) fn root(root: Root) -> Node {
        match root {
            Root::Shared => 0,
            Root::Private => 1,
        }
    }

    /// Counts a call and lets it fail if that is planned.
    pub(super) fn enter(&mut self, name: &'static str) -> io::Result<()> {
        match self.fate(name) {
            None | Some(FaultKind::Short) => Ok(()),
            Some(FaultKind::Once(errno) | FaultKind::Forever(errno) | FaultKind::Half(errno)) => {
                Err(io::Error::from_raw_os_error(errno))
            }
            Some(FaultKind::Death | FaultKind::DeathHalfway) => {
                Err(io::Error::from_raw_os_error(DEAD))
            }
        }
    }

    fn fate(&mut self, name: &'static str) -> Option<FaultKind> {
        let call = self.calls.len() as u64;
        self.calls.push(name);
        self.now_ns += TICK_NS;
        let fault = self.fault?;
        let lasts = matches!(
            fault.kind,
            FaultKind::Forever(_) | FaultKind::Death | FaultKind::DeathHalfway
        );
        match call.cmp(&fault.call) {
            std::cmp::Ordering::Less => None,
            std::cmp::Ordering::Equal => Some(fault.kind),
            // Only the first call of a dying process gets halfway.
            std::cmp::Ordering::Greater if fault.kind == FaultKind::DeathHalfway => {
                Some(FaultKind::Death)
            }
            std::cmp::Ordering::Greater => lasts.then_some(fault.kind),
        }
    }

    /// Notes an operation and carries it out.
    pub(super) fn perform(&mut self, op: Op) {
        perform(&mut self.nodes, &op, self.now_ns);
        self.ops.push(op);
        self.times.push(self.now_ns);
    }

    fn names(&self, dir: Node) -> io::Result<&BTreeMap<String, Node>> {
        match self.nodes.get(&dir) {
            Some((Body::Dir(names), _)) => Ok(names),
            Some((Body::File(_), _)) => Err(io::ErrorKind::NotADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    pub(super) fn find(&self, at: &At) -> io::Result<Node> {
        at.path
            .as_str()
            .split('/')
            .try_fold(Self::root(at.root), |dir, name| {
                self.names(dir)?
                    .get(name)
                    .copied()
                    .ok_or_else(|| io::ErrorKind::NotFound.into())
            })
    }

    fn parent(&self, root: Root, path: &RelPath) -> io::Result<Node> {
        let dir = path.parent().map_or(Ok(Self::root(root)), |parent| {
            self.find(&At::new(root, parent))
        })?;
        self.names(dir).map(|_| dir)
    }

    fn link(&mut self, at: &At, is_dir: bool) -> io::Result<Node> {
        let dir = self.parent(at.root, &at.path)?;
        let node = self.next;
        self.next += 1;
        self.perform(Op::Link {
            dir,
            name: at.path.name().to_owned(),
            node,
            is_dir,
        });
        Ok(node)
    }

    pub(super) fn open(&mut self, at: &At, access: Access) -> io::Result<Node> {
        match (self.find(at), access) {
            (Ok(_), Access::New) => Err(io::ErrorKind::AlreadyExists.into()),
            (Ok(node), _) => match &self.nodes[&node].0 {
                Body::File(_) => Ok(node),
                Body::Dir(_) => Err(io::ErrorKind::InvalidInput.into()),
            },
            (Err(error), Access::New | Access::Create)
                if error.kind() == io::ErrorKind::NotFound =>
            {
                self.link(at, false)
            }
            (Err(error), _) => Err(error),
        }
    }

    pub(super) fn make_dir(&mut self, at: &At) -> io::Result<()> {
        if self.find(at).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.link(at, true).map(|_| ())
    }

    pub(super) fn unlink(&mut self, at: &At) -> io::Result<()> {
        self.find(at)?;
        let dir = self.parent(at.root, &at.path)?;
        self.perform(Op::Unlink {
            dir,
            name: at.path.name().to_owned(),
        });
        Ok(())
    }

    pub(super) fn rename(&mut self, from: &At, to: &RelPath) -> io::Result<()> {
        let node = self.find(from)?;
        let source = self.parent(from.root, &from.path)?;
        let target = self.parent(from.root, to)?;
        let (from, to) = (
            (source, from.path.name().to_owned()),
            (target, to.name().to_owned()),
        );
        self.perform(Op::Rename { from, to, node });
        Ok(())
    }

    pub(super) fn list(&self, at: &At) -> io::Result<Vec<Entry>> {
        let names = self.names(self.find(at)?)?.keys();
        Ok(names.map(|name| Entry { name: name.clone() }).collect())
    }

    pub(super) fn stat(&self, node: Node) -> Stat {
        let (kind, len, time) = match self.nodes.get(&node) {
            Some((Body::File(bytes), time)) => (Kind::File, bytes.len() as u64, *time),
            Some((Body::Dir(_), time)) => (Kind::Directory, 0, *time),
            None => (Kind::Other, 0, 0),
        };
        Stat {
            kind,
            len,
            ino: node as u64,
            mtime_ns: time,
            ctime_ns: time,
        }
    }

    pub(super) fn read(&self, node: Node, offset: u64, buffer: &mut [u8]) -> usize {
        let Some((Body::File(bytes), _)) = self.nodes.get(&node) else {
            return 0;
        };
        let start = usize::try_from(offset)
            .unwrap_or(usize::MAX)
            .min(bytes.len());
        let len = buffer.len().min(bytes.len() - start);
        buffer[..len].copy_from_slice(&bytes[start..start + len]);
        len
    }

    pub(super) fn write(&mut self, node: Node, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        let offset = usize::try_from(offset).map_err(io::Error::other)?;
        let whole = |bytes: &[u8]| Op::Write {
            node,
            offset,
            bytes: bytes.to_vec(),
        };
        let half = &bytes[..bytes.len() / 2];
        match self.fate("pwrite") {
            None => self.perform(whole(bytes)),
            Some(FaultKind::Once(errno) | FaultKind::Forever(errno)) => {
                return Err(io::Error::from_raw_os_error(errno));
            }
            Some(FaultKind::Short) => {
                self.perform(whole(half));
                return Ok(half.len());
            }
            Some(FaultKind::Half(errno)) => {
                self.perform(whole(half));
                return Err(io::Error::from_raw_os_error(errno));
            }
            Some(FaultKind::Death) => return Err(io::Error::from_raw_os_error(DEAD)),
            Some(FaultKind::DeathHalfway) => {
                self.perform(whole(half));
                return Err(io::Error::from_raw_os_error(DEAD));
            }
        }
        Ok(bytes.len())
    }

    pub(super) fn set_len(&mut self, node: Node, len: u64) {
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        self.perform(Op::SetLen { node, len });
    }

    pub(super) fn sync(&mut self, name: &'static str, node: Node) -> io::Result<()> {
        let answer = self.enter(name);
        let is_dead = self
            .fault
            .is_some_and(|fault| matches!(fault.kind, FaultKind::Death | FaultKind::DeathHalfway));
        match &answer {
            Ok(()) if self.ignored == Some(name) => {}
            Ok(()) => self.perform(Op::Sync { node }),
            Err(_) if is_dead => {}
            Err(_) => self.perform(Op::FailedSync { node }),
        }
        answer
    }
}
