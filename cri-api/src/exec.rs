//! A command in a running container, or its first process, with its streams open.

use bytes::Bytes;
use tokio::sync::mpsc;

/// What to run, and what it is connected to.
#[derive(Debug, Default)]
pub struct ExecRequest {
    /// The command line.
    pub command: Vec<String>,
    /// Whether it gets a terminal; what it prints then comes as one stream, with `\r\n`.
    pub tty: bool,
    /// What it reads; its end is the end of standard input. `None`: there is nothing to read.
    pub stdin: Option<mpsc::Receiver<Bytes>>,
}

/// Joins the streams of a container's first process, whose terminal, if any, is the container's.
#[derive(Debug, Default)]
pub struct AttachRequest {
    /// What it reads besides what others send it; its end is that of one's own part. `None`:
    /// nothing is sent.
    pub stdin: Option<mpsc::Receiver<Bytes>>,
}

/// What a command does, in order. [`ExecEvent::Exited`] is the last; a stream that ends without
/// one lost its runtime. Of a process that somebody attached to there is none: its stream ends
/// with it, or with what was sent to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExecEvent {
    /// It printed on standard output, or on its terminal.
    Output(Bytes),
    /// It printed on standard error.
    Error(Bytes),
    /// It ended with this code: 0 to 255.
    Exited(i32),
}

/// The events of a command. Whoever drops it ends the command.
pub type ExecEvents = mpsc::Receiver<ExecEvent>;

/// How many events a command may be ahead of its reader; then it waits.
pub const EVENTS_AHEAD: usize = 64;
