//! Owns the runs that this dispatcher did not start, or whose owner died: live ones are counted, dead ones are brought
//! to an end, so that nothing stays claimed without an owner (`docs/design/dispatch.md` section 2.4, crash points).

use std::time::Duration;

use jit_scheduler::RunId;
use jit_scheduler::retry::{Charge, Outcome};
use rustix::process::Signal;

use super::{CycleError, Live, Notice, Runner, Who};
use crate::error_chain::chain;
use crate::executor::Executor;
use crate::executor::group::Group;
use crate::jit_client::{Grant, Held, JitClient, JitError, JitErrorKind};
use crate::ports::{Clock, Rng, rfc3339};
use crate::settle::{SettleError, Settler};
use crate::state::{
    Happening, IssueHistory, Record, Reserved, RunDir, StateError, Story, outcome_word,
};

/// How often, and how far apart, a killed group is looked at before the next cycle has to.
const GLANCES: u32 = 50;
const GLANCE: Duration = Duration::from_millis(10);

/// How long a run is left alone that could not be ended; each further time doubles it.
const FIRST_TROUBLE_WAIT: Duration = Duration::from_millis(250);
/// The longest such wait.
const LONGEST_TROUBLE_WAIT: Duration = Duration::from_secs(30);

/// What became of a run without an owner.
enum Recovery {
    /// It is over; this was done about it.
    Over(&'static str),
    /// It had been settled already, only its mark was left.
    WasSettled,
    /// Processes of it are still alive; they were told to die.
    StillDying,
}

/// Why a run without an owner cannot be brought to an end now.
#[derive(Debug, thiserror::Error)]
enum RecoverError {
    #[error(transparent)]
    Tracker(#[from] JitError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Settle(#[from] SettleError),
    #[error("the processes of a run cannot be killed")]
    Kill(#[source] std::io::Error),
}

impl<C, E, K, R> Runner<C, E, K, R>
where
    C: JitClient + 'static,
    E: Executor + 'static,
    K: Clock + 'static,
    R: Rng + 'static,
{
    /// Takes note of runs that others own, and ends those that nobody owns.
    pub(super) async fn recover(&mut self) -> Result<(), CycleError> {
        let orphans = self.find_foreign()?;
        for (run, times) in orphans {
            // One run whose files cannot be used must not keep the others from their end.
            match self.recover_one(&run, times).await {
                Ok(()) => drop(self.unreadable.remove(&run)),
                Err(error) => self.note_unreadable(&run, &error),
            }
        }
        Ok(())
    }

    async fn recover_one(&mut self, run: &RunId, times: u32) -> Result<(), StateError> {
        let dir = self.shared.setting.state.run(run);
        let Some(lock) = dir.try_lock()? else {
            return Ok(());
        };
        let story = match dir.story() {
            Ok(story) => story,
            Err(error) if error.is_absent() => Story::default(),
            Err(error) => return Err(error),
        };
        let Some(reserved) = story.reserved.clone() else {
            if story != Story::default() {
                return Err(StateError::Damaged {
                    path: dir.path().join("journal"),
                    reason: "it does not say what was to be claimed".to_owned(),
                });
            }
            // Its owner died before it wrote down what it wanted, so it claimed nothing.
            return dir.forget();
        };
        let who = Who {
            run: run.clone(),
            issue: reserved.issue.clone(),
            agent: reserved.agent.clone(),
        };
        match self.end(&dir, &story, &reserved).await {
            Ok(Recovery::Over(what)) => {
                self.foreign.remove(run);
                // What made its owner die may still be there.
                self.leave_alone(&reserved.issue);
                self.tell_recovered(who, what);
            }
            Ok(Recovery::WasSettled) => {
                self.foreign.remove(run);
                dir.retire()?;
            }
            Ok(Recovery::StillDying) => self.count_foreign(who, Some(times)),
            Err(error) => {
                // It fills its slot until it is settled: its issue must not run beside it.
                self.tell(&Notice::Warning(format!(
                    "run {run} cannot be settled yet: {}",
                    chain(&error)
                )));
                self.count_foreign(who, Some(times));
            }
        }
        self.recall(&reserved.issue);
        drop(lock);
        Ok(())
    }

    /// Looks at the runs that are not ours; returns whether one of them ended, or can now be brought to an end.
    pub(super) fn foreign_runs_changed(&mut self) -> bool {
        let before: Vec<RunId> = self.foreign.keys().cloned().collect();
        match self.find_foreign() {
            Ok(orphans) => !orphans.is_empty() || !self.foreign.keys().eq(&before),
            // The next look says what is wrong.
            Err(_) => true,
        }
    }

    /// Notes the runs that are not ours; returns those that nobody owns, with how often they could not be ended. They
    /// are counted, too, until they are ended.
    pub(super) fn find_foreign(&mut self) -> Result<Vec<(RunId, u32)>, StateError> {
        let now = self.shared.ports.clock.boottime();
        let before = std::mem::take(&mut self.foreign);
        let mut orphans = Vec::new();
        for run in self.shared.setting.state.active_runs()? {
            if self.live.contains_key(&run) {
                continue;
            }
            let dir = self.shared.setting.state.run(&run);
            match dir.try_lock() {
                Ok(None) => {}
                Ok(Some(_)) => match before
                    .get(&run)
                    .and_then(|known| known.trouble)
                    .or_else(|| self.unreadable.get(&run).copied())
                {
                    Some((_, due)) if due > now => {}
                    trouble => orphans.push((run.clone(), trouble.map_or(0, |(times, _)| times))),
                },
                // Somebody removed the directory: there is nothing to look after.
                Err(error) if error.is_absent() => {
                    dir.retire()?;
                    continue;
                }
                // Nobody can say whether it lives, so it counts as it did before.
                Err(error) => self.note_unreadable(&run, &error),
            }
            if let Some(known) = before.get(&run) {
                self.foreign.insert(run, known.clone());
            } else if let Ok(Story {
                reserved: Some(reserved),
                ..
            }) = dir.story()
            {
                let who = Who {
                    run,
                    issue: reserved.issue,
                    agent: reserved.agent,
                };
                self.count_foreign(who, None);
            }
        }
        let gone: Vec<_> = before
            .into_iter()
            .filter(|(run, _)| !self.foreign.contains_key(run))
            .collect();
        for (_, live) in gone {
            self.recall(&live.who.issue);
        }
        Ok(orphans)
    }

    /// Counts a run as live; `times` says how often it could not be ended before, if nobody owns it.
    fn count_foreign(&mut self, who: Who, times: Option<u32>) {
        let now = self.shared.ports.clock.boottime();
        let trouble = times.map(|times| next_try(times, now));
        let live = Live {
            since: now,
            is_stop_sent: false,
            trouble,
            who,
        };
        self.foreign.insert(live.who.run.clone(), live);
    }

    /// Warns of a run whose files cannot be used, and leaves it alone for a while.
    fn note_unreadable(&mut self, run: &RunId, error: &StateError) {
        let now = self.shared.ports.clock.boottime();
        let known = self.unreadable.get(run).copied();
        if known.is_some_and(|(_, due)| due > now) {
            return;
        }
        let times = known.map_or(0, |(times, _)| times);
        self.unreadable.insert(run.clone(), next_try(times, now));
        self.tell(&Notice::Warning(format!(
            "run {run} cannot be looked after: {}",
            chain(error)
        )));
    }

    fn tell_recovered(&self, who: Who, what: &'static str) {
        let happening = Happening::of_run("recovered", &who.issue, &who.run, &who.agent)
            .with_data(serde_json::json!({ "what": what }));
        if let Err(error) = self
            .shared
            .setting
            .state
            .timeline()
            .append(self.shared.ports.clock.wall(), happening)
        {
            self.tell(&Notice::Warning(chain(&error)));
        }
        self.tell(&Notice::Recovered { run: who, what });
    }

    async fn end(
        &self,
        dir: &RunDir,
        story: &Story,
        reserved: &Reserved,
    ) -> Result<Recovery, RecoverError> {
        if story.settled.is_some() {
            return Ok(Recovery::WasSettled);
        }
        if story.conclusion.is_some() {
            self.settler(dir).settle(story, &mut dir.journal()?).await?;
            return Ok(Recovery::Over("its end was carried to the tracker"));
        }
        if let Some(started) = &story.started
            && let Some(group) = Group::led_by(started.pid)
            && group.belongs_to(started, dir.run().as_str())
        {
            group.signal(Signal::KILL).map_err(RecoverError::Kill)?;
            if !dies_soon(group).await {
                return Ok(Recovery::StillDying);
            }
        }
        let Some(epoch) = self.epoch_of(dir, story, reserved).await? else {
            dir.forget()?;
            return Ok(Recovery::Over("its claim had never been won"));
        };
        // An agent that took its owner along must not do so again at once; a run that never began may begin at once.
        let after = story
            .started
            .as_ref()
            .map(|_| self.shared.setting.config.retry.base);
        self.give_back(dir, reserved, epoch, after).await?;
        let what = if story.started.is_some() {
            "its owner had died, its agent was killed"
        } else {
            "it had never started"
        };
        Ok(Recovery::Over(what))
    }

    /// Returns the epoch of the run's claim, asking again under the same key if the journal does not know it.
    async fn epoch_of(
        &self,
        dir: &RunDir,
        story: &Story,
        reserved: &Reserved,
    ) -> Result<Option<u64>, JitError> {
        if story.epoch.is_some() {
            return Ok(story.epoch);
        }
        // The same words as the first time, whatever the configuration says by now: the key stands for them.
        let ttl = dir
            .read_spec()
            .map_or(self.shared.setting.config.lease.ttl, |spec| spec.lease.ttl);
        let grant = Grant {
            ttl: Some(ttl),
            key: dir.run().clone(),
        };
        let client = &self.shared.ports.client;
        match client
            .claim_issue_for_agent(&reserved.issue, &reserved.agent, &grant)
            .await
        {
            Ok(claimed) => Ok(Some(claimed.issue.epoch)),
            Err(error) if error.kind().is_final() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Releases the issue, uncounted; a tracker that refuses has already given it to somebody else.
    async fn give_back(
        &self,
        dir: &RunDir,
        reserved: &Reserved,
        epoch: u64,
        after: Option<Duration>,
    ) -> Result<(), RecoverError> {
        let held = Held {
            issue: reserved.issue.clone(),
            epoch,
        };
        let now = self.shared.ports.clock.wall();
        let moment = after.map(|after| now.plus(after));
        let outcome = match self.shared.ports.client.release(&held, moment).await {
            Ok(_) => Outcome::Canceled,
            Err(error) if error.kind().is_final() || error.kind() == JitErrorKind::Usage => {
                Outcome::Lost
            }
            Err(error) => return Err(error.into()),
        };
        if outcome == Outcome::Canceled && moment.is_some() {
            let state = dir.state();
            let mut history = IssueHistory::load(state, &held.issue)?;
            history.not_before = moment.map(|moment| moment.0);
            history.store(state, &held.issue)?;
        }
        let note = "its owner had died";
        let happening = Happening::of_run("settled", &held.issue, dir.run(), &reserved.agent)
            .with_epoch(held.epoch)
            .with_data(serde_json::json!({
                "outcome": outcome_word(outcome),
                "failures": 0,
                "not_before": moment.map(rfc3339),
                "note": note,
            }));
        // Nothing is decided by the timeline, so a failure of it keeps nobody from the end.
        if let Err(error) = dir.state().timeline().append(now, happening) {
            self.tell(&Notice::Warning(chain(&error)));
        }
        let record = Record::Settled {
            outcome,
            charge: Charge::Nobody,
            not_before: moment,
            failures: 0,
            note: note.to_owned(),
        };
        dir.journal()?.append(now, &record)?;
        dir.retire()?;
        Ok(())
    }

    fn settler<'a>(&'a self, run: &'a RunDir) -> Settler<'a, C, K> {
        Settler {
            run,
            client: &self.shared.ports.client,
            clock: &self.shared.ports.clock,
            policy: self.shared.setting.config.retry.policy(),
        }
    }
}

/// Returns how often a run could not be ended after one more time, and when to try again.
fn next_try(times: u32, now: Duration) -> (u32, Duration) {
    let wait = FIRST_TROUBLE_WAIT
        .saturating_mul(1 << times.min(16))
        .min(LONGEST_TROUBLE_WAIT);
    (times.saturating_add(1), now + wait)
}

/// Waits a moment for a killed group to be gone; nobody tells us, as its members are not our children.
async fn dies_soon(group: Group) -> bool {
    for _ in 0..GLANCES {
        if group.is_empty() {
            return true;
        }
        tokio::time::sleep(GLANCE).await;
    }
    group.is_empty()
}
