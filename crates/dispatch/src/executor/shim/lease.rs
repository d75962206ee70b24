//! Owns the lease of a live run: renewed by its shim, never by the agent, so that a silent build does not lose the issue.
//! Refuses to kill anybody: it says what it has learnt.

use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use crate::jit_client::{Held, JitClient, JitErrorKind, State};
use crate::ports::Clock;
use crate::state::{SpecLease, Started};

/// The longest sleep: the sleeper does not notice that the machine was suspended, the boot clock does.
pub(crate) const LONGEST_NAP: Duration = Duration::from_secs(5);

/// The first wait after the store could not be reached; each further one doubles it, up to the usual interval.
const FIRST_RETRY: Duration = Duration::from_millis(500);

/// What the shim has to know of its lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    /// The issue is no longer this run's: every process has to go at once.
    Lost,
    /// Somebody asked the run to stop.
    CancelRequested,
}

/// What a renewal came to.
enum Renewal {
    Held,
    /// The issue was resolved under this very epoch, most likely by the agent itself: there is nothing left to renew,
    /// and nobody to take it, as long as it stays so.
    Resolved,
    Unreachable,
    News(News),
}

/// Renews until the lease is lost. An unreachable store changes nothing: on one host nobody can take over beside a live
/// run, and the next answer of the store says whether somebody did.
pub(super) async fn keep<C: JitClient, K: Clock>(
    client: &C,
    clock: &K,
    (held, worker): (&Held, Option<&Started>),
    lease: SpecLease,
    news: UnboundedSender<News>,
) {
    repeat(clock, lease, news, async || {
        renew(client, held, worker).await
    })
    .await;
}

/// Calls `attempt` whenever a renewal is due, until its answer is that the lease is lost.
async fn repeat<K: Clock>(
    clock: &K,
    lease: SpecLease,
    news: UnboundedSender<News>,
    mut attempt: impl AsyncFnMut() -> Renewal,
) {
    let mut wait = lease.renew;
    let mut retry = FIRST_RETRY;
    loop {
        sleep(clock, wait).await;
        (wait, retry) = match attempt().await {
            Renewal::Held | Renewal::Resolved => (lease.renew, FIRST_RETRY),
            Renewal::Unreachable => (
                retry.min(lease.renew),
                retry.saturating_mul(2).min(lease.renew),
            ),
            Renewal::News(learnt) => {
                // Nobody listens any more once the agent is gone.
                if news.send(learnt).is_err() || learnt == News::Lost {
                    return;
                }
                (lease.renew, FIRST_RETRY)
            }
        };
    }
}

async fn renew<C: JitClient>(client: &C, held: &Held, worker: Option<&Started>) -> Renewal {
    match client.renew(held, worker).await {
        Ok(renewed) if renewed.cancel_requested => Renewal::News(News::CancelRequested),
        Ok(_) => Renewal::Held,
        Err(error) if error.kind().is_final() => look(client, held).await,
        Err(_) => Renewal::Unreachable,
    }
}

/// Finds out why there is no lease any more.
async fn look<C: JitClient>(client: &C, held: &Held) -> Renewal {
    match client.show(&held.issue).await {
        Ok(issue)
            if issue.epoch == held.epoch && matches!(issue.state, State::Done | State::Gated) =>
        {
            Renewal::Resolved
        }
        Ok(_) => Renewal::News(News::Lost),
        Err(error) if error.kind() == JitErrorKind::NotFound => Renewal::News(News::Lost),
        Err(_) => Renewal::Unreachable,
    }
}

/// Sleeps for `span` of the boot clock.
async fn sleep<K: Clock>(clock: &K, span: Duration) {
    let until = clock.boottime() + span;
    while let Some(left) = until
        .checked_sub(clock.boottime())
        .filter(|left| !left.is_zero())
    {
        tokio::time::sleep(left.min(LONGEST_NAP)).await;
    }
}

#[cfg(test)]
mod tests {
    use jit_scheduler::Millis;
    use tokio::time::Instant;

    use super::*;

    struct Simulated(Instant);

    impl Clock for Simulated {
        fn wall(&self) -> Millis {
            Millis(0)
        }

        fn boottime(&self) -> Duration {
            self.0.elapsed()
        }
    }

    /// Lets `outages` renewals fail and one succeed, then loses the lease; returns when each was tried.
    async fn tries(outages: usize, lease: SpecLease) -> Vec<Duration> {
        let (sender, mut news) = tokio::sync::mpsc::unbounded_channel();
        let begun = Instant::now();
        let mut tries = Vec::new();
        repeat(&Simulated(begun), lease, sender, async || {
            tries.push(begun.elapsed());
            match tries.len() {
                n if n <= outages => Renewal::Unreachable,
                n if n == outages + 1 => Renewal::Held,
                _ => Renewal::News(News::Lost),
            }
        })
        .await;
        assert_eq!(news.recv().await, Some(News::Lost));
        tries
    }

    #[tokio::test(start_paused = true)]
    async fn renewals_go_on_through_any_outage() {
        let lease = SpecLease {
            ttl: Duration::from_mins(1),
            renew: Duration::from_secs(15),
        };
        let tries = tries(100, lease).await;
        assert_eq!(tries.len(), 102);
        let waits: Vec<Duration> = tries
            .windows(2)
            .map(|pair| pair[1].saturating_sub(pair[0]))
            .collect();
        assert!(waits[0] < Duration::from_secs(1), "{:?}", waits[0]);
        // Never slower than the usual interval, to the timer's millisecond.
        let longest = lease.renew + Duration::from_millis(10);
        assert!(waits.iter().all(|wait| *wait <= longest), "{waits:?}");
    }
}
