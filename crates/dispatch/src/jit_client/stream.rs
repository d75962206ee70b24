//! Owns the reading of the tracker's event stream, one JSON object a line.

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::ChildStdout;
use tokio::sync::mpsc::UnboundedSender;

use super::wire::{self, Event};

/// The longest line of the event stream that is read.
const MAX_EVENT_LINE: u64 = 2 << 20;

/// Sends each line as an event; returns why the stream ended.
pub(super) async fn pump(stdout: ChildStdout, sink: &UnboundedSender<Event>) -> Result<(), String> {
    let mut reader = BufReader::new(stdout);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut reader)
            .take(MAX_EVENT_LINE)
            .read_until(b'\n', &mut line)
            .await;
        match read {
            Ok(0) => return Err("the stream of events ended".to_owned()),
            Ok(_) if line.iter().all(u8::is_ascii_whitespace) => {}
            Ok(_) => {
                // A line that is no event still says that something happened.
                let unknown = Event {
                    kind: String::new(),
                    issue: None,
                };
                if sink
                    .send(wire::parse_event(&line).unwrap_or(unknown))
                    .is_err()
                {
                    return Ok(());
                }
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}
