//! A container's log, line by line.

use bytes::Bytes;

/// Which of its two streams a process printed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// What was printed at one time: a line with its newline, or a piece of one without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// When, in nanoseconds since 1970 by the runtime's clock.
    pub time: i64,
    /// Where.
    pub stream: LogStream,
    /// The text.
    pub text: Bytes,
}

/// A part of a container's log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogPage {
    /// The entries, oldest first. Those too old to be kept are left out.
    pub entries: Vec<LogEntry>,
    /// Where to read on, counted in entries since the container was made.
    pub next: u64,
    /// Nothing will follow.
    pub ended: bool,
}
