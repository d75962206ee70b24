//! What a dispatcher does, one law at a time.

use std::time::Duration;

use jit_dispatch::runner::{Notice, OnStop, Until};

use super::fakes::{Bench, simulate};
use super::tracker::{Fate, World};

const ONE_SLOT: &str = "[[agents]]\nid = 'a'\ncommand = 'x'\n[retry]\nbase_secs = 10\ncap_secs = 10\nmax_failures = 3\n";

/// Returns the starts, in order.
fn starts(world: &World) -> String {
    let log = world.log.borrow();
    log.iter()
        .filter_map(|line| line.strip_suffix('+'))
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn priority_then_age_then_what_became_ready() {
    simulate(async {
        let world = World::new(1);
        world.add("low", "low", &[]);
        world.add("n1", "normal", &[]);
        world.add("crit", "critical", &["low"]);
        world.add("n2", "normal", &[]);
        world.add("high", "high", &[]);
        let bench = Bench::new(&world, ONE_SLOT);
        bench
            .runner()
            .run(Until::Idle, OnStop::Wait)
            .await
            .expect("it works");
        assert_eq!(starts(&world), "high n1 n2 low crit");
        assert!(world.all_done());
    });
}

#[test]
fn events_wake_it_and_without_them_it_looks_within_the_interval() {
    for (is_deaf, most) in [(false, 5), (true, 65)] {
        simulate(async {
            let world = World::new(2);
            world.is_deaf.set(is_deaf);
            let bench = Bench::new(&world, &format!("poll_interval_secs = 60\n{ONE_SLOT}"));
            let runner = bench.runner();
            let stopper = runner.stopper();
            let work = tokio::task::spawn_local(runner.run(Until::Stopped, OnStop::Wait));
            tokio::time::sleep(Duration::from_secs(90)).await;
            world.add("late", "normal", &[]);
            let begun = world.clock.0.elapsed();
            while !world.all_done() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            let took = world.clock.0.elapsed().saturating_sub(begun).as_secs();
            // A dispatcher that hears nothing asks for the stream again, and looks when it does.
            assert!(took <= most, "deaf: {is_deaf}, took {took} s");
            stopper.stop();
            work.await.expect("it does not panic").expect("it works");
        });
    }
}

#[test]
fn an_idle_dispatcher_asks_rarely() {
    simulate(async {
        let world = World::new(3);
        let bench = Bench::new(&world, &format!("poll_interval_secs = 60\n{ONE_SLOT}"));
        let runner = bench.runner();
        let stopper = runner.stopper();
        let work = tokio::task::spawn_local(runner.run(Until::Stopped, OnStop::Wait));
        tokio::time::sleep(Duration::from_hours(1)).await;
        assert!(
            world.calls.get() <= 2 * 62,
            "{} calls in an idle hour",
            world.calls.get()
        );
        stopper.stop();
        work.await.expect("it does not panic").expect("it works");
    });
}

#[test]
fn an_outage_is_waited_out_and_told_once_each_way() {
    simulate(async {
        let world = World::new(4);
        world.add("a1", "normal", &[]);
        let mut weather = world.weather.get();
        weather.is_offline = true;
        world.weather.set(weather);
        let bench = Bench::new(&world, ONE_SLOT);
        let work = tokio::task::spawn_local(bench.runner().run(Until::Idle, OnStop::Wait));
        tokio::time::sleep(Duration::from_mins(10)).await;
        let calls = world.calls.get();
        assert!((15..=40).contains(&calls), "{calls} calls in ten minutes");
        weather.is_offline = false;
        world.weather.set(weather);
        work.await.expect("it does not panic").expect("it works");
        assert!(world.all_done());
        let told = bench.ear.0.borrow();
        assert_eq!(
            told.iter()
                .filter(|notice| matches!(notice, Notice::OutageOver))
                .count(),
            1
        );
    });
}

#[test]
fn once_passes_an_outage_on() {
    simulate(async {
        let world = World::new(5);
        let mut weather = world.weather.get();
        weather.is_offline = true;
        world.weather.set(weather);
        let bench = Bench::new(&world, ONE_SLOT);
        let until = Until::Once {
            max: None,
            wait: true,
        };
        assert!(bench.runner().run(until, OnStop::Wait).await.is_err());
    });
}

#[test]
fn failed_issues_wait_longer_and_are_given_up() {
    simulate(async {
        let world = World::new(6);
        *world.script.borrow_mut() = Box::new(|_, _| (Duration::from_secs(1), Fate::Exit(1)));
        world.add("bad", "normal", &[]);
        let bench = Bench::new(&world, ONE_SLOT);
        bench
            .runner()
            .run(Until::Idle, OnStop::Wait)
            .await
            .expect("it works");
        assert_eq!(starts(&world), "bad bad bad");
        assert!(world.tasks.borrow()["bad"].is_held);
        let took = world.clock.0.elapsed().as_secs();
        assert!(
            (13..=24).contains(&took),
            "two waits of 5 to 10 s and three runs took {took} s"
        );
    });
}

#[test]
fn a_broken_agent_is_rested_and_its_issues_are_not_charged() {
    simulate(async {
        let world = World::new(7);
        let mut n_runs = 0;
        *world.script.borrow_mut() = Box::new(move |_, _| {
            n_runs += 1;
            (
                Duration::from_millis(10),
                Fate::Exit(if n_runs < 3 { 127 } else { 0 }),
            )
        });
        world.add("a1", "normal", &[]);
        world.add("a2", "normal", &[]);
        let bench = Bench::new(&world, ONE_SLOT);
        bench
            .runner()
            .run(Until::Idle, OnStop::Wait)
            .await
            .expect("it works");
        assert!(world.all_done());
        // A rest of one minute, a probe that fails, a rest of two.
        assert!(world.clock.0.elapsed() >= Duration::from_mins(3));
        assert_eq!(world.log.borrow().len(), 8);
    });
}

#[test]
fn a_stop_in_any_moment_leaves_nothing_claimed() {
    for (moment, on_stop) in (0..60).map(|n| {
        (
            n * 17,
            if n % 2 == 0 {
                OnStop::Kill
            } else {
                OnStop::Wait
            },
        )
    }) {
        simulate(async {
            let world = World::new(100 + moment);
            for n in 0..6 {
                world.add(&format!("a{n}"), "normal", &[]);
            }
            let bench = Bench::new(
                &world,
                "[[agents]]\nid = 'a'\ncapacity = 3\ncommand = 'x'\n",
            );
            let runner = bench.runner();
            let stopper = runner.stopper();
            let work = tokio::task::spawn_local(runner.run(Until::Stopped, on_stop));
            tokio::time::sleep(Duration::from_millis(moment)).await;
            stopper.stop();
            work.await.expect("it does not panic").expect("it works");
            assert_eq!(
                *world.live.borrow(),
                Vec::<String>::new(),
                "stopped after {moment} ms"
            );
            let claimed: Vec<_> = world
                .tasks
                .borrow()
                .iter()
                .filter(|(_, task)| task.holder.is_some())
                .map(|(id, _)| id.clone())
                .collect();
            assert_eq!(claimed, Vec::<String>::new(), "stopped after {moment} ms");
            assert_eq!(bench.state().active_runs().expect("they can be listed"), []);
        });
    }
}

#[test]
fn a_live_run_of_an_earlier_dispatcher_fills_its_slot() {
    simulate(async {
        let world = World::new(8);
        *world.script.borrow_mut() = Box::new(|_, _| (Duration::from_secs(100), Fate::Exit(0)));
        world.add("a1", "normal", &[]);
        world.add("a2", "normal", &[]);
        let bench = Bench::new(&world, ONE_SLOT);
        let until = Until::Once {
            max: None,
            wait: false,
        };
        bench
            .runner()
            .run(until, OnStop::Wait)
            .await
            .expect("it works");
        let second = bench.runner();
        let work = tokio::task::spawn_local(second.run(Until::Idle, OnStop::Wait));
        tokio::time::sleep(Duration::from_secs(50)).await;
        assert_eq!(starts(&world), "a1");
        work.await.expect("it does not panic").expect("it works");
        assert_eq!(starts(&world), "a1 a2");
        assert!(
            world.clock.0.elapsed() < Duration::from_secs(205),
            "the end of the first was noticed soon"
        );
    });
}

#[test]
fn a_claim_that_is_always_refused_is_not_hammered() {
    simulate(async {
        let world = World::new(9);
        world.add("a1", "normal", &[]);
        let mut weather = world.weather.get();
        weather.lost = 1;
        world.weather.set(weather);
        let bench = Bench::new(&world, &format!("poll_interval_secs = 60\n{ONE_SLOT}"));
        let runner = bench.runner();
        let stopper = runner.stopper();
        let work = tokio::task::spawn_local(runner.run(Until::Stopped, OnStop::Wait));
        tokio::time::sleep(Duration::from_mins(10)).await;
        let calls = world.calls.get();
        assert!(calls < 250, "{calls} calls in ten minutes");
        stopper.stop();
        work.await.expect("it does not panic").expect("it works");
        assert_eq!(starts(&world), "", "an unanswered claim starts nothing");
    });
}
