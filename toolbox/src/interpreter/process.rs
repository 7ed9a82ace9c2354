//! A command at work: its kernel, its name and where it prints.

use super::system::{Errno, Input, Stream, System};
use super::text::Decimal;

/// Where one of the two streams of a command leads.
pub(super) enum Target<'a, F> {
    Standard(Stream),
    File(&'a F),
    /// A slot from which another command reads.
    Pipe(usize),
    /// A slot of texts that NULs end; those that are printed are lost.
    Texts(usize),
}

/// Where a command reads.
#[derive(Clone, Copy)]
pub(super) enum Source {
    Standard,
    /// A slot that another command, or a file, has filled.
    Pipe(usize),
}

impl<F> Clone for Target<'_, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Target<'_, F> {}

/// Standard input, standard output and standard error of a command.
pub(super) struct Streams<'a, F> {
    pub(super) input: Source,
    pub(super) output: Target<'a, F>,
    pub(super) error: Target<'a, F>,
}

impl<F> Streams<'_, F> {
    pub(super) const STANDARD: Self = Self {
        input: Source::Standard,
        output: Target::Standard(Stream::Output),
        error: Target::Standard(Stream::Error),
    };
}

impl<F> Clone for Streams<'_, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Streams<'_, F> {}

/// A command at work.
pub(super) struct Process<'a, S: System> {
    pub(super) system: &'a mut S,
    pub(super) streams: Streams<'a, S::File>,
    /// What it calls itself in complaints.
    pub(super) name: &'a [u8],
    output_failed: Option<Errno>,
}

impl<'a, S: System> Process<'a, S> {
    pub(super) fn new(system: &'a mut S, streams: Streams<'a, S::File>, name: &'a [u8]) -> Self {
        Self { system, streams, name, output_failed: None }
    }

    fn write(&mut self, target: Target<'_, S::File>, bytes: &[u8]) -> Result<(), Errno> {
        match target {
            Target::Standard(stream) => self.system.print(stream, bytes),
            Target::File(file) => self.system.append(file, bytes),
            Target::Pipe(slot) => self.system.keep(slot, bytes),
            Target::Texts(slot) => {
                bytes.split(|byte| *byte == 0).try_for_each(|text| self.system.keep(slot, text))
            }
        }
    }

    /// Reads from standard input, wherever that comes from.
    pub(super) fn read(&mut self, into: &mut [u8]) -> Result<Input, Errno> {
        read(self.system, self.streams.input, into)
    }

    /// Prints to standard output. After a failure nothing more is tried; see [`Self::finish`].
    pub(super) fn print(&mut self, bytes: &[u8]) {
        if self.output_failed.is_none() {
            self.output_failed = self.write(self.streams.output, bytes).err();
        }
    }

    pub(super) fn print_number(&mut self, value: impl Into<u64>) {
        self.print(Decimal::new(value.into()).as_bytes());
    }

    pub(super) fn print_failed(&self) -> bool {
        self.output_failed.is_some()
    }

    /// Says on standard error what is wrong, with the command's name before it.
    pub(super) fn complain(&mut self, parts: &[&[u8]]) {
        let name = self.name;
        let head: [&[u8]; 2] = [name, b": "];
        for part in head.iter().chain(parts).chain([&b"\n".as_slice()]) {
            self.print_error(part);
        }
    }

    /// Prints to standard error.
    pub(super) fn print_error(&mut self, bytes: &[u8]) {
        // Standard error is the last resort: if it fails nothing is left to tell.
        let _ = self.write(self.streams.error, bytes);
    }

    /// The exit code of a command whose own verdict is `status`: what could not be printed fails.
    pub(super) fn finish(&mut self, status: u8) -> u8 {
        match self.output_failed.take() {
            None => status,
            Some(errno) => {
                self.complain(&[b"write error: ", errno.message().as_bytes()]);
                status.max(1)
            }
        }
    }
}

/// Reads from where a command reads.
pub(super) fn read<S: System>(
    system: &mut S,
    source: Source,
    into: &mut [u8],
) -> Result<Input, Errno> {
    match source {
        Source::Standard => system.read_input(into),
        Source::Pipe(slot) => Ok(match system.read_kept(slot, into) {
            0 => Input::End,
            count => Input::Bytes(count),
        }),
    }
}
