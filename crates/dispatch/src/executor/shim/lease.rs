//! Owns the lease of a live run: renewed by its shim, never by the agent, so that a silent build does not lose the issue.
//! Refuses to kill anybody: it says what it has learnt.

use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use crate::jit_client::{Held, JitClient, JitErrorKind, State};
use crate::ports::Clock;
use crate::state::SpecLease;

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
    held: &Held,
    lease: SpecLease,
    news: UnboundedSender<News>,
) {
    let mut wait = lease.renew;
    let mut retry = FIRST_RETRY;
    loop {
        sleep(clock, wait).await;
        (wait, retry) = match renew(client, held).await {
            Renewal::Held | Renewal::Resolved => (lease.renew, FIRST_RETRY),
            Renewal::Unreachable => (retry.min(lease.renew), retry * 2),
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

async fn renew<C: JitClient>(client: &C, held: &Held) -> Renewal {
    match client.renew(held).await {
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
