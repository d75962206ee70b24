//! Runs the scenario files: each is a world in words, a line `---`, and the plan for it. `UPDATE_EXPECT=1` writes the
//! second half anew; `README.md` beside the files has the words.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use expect_test::expect_file;
use jit_scheduler::{
    Accept, Action, Agent, AgentKind, Health, LiveRun, Millis, Need, Plan, Priority, ReadyIssue,
    Tag, Turn, Wait, World, audit, plan,
};

macro_rules! scenarios {
    ($($name:ident),+ $(,)?) => {
        $(#[test]
        fn $name() {
            check(stringify!($name));
        })+

        const SCENARIOS: &[&str] = &[$(stringify!($name)),+];
    };
}

scenarios! {
    a_turn_within_one_plan,
    age_within_a_priority,
    an_earlier_choice_moves,
    an_empty_pool,
    assigned_issues_are_pinned,
    backoff,
    cap_over_all,
    capacity_counts_live_runs,
    claim_only_agents_are_claimed_for,
    failed_agents_go_last,
    health,
    nobody_can_run_it,
    others_take_over,
    priority_before_age,
    specialists_are_kept,
    the_best_keep_the_only_agent,
    the_reserve_counts,
    the_reserve_counts_only_its_own_slots,
    the_reserve_forgets,
    the_reserve_takes_its_turn,
    work_is_spread,
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the test looks for scenario files that nothing runs"
)]
fn every_scenario_file_is_run() {
    let files = std::fs::read_dir(directory())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let found: BTreeSet<String> = files.filter(|name| name != "README.md").collect();
    let run: BTreeSet<String> = SCENARIOS.iter().map(|name| format!("{name}.txt")).collect();
    assert_eq!(found, run);
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")
}

#[expect(clippy::disallowed_methods, reason = "the test reads its scenario")]
fn check(name: &str) {
    let path = directory().join(format!("{name}.txt"));
    let text = std::fs::read_to_string(&path).unwrap();
    let question = text.split("---\n").next().unwrap_or_default();
    let world = read(question);
    let plan = plan(&world);
    assert_eq!(audit(&world, &plan), vec![]);
    expect_file![path].assert_eq(&format!("{question}---\n{}", show(&plan)));
}

/// Reads a world; every line is a noun and what belongs to it.
fn read(text: &str) -> World {
    let mut world = World::default();
    for line in text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let mut words = Words {
            line,
            words: line.split_whitespace().collect(),
        };
        match words.next() {
            "now" => world.now = words.seconds(),
            "max" => world.max_concurrent = words.number(),
            "agent" => world.agents.push(agent(&mut words)),
            "issue" => world.ready.push(issue(&mut words)),
            "run" => {
                let run = words.next().into();
                world.runs.push(LiveRun {
                    run,
                    issue: words.after("of").into(),
                    agent: words.after("on").into(),
                });
            }
            "wait" => {
                let issue = words.next().into();
                words.expect("until");
                let until = words.seconds();
                words.expect("failures");
                world.waits.insert(
                    issue,
                    Wait {
                        until,
                        failures: words.number(),
                    },
                );
            }
            "passed-over" => {
                let need = need(words.next());
                world.reserve.passed_over.insert(need, words.number());
            }
            _ => words.fail("unknown noun"),
        }
        if !words.words.is_empty() {
            words.fail("too many words");
        }
    }
    world
}

fn agent(words: &mut Words<'_>) -> Agent {
    let id = words.next();
    words.expect("capacity");
    let mut agent = Agent::new(id, words.number());
    while let Some(word) = words.maybe() {
        match word {
            "tags" => agent.tags = words.list().map(Tag::from).collect(),
            "tagged-only" => agent.accept = Accept::TaggedOnly,
            "claim-only" => agent.kind = AgentKind::ClaimOnly,
            "draining" => agent.health = Health::Draining,
            "missing" => agent.health = Health::Missing,
            "stale" => agent.health = Health::Stale,
            "limited-until" => {
                agent.health = Health::Limited {
                    until: words.seconds(),
                }
            }
            "open-until" => {
                agent.health = Health::Open {
                    until: words.seconds(),
                }
            }
            _ => words.fail("unknown trait of an agent"),
        }
    }
    agent
}

fn issue(words: &mut Words<'_>) -> ReadyIssue {
    let id = words.next();
    let priority = Priority::from(words.next());
    words.expect("since");
    let mut issue = ReadyIssue::new(id, priority, words.seconds());
    while let Some(word) = words.maybe() {
        match word {
            "labels" => issue.labels = words.list().map(str::to_owned).collect(),
            "for" => issue.assignee = Some(words.next().to_owned()),
            "failed-on" => issue.failed_on = words.list().map(Into::into).collect(),
            _ => words.fail("unknown trait of an issue"),
        }
    }
    issue
}

/// Reads a need: its tags with commas, or `-` for none, then perhaps `@AGENT`.
fn need(word: &str) -> Need {
    let (tags, pin) = word
        .split_once('@')
        .map_or((word, None), |(tags, pin)| (tags, Some(pin.into())));
    let tags = tags
        .split(',')
        .filter(|tag| *tag != "-")
        .map(Tag::from)
        .collect();
    Need { tags, pin }
}

struct Words<'a> {
    line: &'a str,
    words: std::collections::VecDeque<&'a str>,
}

impl<'a> Words<'a> {
    fn maybe(&mut self) -> Option<&'a str> {
        self.words.pop_front()
    }

    fn next(&mut self) -> &'a str {
        self.maybe()
            .unwrap_or_else(|| self.fail("a word is missing"))
    }

    fn after(&mut self, word: &str) -> &'a str {
        self.expect(word);
        self.next()
    }

    fn expect(&mut self, word: &str) {
        if self.next() != word {
            self.fail(&format!("`{word}` is missing"));
        }
    }

    fn number<T: std::str::FromStr>(&mut self) -> T {
        self.next()
            .parse()
            .unwrap_or_else(|_| self.fail("a number is missing"))
    }

    fn seconds(&mut self) -> Millis {
        Millis(self.number::<u64>() * 1000)
    }

    fn list(&mut self) -> impl Iterator<Item = &'a str> {
        self.next().split(',')
    }

    fn fail(&self, what: &str) -> ! {
        panic!("{what} in `{}`", self.line)
    }
}

fn show(plan: &Plan) -> String {
    let mut text = String::new();
    for action in &plan.actions {
        let verb = match action {
            Action::Start(_) => "start",
            Action::Claim(_) => "claim",
        };
        let given = action.assignment();
        let turn = match given.turn {
            Turn::Order => "",
            Turn::Reserve => ", by its turn of the reserve",
        };
        writeln!(text, "{verb} {} on {}{turn}", given.issue, given.agent).unwrap();
    }
    for held in &plan.held {
        writeln!(text, "hold {}: it {}", held.issue, held.why).unwrap();
    }
    for (need, times) in &plan.reserve.passed_over {
        let tags: Vec<&str> = need.tags.iter().map(Tag::as_str).collect();
        let tags = if tags.is_empty() {
            "-".to_owned()
        } else {
            tags.join(",")
        };
        let pin = need
            .pin
            .as_ref()
            .map(|pin| format!("@{pin}"))
            .unwrap_or_default();
        writeln!(text, "passed-over {tags}{pin} {times}").unwrap();
    }
    if let Some(at) = plan.wake_at {
        writeln!(text, "wake {}", at.0 / 1000).unwrap();
    }
    text
}
