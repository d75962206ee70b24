//! Random graphs, random agents, random faults: whatever happens, no issue runs twice at once, none starts before what it
//! waits for, none stays claimed without an owner, and all are done in the end. The simulated tracker checks the first
//! two at every start.

use std::time::Duration;

use jit_dispatch::runner::{OnStop, Until};

use super::chance::Seeded;
use super::fakes::{Bench, simulate};
use super::tracker::{Fate, Weather, World};

const PRIORITIES: [&str; 4] = ["critical", "high", "normal", "low"];

/// Makes a graph in which each issue waits for some of those before it.
fn plant(world: &World, n_issues: u64) {
    let mut ids: Vec<String> = Vec::new();
    for n in 0..n_issues {
        let id = format!("i{n:02}");
        let waits_for: Vec<&str> = ids
            .iter()
            .filter(|_| world.chance.one_in(5))
            .map(String::as_str)
            .collect();
        let priority = PRIORITIES[usize::try_from(world.chance.below(4)).expect("a small number")];
        world.add(&id, priority, &waits_for);
        ids.push(id);
    }
}

fn fate(_: &str, chance: &Seeded) -> (Duration, Fate) {
    let span = Duration::from_millis(chance.below(3000));
    let fate = match chance.below(10) {
        0 => Fate::ShimDies,
        1 | 2 => Fate::Exit(1),
        3 => Fate::Exit(127),
        _ => Fate::Exit(0),
    };
    (span, fate)
}

/// Runs one storm; every number in it follows from the seed.
fn storm(seed: u64) {
    simulate(async {
        let world = World::new(seed);
        plant(&world, 12);
        *world.script.borrow_mut() = Box::new(fate);
        world.weather.set(Weather {
            is_offline: false,
            busy: 8,
            lost: 10,
        });
        let agents = "[[agents]]\nid = 'a'\ncapacity = 2\ncommand = 'x'\n[[agents]]\nid = 'b'\ncapacity = 1\ncommand = 'x'\n";
        let config = format!("{agents}[retry]\nbase_secs = 0.5\ncap_secs = 2\nmax_failures = 0\n");
        // Two states over one store: dispatchers that know nothing of each other.
        let benches = [Bench::new(&world, &config), Bench::new(&world, &config)];
        for round in 0..6 {
            // Each is killed in the middle of whatever it does; its runs go on.
            let lives = benches.each_ref().map(|bench| {
                let span = Duration::from_millis(world.chance.below(4000));
                tokio::task::spawn_local(tokio::time::timeout(
                    span,
                    bench.runner().run(Until::Stopped, OnStop::Wait),
                ))
            });
            for life in lives {
                let ended = life.await.expect("no dispatcher panics");
                assert!(
                    ended.is_err(),
                    "seed {seed}: a dispatcher ended by itself in round {round}"
                );
            }
        }
        world.weather.set(Weather::default());
        *world.script.borrow_mut() = Box::new(|_, _| (Duration::from_millis(100), Fate::Exit(0)));
        for bench in &benches {
            bench
                .runner()
                .run(Until::Idle, OnStop::Wait)
                .await
                .expect("it works");
        }
        // What only the other knows to be waiting may come last.
        let last = benches[0].runner().run(Until::Idle, OnStop::Wait).await;
        last.expect("it works");
        assert!(world.all_done(), "seed {seed}: {:?}", world.tasks.borrow());
        assert_eq!(*world.live.borrow(), Vec::<String>::new(), "seed {seed}");
        for bench in &benches {
            assert_eq!(
                bench.state().active_runs().expect("they can be listed"),
                [],
                "seed {seed}"
            );
        }
    });
}

#[test]
fn whatever_happens_every_issue_is_done_once() {
    for seed in 0..24 {
        storm(seed);
    }
}
