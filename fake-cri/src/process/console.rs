//! A process's standard input.

use std::collections::VecDeque;

use toolbox::Input;

use super::terminal::{Deed, Terminal};

/// How much a terminal holds for whoever reads, in bytes; as in Linux it loses the rest.
const TERMINAL_HOLDS: usize = 4096;

/// What waits to be read.
#[derive(Debug, Default)]
pub(crate) struct Console {
    input: VecDeque<u8>,
    /// No more will come.
    closed: bool,
    /// A terminal says so once for every ^D; then more may come.
    ends: u32,
    is_terminal: bool,
}

/// What came of something that was sent.
#[derive(Debug, Default)]
pub(crate) struct Received {
    /// The process gets SIGINT.
    pub(crate) interrupts: bool,
    /// To be shown at the terminal.
    pub(crate) echo: Vec<u8>,
}

impl Console {
    pub(crate) fn new(is_terminal: bool) -> Self {
        Self { is_terminal, ..Self::default() }
    }

    /// Takes in what somebody sent, by way of the terminal if there is one.
    pub(crate) fn receive(&mut self, terminal: Option<&mut Terminal>, bytes: &[u8]) -> Received {
        let Some(terminal) = terminal else {
            self.feed(bytes);
            return Received::default();
        };
        let typed = terminal.typed(bytes);
        let mut received = Received { interrupts: false, echo: typed.echo };
        for deed in typed.deeds {
            match deed {
                Deed::Read(line) => self.feed(&line),
                Deed::End => self.end_once(),
                Deed::Interrupt => {
                    received.interrupts = true;
                    self.discard();
                }
            }
        }
        received
    }

    /// Adds to what can be read; what a terminal cannot hold is lost.
    fn feed(&mut self, bytes: &[u8]) {
        if !self.is_terminal || self.input.len() + bytes.len() <= TERMINAL_HOLDS {
            self.input.extend(bytes);
        }
    }

    /// Forgets what nobody has read yet.
    fn discard(&mut self) {
        self.input.clear();
        self.ends = 0;
    }

    /// Lets one reader see the end, after what there is.
    fn end_once(&mut self) {
        self.ends = self.ends.saturating_add(1);
    }

    /// Lets every reader see the end, after what there is.
    pub(crate) fn close(&mut self) {
        self.closed = true;
    }

    /// Whether a reader need not wait.
    pub(crate) fn is_readable(&self) -> bool {
        !self.input.is_empty() || self.closed || self.ends > 0
    }

    pub(super) fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    pub(super) fn read(&mut self, into: &mut [u8]) -> Input {
        let count = self.input.len().min(into.len());
        if count > 0 {
            for (slot, byte) in into.iter_mut().zip(self.input.drain(..count)) {
                *slot = byte;
            }
            return Input::Bytes(count);
        }
        if self.ends > 0 {
            self.ends -= 1;
            return Input::End;
        }
        if self.closed { Input::End } else { Input::Pending }
    }
}
