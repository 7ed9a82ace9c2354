//! A reader that knows on which line it is, and how much it may still read.

use std::cell::Cell;
use std::io::{self, BufRead, Read};

use super::MAX_OBJECT_BYTES;

/// Where a reader is; shared with those who read values from it.
#[derive(Debug)]
pub(super) struct Position {
    lines: Cell<u64>,
    bytes: Cell<u64>,
    limit: u64,
    object_limit: Cell<u64>,
    object_line: Cell<u64>,
}

impl Position {
    pub(super) fn new(limit: u64) -> Self {
        Self {
            lines: Cell::new(0),
            bytes: Cell::new(0),
            limit,
            object_limit: Cell::new(MAX_OBJECT_BYTES),
            object_line: Cell::new(1),
        }
    }

    /// The line, from 1.
    pub(super) fn line(&self) -> u64 {
        self.lines.get() + 1
    }

    /// The line on which the object begins that is read, from 1.
    pub(super) fn object_line(&self) -> u64 {
        self.object_line.get()
    }

    /// From here on an object is read, whose size is bounded.
    pub(super) fn begin_object(&self) {
        self.object_line.set(self.line());
        self.object_limit.set(self.bytes.get().saturating_add(MAX_OBJECT_BYTES));
    }

    fn advance(&self, read: &[u8]) -> io::Result<()> {
        let bytes = self.bytes.get() + u64::try_from(read.len()).unwrap_or(u64::MAX);
        self.bytes.set(bytes);
        let lines = memchr::memchr_iter(b'\n', read).count();
        self.lines.set(self.lines.get() + u64::try_from(lines).unwrap_or(u64::MAX));
        if bytes > self.limit {
            return Err(io::Error::other(format!("the input has more than {} bytes", self.limit)));
        }
        if bytes > self.object_limit.get() {
            return Err(io::Error::other(format!(
                "one object has more than {MAX_OBJECT_BYTES} bytes"
            )));
        }
        Ok(())
    }
}

/// A reader that keeps a [`Position`].
#[derive(Debug)]
pub(super) struct Positioned<'a, R> {
    inner: R,
    position: &'a Position,
}

impl<'a, R: BufRead> Positioned<'a, R> {
    pub(super) fn new(inner: R, position: &'a Position) -> Self {
        Self { inner, position }
    }

    /// The next byte that is no white space, which stays unread; none at the end.
    pub(super) fn next_text_byte(&mut self) -> io::Result<Option<u8>> {
        loop {
            let buffer = self.inner.fill_buf()?;
            if buffer.is_empty() {
                return Ok(None);
            }
            let blank = buffer.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let found = buffer.get(blank).copied();
            self.position.begin_object();
            self.position.advance(&buffer[..blank])?;
            self.inner.consume(blank);
            if found.is_some() {
                return Ok(found);
            }
        }
    }

    /// Passes over a line and gives its first bytes; none at the end.
    pub(super) fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        const KEPT: usize = 1024;
        let mut line = Vec::new();
        let mut is_begun = false;
        loop {
            let buffer = self.inner.fill_buf()?;
            if buffer.is_empty() {
                return Ok(is_begun.then_some(line));
            }
            is_begun = true;
            let end = memchr::memchr(b'\n', buffer);
            let read = end.map_or(buffer.len(), |end| end + 1);
            let text = &buffer[..end.unwrap_or(read)];
            line.extend_from_slice(&text[..text.len().min(KEPT - line.len())]);
            self.position.begin_object();
            self.position.advance(&buffer[..read])?;
            self.inner.consume(read);
            if end.is_some() {
                return Ok(Some(line));
            }
        }
    }
}

impl<R: BufRead> Read for Positioned<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.position.advance(&into[..read])?;
        Ok(read)
    }
}
