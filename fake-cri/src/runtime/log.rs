//! What a container's first process prints, kept line by line and bounded.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use cri_api::{LogEntry, LogPage, LogStream};
use tokio::sync::Notify;
use toolbox::Stream;

/// How much of a container's log is kept, in bytes; the oldest goes first, as when a kubelet
/// rotates a log away.
const KEPT_BYTES: usize = 1024 * 1024;

/// What an entry counts besides its text, in bytes.
const ENTRY_BYTES: usize = 64;

/// The longest piece of a line that becomes an entry of its own, in bytes, as in containerd.
const MAX_PIECE: usize = 16 * 1024;

/// A container's log.
#[derive(Debug, Default)]
pub(super) struct Log {
    entries: VecDeque<LogEntry>,
    /// How many entries are gone.
    gone: u64,
    bytes: usize,
    /// What was printed since the last newline, on each stream.
    unfinished: [Vec<u8>; 2],
    /// Tells those who wait for more.
    pub(super) changed: Arc<Notify>,
}

impl Log {
    /// Takes in what was printed just now.
    pub(super) fn write(&mut self, time: i64, stream: Stream, bytes: &[u8]) {
        let (stream, at) = match stream {
            Stream::Output => (LogStream::Stdout, 0),
            Stream::Error => (LogStream::Stderr, 1),
        };
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            for piece in line.chunks(MAX_PIECE) {
                let unfinished = &mut self.unfinished[at];
                unfinished.extend_from_slice(piece);
                if piece.ends_with(b"\n") || unfinished.len() >= MAX_PIECE {
                    let text = Bytes::from(std::mem::take(unfinished));
                    self.push(LogEntry { time, stream, text });
                }
            }
        }
        self.changed.notify_waiters();
    }

    /// What has no newline yet will get none any more.
    pub(super) fn end(&mut self, time: i64) {
        for (at, stream) in [LogStream::Stdout, LogStream::Stderr].into_iter().enumerate() {
            let text = Bytes::from(std::mem::take(&mut self.unfinished[at]));
            if !text.is_empty() {
                self.push(LogEntry { time, stream, text });
            }
        }
        self.changed.notify_waiters();
    }

    fn push(&mut self, entry: LogEntry) {
        self.bytes += ENTRY_BYTES + entry.text.len();
        self.entries.push_back(entry);
        while self.bytes > KEPT_BYTES
            && let Some(oldest) = self.entries.pop_front()
        {
            self.bytes -= ENTRY_BYTES + oldest.text.len();
            self.gone += 1;
        }
    }

    /// The entries from number `from` on.
    pub(super) fn page(&self, from: u64, ended: bool) -> LogPage {
        let skipped = usize::try_from(from.saturating_sub(self.gone)).unwrap_or(usize::MAX);
        LogPage {
            entries: self.entries.iter().skip(skipped).cloned().collect(),
            next: self.gone + u64::try_from(self.entries.len()).unwrap_or(u64::MAX),
            ended,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(log: &Log, from: u64) -> Vec<String> {
        let entries = log.page(from, false).entries;
        entries.iter().map(|entry| String::from_utf8_lossy(&entry.text).into_owned()).collect()
    }

    #[test]
    fn lines_are_entries_when_they_are_whole_and_at_the_end() {
        let mut log = Log::default();
        log.write(1, Stream::Output, b"one\ntw");
        log.write(2, Stream::Error, b"oops");
        assert_eq!(texts(&log, 0), ["one\n"]);
        log.write(3, Stream::Output, b"o\n\n");
        log.end(4);
        assert_eq!(texts(&log, 1), ["two\n", "\n", "oops"]);
        let page = log.page(4, true);
        assert_eq!((page.entries.len(), page.next), (0, 4));
    }

    #[test]
    fn the_oldest_goes_first_when_there_is_too_much() {
        let mut log = Log::default();
        for _ in 0..KEPT_BYTES {
            log.write(0, Stream::Output, b"\n");
        }
        let page = log.page(0, false);
        assert_eq!(page.entries.len(), KEPT_BYTES / (ENTRY_BYTES + 1));
        assert_eq!(page.next, u64::try_from(KEPT_BYTES).unwrap_or(0));
        log.write(0, Stream::Output, &vec![b'x'; 2 * KEPT_BYTES]);
        assert!(log.page(0, false).entries.iter().all(|entry| entry.text.len() <= MAX_PIECE));
        assert!(log.bytes <= KEPT_BYTES);
    }
}
