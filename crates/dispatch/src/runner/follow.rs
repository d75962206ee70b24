//! Owns the ear at the tracker's event stream: it wakes the dispatcher at once, and comes back when the stream breaks.

use std::rc::Rc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::{Input, Notice, Shared};
use crate::error_chain::chain;
use crate::jit_client::{Event, JitClient};
use crate::ports::Clock;

const FIRST_RETRY: Duration = Duration::from_millis(500);
const LONGEST_RETRY: Duration = Duration::from_secs(30);
/// A stream that lasted this long was a good one: the next break is the first again.
const GOOD_STREAM: Duration = Duration::from_secs(30);

/// Forwards every event, for ever. While there is no stream, the regular look at the tracker has to do.
pub(super) async fn follow<C: JitClient, E, K: Clock, R>(
    shared: Rc<Shared<C, E, K, R>>,
    inputs: UnboundedSender<Input>,
) {
    let mut wait = FIRST_RETRY;
    let mut is_told = false;
    loop {
        let begun = shared.ports.clock.boottime();
        let (sink, mut events) = unbounded_channel();
        let stream = shared.ports.client.follow_events(sink);
        let forward = async {
            while let Some(event) = events.recv().await {
                if inputs.send(Input::Store(event)).is_err() {
                    return;
                }
            }
        };
        let (ended, ()) = tokio::join!(stream, forward);
        if inputs.is_closed() {
            return;
        }
        if shared.ports.clock.boottime().saturating_sub(begun) >= GOOD_STREAM {
            (wait, is_told) = (FIRST_RETRY, false);
        }
        if let Err(error) = ended
            && !is_told
        {
            shared.tell(&Notice::Warning(format!(
                "no events from the tracker for now: {}",
                chain(&error)
            )));
            is_told = true;
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(LONGEST_RETRY);
        // What happened in between went unheard.
        let unheard = Event {
            kind: String::new(),
            issue: None,
        };
        if inputs.send(Input::Store(unheard)).is_err() {
            return;
        }
    }
}
