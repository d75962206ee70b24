//! A disk whose power can be cut: an image in memory behind a loop device, with ext4 on it.
//!
//! Owns the mounts and the cut. What the file system held in memory at that moment is gone, as after a loss of power.
//! Refuses to know what is written. Needs root; the call that cuts is made by perl, which git brings along, because a
//! program of ours would need `unsafe` for it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use tempfile::TempDir;

use crate::support::program::{Answer, program};

/// How large the disk is, in bytes.
const SIZE: u64 = 96 << 20;

/// Waits for a line and shuts the file system down without writing its journal: `FS_IOC_SHUTDOWN` with
/// `FS_SHUTDOWN_FLAGS_NOLOGFLUSH`.
const SHUTDOWN: &str = r#"
    open(my $disk, "<", $ARGV[0]) or die "open: $!\n";
    my $flags = pack("L", 2);
    $| = 1;
    print "armed\n";
    <STDIN>;
    ioctl($disk, 0x8004587d, $flags) or die "ioctl: $!\n";
"#;

/// How the file system orders what it writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Order {
    /// As ext4 does by default.
    Usual,
    /// Names may reach the disk long before contents do.
    Weak,
}

/// A mounted disk.
pub(super) struct Disk {
    order: Order,
    place: TempDir,
    /// Each restart goes on with a copy.
    n_restarts: AtomicUsize,
}

/// What cuts the power of a disk.
pub(super) struct Fuse(Child);

/// Returns why the power can't be cut here, if it can't.
pub(super) fn obstacle() -> Option<&'static str> {
    let works = |name: &str, arguments: &[&str]| {
        let output = program(name, Path::new("/")).args(arguments).output();
        output.is_ok_and(|output| output.status.success())
    };
    let is_root = program("id", Path::new("/"))
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout == b"0\n");
    if !is_root {
        return Some("no root");
    }
    if !Path::new("/dev/loop-control").exists() || !Path::new("/dev/shm").is_dir() {
        return Some("no loop devices");
    }
    if !works("mkfs.ext4", &["-V"]) || !works("perl", &["-v"]) {
        return Some("no mkfs.ext4 or no perl");
    }
    let disk = Disk::try_new(Order::Usual);
    match disk.map(|disk| disk.arm().and_then(Fuse::burn)) {
        Ok(Ok(_)) => None,
        Ok(Err(_)) => Some("no file system that can be shut down"),
        Err(_) => Some("no loop device that may be mounted"),
    }
}

fn succeed(command: &mut Command) -> Result<(), String> {
    let answer = Answer::of(command);
    if answer.code == Some(0) {
        Ok(())
    } else {
        Err(format!("{command:?}: {answer:?}"))
    }
}

impl Disk {
    /// Makes an empty disk and mounts it.
    pub(super) fn new(order: Order) -> Self {
        Self::try_new(order).unwrap_or_else(|why| panic!("no disk: {why}"))
    }

    fn try_new(order: Order) -> Result<Self, String> {
        let place = TempDir::new_in("/dev/shm").map_err(|error| error.to_string())?;
        let n_restarts = AtomicUsize::new(0);
        let disk = Self {
            order,
            place,
            n_restarts,
        };
        let image = std::fs::File::create(disk.image()).map_err(|error| error.to_string())?;
        image.set_len(SIZE).map_err(|error| error.to_string())?;
        std::fs::create_dir(disk.root()).map_err(|error| error.to_string())?;
        let mut make = program("mkfs.ext4", disk.place.path());
        succeed(make.args(["-q", "-F"]).arg(disk.image()))?;
        disk.mount()?;
        Ok(disk)
    }

    fn image(&self) -> PathBuf {
        let number = self.n_restarts.load(Ordering::Relaxed);
        self.place.path().join(format!("image-{number}"))
    }

    /// Returns the directory at which the disk is mounted.
    pub(super) fn root(&self) -> PathBuf {
        self.place.path().join("disk")
    }

    fn mount(&self) -> Result<(), String> {
        let options = match self.order {
            Order::Usual => "loop",
            Order::Weak => "loop,noauto_da_alloc,data=writeback",
        };
        let mut mount = program("mount", self.place.path());
        succeed(
            mount
                .args(["-o", options])
                .arg(self.image())
                .arg(self.root()),
        )
    }

    /// Gets ready to cut the power.
    pub(super) fn arm(&self) -> Result<Fuse, String> {
        let mut perl = program("perl", self.place.path());
        perl.args(["-e", SHUTDOWN]).arg(self.root());
        perl.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = perl.spawn().map_err(|error| error.to_string())?;
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout)
            .read_line(&mut line)
            .map_err(|error| error.to_string())?;
        if line == "armed\n" {
            Ok(Fuse(child))
        } else {
            child.wait().map_err(|error| error.to_string())?;
            Err("the disk can't be opened".to_owned())
        }
    }

    /// Brings the power back: mounts what reached the disk.
    ///
    /// It mounts a copy. A process in another mount namespace may keep the dead file system alive, and mounting the same
    /// image would bring that one back instead of what a restarted machine finds. The dead one writes nothing any more.
    pub(super) fn restart(&self) {
        self.unmount().expect("a dead disk can be unmounted");
        let dead = self.image();
        self.n_restarts.fetch_add(1, Ordering::Relaxed);
        let mut copy = program("cp", self.place.path());
        let copied = succeed(copy.arg("--sparse=always").arg(&dead).arg(self.image()));
        copied.expect("there is room for another image");
        std::fs::remove_file(&dead).expect("the dead image can be removed");
        self.mount()
            .expect("a disk whose power was cut can be mounted");
    }

    fn unmount(&self) -> Result<(), String> {
        succeed(program("umount", self.place.path()).arg(self.root()))
    }
}

impl Fuse {
    /// Cuts the power and returns the last moment before that; from here on every access fails.
    pub(super) fn burn(mut self) -> Result<Instant, String> {
        let mut stdin = self.0.stdin.take().expect("it is piped");
        let before = Instant::now();
        let told = writeln!(stdin);
        let status = self.0.wait().map_err(|error| error.to_string())?;
        if told.is_ok() && status.success() {
            Ok(before)
        } else {
            Err(format!("{told:?}, {status}"))
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // A test that failed may have left a process behind that holds the mount.
        if self.unmount().is_err() {
            let mut lazy = program("umount", self.place.path());
            let detached = succeed(lazy.arg("--lazy").arg(self.root()));
            assert!(
                detached.is_ok() || std::thread::panicking(),
                "the disk stays mounted: {detached:?}"
            );
        }
    }
}
