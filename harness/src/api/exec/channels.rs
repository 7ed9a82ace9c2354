//! The channels of a command: the first byte of every message says which.

use bytes::Bytes;
use kubernetes_objects::Status;
use serde_json::{Value as Json, json};

use super::protocol::Protocol;

const STDIN: u8 = 0;
/// Standard output, or the terminal.
pub(super) const STDOUT: u8 = 1;
/// Standard error.
pub(super) const STDERR: u8 = 2;
/// How it ended.
pub(super) const ERROR: u8 = 3;
const RESIZE: u8 = 4;
/// Closes the channel that the second byte names.
const CLOSE: u8 = 255;

/// What a client sends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// Something to read for the command.
    Input(Bytes),
    /// There is nothing more to read.
    EndOfInput,
    /// Nothing that concerns a command without a real terminal.
    Nothing,
}

impl Sent {
    /// Reads a message.
    pub(super) fn read(message: &Bytes, protocol: Protocol) -> Self {
        match message.first() {
            Some(&STDIN) if message.len() > 1 => Self::Input(message.slice(1..)),
            Some(&CLOSE) if protocol.has_close_signal() && message.get(1) == Some(&STDIN) => {
                Self::EndOfInput
            }
            // The size of a terminal changes nothing here.
            Some(&RESIZE) => Self::Nothing,
            _ => Self::Nothing,
        }
    }
}

/// A message on a channel.
pub(super) fn message(channel: u8, text: &[u8]) -> Bytes {
    let mut message = Vec::with_capacity(text.len() + 1);
    message.push(channel);
    message.extend_from_slice(text);
    message.into()
}

/// How a command ended that was started.
pub(super) fn outcome(exit_code: i32, command: &[String]) -> Json {
    if exit_code == 0 {
        return json!({"metadata": {}, "status": "Success"});
    }
    json!({
        "metadata": {}, "status": "Failure",
        "message": format!(
            "command terminated with non-zero exit code: error executing command [{}], exit code \
             {exit_code}",
            command.join(" ")
        ),
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": exit_code.to_string()}]},
    })
}

/// How a command ended that did not run.
pub(super) fn failure(message: &str) -> Json {
    let mut status =
        Status::new(500, "InternalError", format!("Internal error occurred: {message}")).to_json();
    status["details"] = json!({"causes": [{"message": message}]});
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_input_ends_with_a_signal_in_the_fifth_version_only() {
        let close = Bytes::from_static(&[CLOSE, STDIN]);
        assert_eq!(Sent::read(&close, Protocol::V5), Sent::EndOfInput);
        assert_eq!(Sent::read(&close, Protocol::V4), Sent::Nothing);
        let input = Bytes::from_static(b"\0abc");
        assert_eq!(Sent::read(&input, Protocol::V4), Sent::Input(Bytes::from_static(b"abc")));
        for other in [&b""[..], b"\0", b"\x01x", b"\x04{}", b"\xff"] {
            assert_eq!(Sent::read(&Bytes::from_static(other), Protocol::V5), Sent::Nothing);
        }
    }

    #[test]
    fn an_exit_code_is_a_cause_that_kubectl_reads() {
        assert_eq!(outcome(0, &[])["status"], "Success");
        let failed = outcome(3, &["sh".to_owned(), "-c".to_owned()]);
        assert_eq!(failed["reason"], "NonZeroExitCode");
        assert_eq!(failed["details"]["causes"][0], json!({"reason": "ExitCode", "message": "3"}));
    }
}
