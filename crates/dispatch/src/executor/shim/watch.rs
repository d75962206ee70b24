//! Owns the watch over one live agent: its end, its limits, the requests to stop it, and the emptying of its process
//! group. Refuses to talk to the tracker.

use std::rc::Rc;
use std::time::Duration;

use jit_scheduler::retry::{Exit, Stop};
use rustix::process::Signal;
use tokio::signal::unix::Signal as SignalStream;
use tokio::sync::mpsc::UnboundedReceiver;

use super::agent::Agent;
use super::lease::{LONGEST_NAP, News};
use super::logs::Progress;
use crate::output;
use crate::ports::Clock;
use crate::state::SpecLimits;

/// How long an agent that prints nothing must live to count as having come to life.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);

/// How often a group is looked at whose members may die without telling us.
const GLANCE: Duration = Duration::from_millis(50);

/// What can happen to a watch from outside.
pub(super) struct Signals {
    pub(super) child: SignalStream,
    pub(super) terminate: SignalStream,
    pub(super) interrupt: SignalStream,
    pub(super) hangup: SignalStream,
}

/// The watch over one agent.
pub(super) struct Watch<K> {
    pub(super) agent: Agent,
    pub(super) clock: K,
    pub(super) limits: SpecLimits,
    pub(super) progress: Rc<Progress>,
    /// None once nobody renews the lease any more.
    news: Option<UnboundedReceiver<News>>,
    pub(super) signals: Signals,
    begun: Duration,
    stopping: Option<Stopping>,
}

/// A stop that is under way.
#[derive(Debug, Clone, Copy)]
struct Stopping {
    /// Why; none if only leftovers of an agent that ended by itself have to go.
    stop: Option<Stop>,
    /// When asking is over.
    kill_at: Duration,
}

/// How the agent ended, once no process of its group is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Over {
    pub(super) exit: Exit,
    pub(super) stopped: Option<Stop>,
}

/// What woke the watch.
enum Wake {
    Look,
    Stop(Stop),
}

impl<K: Clock> Watch<K> {
    pub(super) fn new(
        agent: Agent,
        clock: K,
        limits: SpecLimits,
        (progress, news): (Rc<Progress>, UnboundedReceiver<News>),
        signals: Signals,
    ) -> Self {
        Self {
            begun: clock.boottime(),
            agent,
            clock,
            limits,
            progress,
            news: Some(news),
            signals,
            stopping: None,
        }
    }

    /// Watches until no process of the group is left; `on_stop` hears of each reason to stop the agent.
    pub(super) async fn run(&mut self, mut on_stop: impl FnMut(Stop)) -> std::io::Result<Over> {
        let mut stopped = None;
        let exit = loop {
            if let Some(exit) = self.agent.reap() {
                break exit;
            }
            let now = self.clock.boottime();
            if let Some(stop) = self.broken_limit(now) {
                stopped = self.stop(stop, &mut on_stop)?.or(stopped);
            }
            self.press(now)?;
            if let Wake::Stop(stop) = self.wake(self.nap(now)).await {
                stopped = self.stop(stop, &mut on_stop)?.or(stopped);
            }
        };
        self.clear_leftovers(&mut on_stop).await?;
        // An agent that ends well while it is being asked to stop has still ended well only if nobody took the issue.
        Ok(Over { exit, stopped })
    }

    /// Ends whatever the agent left running in its group.
    async fn clear_leftovers(&mut self, on_stop: &mut impl FnMut(Stop)) -> std::io::Result<()> {
        loop {
            self.agent.reap();
            if self.agent.group.is_empty() {
                return Ok(());
            }
            let now = self.clock.boottime();
            if self.stopping.is_none() {
                self.ask(None, now)?;
            }
            self.press(now)?;
            if let Wake::Stop(Stop::Fenced) = self.wake(GLANCE).await {
                self.stop(Stop::Fenced, on_stop)?;
            }
        }
    }

    /// Begins to stop the agent; returns the reason if it is news.
    fn stop(
        &mut self,
        stop: Stop,
        on_stop: &mut impl FnMut(Stop),
    ) -> std::io::Result<Option<Stop>> {
        let now = self.clock.boottime();
        let is_lost = stop == Stop::Fenced;
        match &mut self.stopping {
            Some(stopping) if is_lost && stopping.stop != Some(Stop::Fenced) => {
                *stopping = Stopping {
                    stop: Some(stop),
                    kill_at: now,
                };
            }
            Some(_) => return Ok(None),
            None => self.ask(Some(stop), now)?,
        }
        on_stop(stop);
        Ok(Some(stop))
    }

    fn ask(&mut self, stop: Option<Stop>, now: Duration) -> std::io::Result<()> {
        // Whoever lost the issue may already have a successor at work: there is no time to ask.
        let grace = if stop == Some(Stop::Fenced) {
            Duration::ZERO
        } else {
            self.limits.kill_grace
        };
        self.stopping = Some(Stopping {
            stop,
            kill_at: now + grace,
        });
        if grace.is_zero() {
            Ok(())
        } else {
            self.agent.group.signal(Signal::TERM)
        }
    }

    /// Kills the group once the time for asking is over.
    fn press(&self, now: Duration) -> std::io::Result<()> {
        match self.stopping {
            Some(stopping) if now >= stopping.kill_at => self.agent.group.signal(Signal::KILL),
            _ => Ok(()),
        }
    }

    fn broken_limit(&self, now: Duration) -> Option<Stop> {
        let limits = [
            (Stop::TotalTimeout, Some(self.limits.total), self.begun),
            (
                Stop::IdleTimeout,
                Some(self.limits.idle),
                self.last_progress(),
            ),
            (Stop::StartTimeout, self.start_limit(now), self.begun),
        ];
        let is_broken = |limit: Option<Duration>, since| {
            limit.is_some_and(|limit| now.saturating_sub(since) >= limit)
        };
        let broken = limits
            .into_iter()
            .find(|(_, limit, since)| is_broken(*limit, *since));
        broken
            .map(|(stop, ..)| stop)
            .filter(|_| self.stopping.is_none())
    }

    /// Returns the limit for coming to life while it still counts.
    fn start_limit(&self, now: Duration) -> Option<Duration> {
        let is_alive =
            self.progress.last().is_some() || now.saturating_sub(self.begun) >= SIGN_OF_LIFE;
        (!is_alive).then_some(self.limits.start)
    }

    /// Progress counts from the start of this very run.
    fn last_progress(&self) -> Duration {
        self.progress.last().unwrap_or(self.begun)
    }

    /// Returns how long nothing can happen without somebody telling us.
    fn nap(&self, now: Duration) -> Duration {
        let next = match self.stopping {
            Some(stopping) if now >= stopping.kill_at => now + GLANCE,
            Some(stopping) => stopping.kill_at,
            None => {
                let start = self
                    .start_limit(now)
                    .map_or(Duration::MAX, |limit| self.begun + limit);
                start
                    .min(self.begun + self.limits.total)
                    .min(self.last_progress() + self.limits.idle)
            }
        };
        next.saturating_sub(now).min(LONGEST_NAP)
    }

    async fn wake(&mut self, nap: Duration) -> Wake {
        tokio::select! {
            _ = self.signals.child.recv() => Wake::Look,
            _ = self.signals.terminate.recv() => Wake::Stop(Stop::Operator),
            _ = self.signals.interrupt.recv() => Wake::Stop(Stop::Operator),
            _ = self.signals.hangup.recv() => Wake::Look,
            news = next_news(&mut self.news) => Wake::Stop(match news {
                Some(News::Lost) => Stop::Fenced,
                Some(News::CancelRequested) => Stop::Operator,
                None => {
                    self.news = None;
                    self.without_renewals()
                }
            }),
            () = tokio::time::sleep(nap) => Wake::Look,
        }
    }
    /// Says what follows from nobody renewing the lease: an agent that worked on would lose its issue unheard.
    fn without_renewals(&self) -> Stop {
        let is_lost = self
            .stopping
            .is_some_and(|stopping| stopping.stop == Some(Stop::Fenced));
        if is_lost {
            // The renewals end by themselves once the lease is lost.
            return Stop::Fenced;
        }
        output::shim_log("the lease is not renewed any more, so the agent is stopped");
        Stop::Operator
    }
}

/// Waits for the next news; none means that nobody is left to send any, which is said once.
async fn next_news(news: &mut Option<UnboundedReceiver<News>>) -> Option<News> {
    match news {
        Some(news) => news.recv().await,
        None => std::future::pending().await,
    }
}
