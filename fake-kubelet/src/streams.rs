//! A command's streams where the runtime hands out none: made of what `ExecSync` gives.

use bytes::Bytes;
use cri_api::{Cri, CriError, EVENTS_AHEAD, ExecEvent, ExecEvents, NO_DEADLINE};
use tokio::sync::mpsc;

/// Runs a command that reads nothing to its end; then what it printed, and its exit code.
///
/// # Errors
/// Those of the call; a command that exits with another code than 0 is none.
pub(crate) async fn exec_sync_as_events(
    cri: &dyn Cri,
    id: &str,
    command: &[String],
    tty: bool,
) -> Result<ExecEvents, CriError> {
    let answer = cri.exec_sync(id, command, NO_DEADLINE).await?;
    let (sender, events) = mpsc::channel(EVENTS_AHEAD);
    let shown = |bytes: Vec<u8>| if tty { with_carriage_returns(&bytes) } else { bytes };
    let output = Bytes::from(shown(answer.stdout));
    let error = Bytes::from(shown(answer.stderr));
    for (bytes, event) in [
        (output, ExecEvent::Output as fn(Bytes) -> ExecEvent),
        (error, if tty { ExecEvent::Output } else { ExecEvent::Error }),
    ] {
        if !bytes.is_empty() {
            sender.try_send(event(bytes)).expect("the channel holds more than three events");
        }
    }
    let exited = ExecEvent::Exited(answer.exit_code);
    sender.try_send(exited).expect("the channel holds more than three events");
    Ok(events)
}

/// As a terminal shows lines.
fn with_carriage_returns(bytes: &[u8]) -> Vec<u8> {
    let mut shown = Vec::with_capacity(bytes.len());
    for byte in bytes {
        if *byte == b'\n' {
            shown.push(b'\r');
        }
        shown.push(*byte);
    }
    shown
}
