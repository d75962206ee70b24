//! Real power cuts: a file system loses what it had not written, at a random moment, again and again.
//!
//! Owns the laws: with `durability = "commit"` and `"paranoid"` nothing that was acknowledged is lost and nothing is half
//! done; with `"fast"` work may be lost. A careless writer under the same cuts shows that they cut.

mod disk;
mod work;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use self::disk::{Disk, Order, obstacle};
use self::work::{Notes, furnish, in_another_boot, repository, work};
use crate::support::figures;
use crate::support::program::PATIENCE;

/// How many cuts a quick run makes of each order.
const QUICK: usize = 15;

/// How many a thorough run makes.
const THOROUGH: usize = 600;

/// After so many cuts a disk is made anew.
const CUTS_PER_DISK: usize = 15;

/// How many cuts a careless writer meets.
const CARELESS: usize = 3;

/// How many violations are told in full.
const MOST_SHOWN: usize = 5;

/// What many cuts did.
#[derive(Default)]
struct Tally {
    cuts: usize,
    acks: usize,
    lost: Vec<String>,
    broken: Vec<String>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.cuts += other.cuts;
        self.acks += other.acks;
        self.lost.extend(other.lost);
        self.broken.extend(other.broken);
    }

    fn record(&self, figure: &str) {
        figures::record(
            figure,
            &json!({
                "cuts": self.cuts,
                "acknowledged": self.acks,
                "lost": self.lost.len(),
                "inconsistent": self.broken.len(),
                "thorough": figures::is_thorough(),
            }),
        );
    }
}

/// Returns when to cut, in milliseconds: another moment for each cut, the same in every run.
fn moment(number: usize) -> Duration {
    Duration::from_millis(40 + (number as u64 * 7_919) % 331)
}

/// Waits until somebody has written since the disk was mounted: on a busy machine the moments alone would cut too early.
fn wait_for_work(disk: &Disk) {
    let log = repository(disk).join(".git/jit/wal");
    let state = || std::fs::metadata(&log).map_or((0, None), |it| (it.len(), it.modified().ok()));
    let before = state();
    let deadline = Instant::now() + PATIENCE;
    while state() == before && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(1));
    }
}

/// Lets work run on a disk, cuts its power, and compares, again and again.
fn cut_again_and_again(order: Order, durability: &str, n_cuts: usize) -> Tally {
    let mut tally = Tally::default();
    for first in (0..n_cuts).step_by(CUTS_PER_DISK) {
        let disk = Disk::new(order);
        furnish(&disk, durability);
        let mut notes = Notes::default();
        for number in first..n_cuts.min(first + CUTS_PER_DISK) {
            let is_over = AtomicBool::new(false);
            let fuse = disk.arm().expect("the disk is there");
            let (disk, is_over) = (&disk, &is_over);
            thread::scope(|scope| {
                let workers = [0, 1].map(|worker| scope.spawn(move || work(disk, worker, is_over)));
                wait_for_work(disk);
                thread::sleep(moment(number));
                let cut = fuse.burn();
                is_over.store(true, Ordering::Relaxed);
                let cut = cut.expect("the power can be cut");
                for worker in workers {
                    notes.add(worker.join().expect("a worker does not panic"), cut);
                }
            });
            disk.restart();
            in_another_boot(disk);
            let findings = notes.compare(disk);
            tally.cuts += 1;
            if !findings.lost.is_empty() {
                // What is lost is counted once.
                notes.forget();
            }
            let named = |text: String| format!("{order:?} {durability}, cut {number}: {text}");
            tally.lost.extend(findings.lost.into_iter().map(named));
            tally.broken.extend(findings.broken.into_iter().map(named));
        }
        tally.acks += notes.n_acks;
    }
    tally
}

/// Cuts the power of a disk of each order.
fn cut_both(durability: &str, n_cuts: usize) -> Tally {
    thread::scope(|scope| {
        let weak = scope.spawn(|| cut_again_and_again(Order::Weak, durability, n_cuts));
        let mut tally = cut_again_and_again(Order::Usual, durability, n_cuts);
        tally.add(weak.join().expect("the other disk works too"));
        tally
    })
}

fn is_possible() -> bool {
    match obstacle() {
        None => true,
        Some(why) => {
            figures::leave_out(&format!("{why}: power cuts on a real file system not run"));
            false
        }
    }
}

fn n_cuts() -> usize {
    if figures::is_thorough() {
        THOROUGH
    } else {
        QUICK
    }
}

fn check(tally: &Tally) {
    let shown: Vec<&String> = tally
        .lost
        .iter()
        .chain(&tally.broken)
        .take(MOST_SHOWN)
        .collect();
    assert!(
        shown.is_empty(),
        "{} lost, {} broken: {shown:#?}",
        tally.lost.len(),
        tally.broken.len()
    );
    assert!(
        tally.acks >= tally.cuts,
        "only {} acknowledged commands in {} cuts",
        tally.acks,
        tally.cuts
    );
}

#[test]
fn a_power_cut_loses_nothing_that_was_acknowledged() {
    if !is_possible() {
        return;
    }
    let tally = cut_both("commit", n_cuts());
    tally.record("power cuts on ext4, durability commit");
    check(&tally);
    let tally = cut_both("paranoid", n_cuts() / 4);
    tally.record("power cuts on ext4, durability paranoid");
    check(&tally);
}

#[test]
fn a_power_cut_may_take_what_is_fast() {
    if !is_possible() {
        return;
    }
    let tally = cut_both("fast", n_cuts() / 4);
    tally.record("power cuts on ext4, durability fast");
    assert!(
        !tally.lost.is_empty(),
        "the cuts take nothing, so they prove nothing"
    );
    for text in &tally.broken {
        figures::note(text);
    }
}

/// Replaces a file again and again by the usual temporary file and rename, without a sync; returns when which number was
/// in place.
fn write_carelessly(disk: &Disk, is_over: &AtomicBool) -> Vec<Instant> {
    let path = repository(disk).join("number");
    let temporary = repository(disk).join("number.new");
    let mut acks = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        let text = format!("{}\n", acks.len() + 1);
        let written =
            std::fs::write(&temporary, text).and_then(|()| std::fs::rename(&temporary, &path));
        if written.is_err() {
            break;
        }
        acks.push(Instant::now());
        thread::sleep(Duration::from_millis(1));
    }
    acks
}

#[test]
fn a_careless_writer_loses_acknowledged_work() {
    if !is_possible() {
        return;
    }
    let mut n_losses = 0;
    for number in 0..CARELESS {
        let disk = Disk::new(Order::Usual);
        furnish(&disk, "commit");
        let is_over = AtomicBool::new(false);
        let fuse = disk.arm().expect("the disk is there");
        let acked = thread::scope(|scope| {
            let writer = scope.spawn(|| write_carelessly(&disk, &is_over));
            thread::sleep(moment(number));
            let cut = fuse.burn();
            is_over.store(true, Ordering::Relaxed);
            let cut = cut.expect("the power can be cut");
            let acks = writer.join().expect("a writer does not panic");
            acks.into_iter().filter(|at| *at < cut).count()
        });
        disk.restart();
        let kept = std::fs::read_to_string(repository(&disk).join("number")).unwrap_or_default();
        let kept: usize = kept.trim().parse().unwrap_or(0);
        assert!(acked > 0, "nothing was written before the cut");
        n_losses += usize::from(kept < acked);
    }
    assert_eq!(n_losses, CARELESS, "the cut takes what was not synced");
}
