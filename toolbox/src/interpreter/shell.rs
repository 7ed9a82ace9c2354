//! The small shell: a script, or lines from standard input.

use super::parse::{
    Command, Connector, Destination, MAX_REDIRECTIONS, MAX_SCRATCH, MAX_SCRIPT, parse_command,
};
use super::process::{Process, Streams, Target};
use super::program::{INTERRUPTED, MISUSE, Outcome, Program};
use super::system::{Errno, Existing, Input, MAX_DEPTH, MAX_LINE, Step, Stream, System};
use super::text::parse_number;

/// How far a script has run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Position {
    /// Where the command at hand starts, in bytes.
    at: usize,
    connector: Connector,
    status: u8,
    /// Of a shell that reads lines: what it does with the one at hand.
    lines: Lines,
}

/// What a shell does with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lines {
    Reading,
    Running,
}

impl Position {
    pub(super) const START: Self =
        Self { at: 0, connector: Connector::Always, status: 0, lines: Lines::Reading };
}

impl Program {
    pub(super) fn shell<S: System>(
        &mut self,
        depth: usize,
        arguments: &[&[u8]],
        streams: Streams<'_, S::File>,
        system: &mut S,
    ) -> Outcome {
        let error: [&[u8]; 2] = match arguments {
            _ if depth >= MAX_DEPTH => [b"more than 4 shells within shells", b""],
            [b"-c", script, ..] if script.len() > MAX_SCRIPT => {
                [b"the script has more than 131072 bytes", b""]
            }
            [] | [b"-i" | b"-s"] => return self.lines(depth, streams, system),
            [b"-c", script, ..] => match self.script(depth, script, 0, streams, system) {
                Ok(Outcome::Exit(status)) => return Outcome::Done(status),
                Ok(outcome) => return outcome,
                Err(message) => [b"syntax error: ", message.as_bytes()],
            },
            [b"-c"] => [b"-c needs a script", b""],
            [other, ..] => {
                [b"only -c SCRIPT, or lines on standard input, are supported, not ", other]
            }
        };
        Process::new(system, streams, b"sh").complain(&error);
        Outcome::Done(MISUSE)
    }

    fn script<S: System>(
        &mut self,
        depth: usize,
        script: &[u8],
        status_before: u8,
        streams: Streams<'_, S::File>,
        system: &mut S,
    ) -> Result<Outcome, &'static str> {
        if !self.asleep {
            check(script)?;
            self.at(depth, |position| {
                *position =
                    Position { status: status_before, lines: position.lines, ..Position::START };
            });
        }
        loop {
            let position = self.scripts.get(depth).copied().unwrap_or(Position::START);
            let mut scratch = [0_u8; MAX_SCRATCH];
            let parsed = parse_command(script, position.at, position.connector, &mut scratch);
            let Some(command) = parsed.map_err(|error| error.0)? else {
                return Ok(Outcome::Done(position.status));
            };
            let runs = match position.connector {
                Connector::Always => true,
                Connector::IfSucceeded => position.status == 0,
                Connector::IfFailed => position.status != 0,
            };
            let mut status = position.status;
            if runs {
                status = match self.simple_command(depth, &command, status, streams, system) {
                    Outcome::Done(status) => status,
                    outcome => return Ok(outcome),
                };
            }
            let (at, connector) = (command.next, command.connector);
            self.at(depth, |position| *position = Position { at, connector, status, ..*position });
        }
    }

    /// Changes how far the shell within `depth` others is.
    fn at(&mut self, depth: usize, change: impl FnOnce(&mut Position)) {
        if let Some(position) = self.scripts.get_mut(depth) {
            change(position);
        }
    }

    /// Reads lines from standard input and runs each, until `exit` or the end.
    fn lines<S: System>(
        &mut self,
        depth: usize,
        streams: Streams<'_, S::File>,
        system: &mut S,
    ) -> Outcome {
        if !self.asleep {
            self.at(depth, |position| *position = Position::START);
            self.prompt(depth, streams, system);
        }
        loop {
            let Position { lines, mut status, .. } =
                self.scripts.get(depth).copied().unwrap_or(Position::START);
            if lines == Lines::Reading {
                self.asleep = false;
                if core::mem::take(&mut self.interrupted) {
                    Process::new(system, streams, b"sh").print_error(b"\n");
                    self.prompt(depth, streams, system);
                    continue;
                }
                match read_line(depth, system) {
                    Ok(Input::Bytes(_)) => {}
                    Ok(Input::End) => return Outcome::Done(status),
                    Ok(Input::Pending) => return Outcome::Wait(Step::Input),
                    Err(errno) => {
                        let mut process = Process::new(system, streams, b"sh");
                        process.complain(&[b"cannot read a line: ", errno.message().as_bytes()]);
                        return Outcome::Done(MISUSE);
                    }
                }
                self.at(depth, |position| position.lines = Lines::Running);
            }
            let mut line = [0_u8; MAX_LINE];
            let length = system.line(depth).len().min(MAX_LINE);
            for (slot, byte) in line.iter_mut().zip(system.line(depth)) {
                *slot = *byte;
            }
            let line = line.get(..length).unwrap_or_default();
            match self.script(depth, line, status, streams, system) {
                Ok(Outcome::Done(done)) => status = done,
                Ok(Outcome::Interrupted) if system.has_terminal() => {
                    Process::new(system, streams, b"sh").print_error(b"\n");
                    status = INTERRUPTED;
                }
                Ok(Outcome::Exit(status)) => return Outcome::Done(status),
                Ok(outcome) => return outcome,
                Err(message) => {
                    let mut process = Process::new(system, streams, b"sh");
                    process.complain(&[b"syntax error: ", message.as_bytes()]);
                    status = MISUSE;
                }
            }
            self.at(depth, |position| position.status = status);
            self.prompt(depth, streams, system);
        }
    }

    /// Gets ready for the next line; at a terminal, shows that.
    fn prompt<S: System>(&mut self, depth: usize, streams: Streams<'_, S::File>, system: &mut S) {
        self.at(depth, |position| position.lines = Lines::Reading);
        system.clear_line(depth);
        if system.has_terminal() {
            let prompt: &[u8] = if system.user().effective == 0 { b"# " } else { b"$ " };
            Process::new(system, streams, b"sh").print_error(prompt);
        }
    }

    fn simple_command<S: System>(
        &mut self,
        depth: usize,
        command: &Command<'_>,
        last_status: u8,
        streams: Streams<'_, S::File>,
        system: &mut S,
    ) -> Outcome {
        let mut files: [Option<S::File>; MAX_REDIRECTIONS] = [const { None }; MAX_REDIRECTIONS];
        for (file, redirection) in files.iter_mut().zip(command.redirections.iter().flatten()) {
            let Destination::File(path, existing) = redirection.destination else { continue };
            // A command that wakes up has emptied its file before.
            let existing = if self.asleep { Existing::Keep } else { existing };
            match system.create(path, existing) {
                Ok(created) => *file = Some(created),
                Err(errno) => {
                    let mut process = Process::new(system, streams, b"sh");
                    process.complain(&[path, b": ", errno.message().as_bytes()]);
                    return Outcome::Done(MISUSE);
                }
            }
        }
        let mut redirected = streams;
        for (file, redirection) in files.iter().zip(command.redirections.iter().flatten()) {
            let target = match (redirection.destination, file) {
                (_, Some(file)) => Target::File(file),
                (Destination::Stream(Stream::Output), None) => redirected.output,
                (Destination::Stream(Stream::Error), None) => redirected.error,
                (Destination::File(..), None) => continue,
            };
            match redirection.stream {
                Stream::Output => redirected.output = target,
                Stream::Error => redirected.error = target,
            }
        }
        let (replaces_shell, words) = match command.words() {
            [b"exec", words @ ..] if !words.is_empty() => (true, words),
            [b"exec"] | [] => return Outcome::Done(0),
            words => (false, words),
        };
        if let [b"exit", arguments @ ..] = words {
            return Outcome::Exit(exit_code(arguments, last_status, redirected, system));
        }
        match self.run(depth.saturating_add(1), words, redirected, system) {
            Outcome::Done(status) if replaces_shell => Outcome::Exit(status),
            outcome => outcome,
        }
    }
}

/// Finds every error of a script before anything runs.
fn check(script: &[u8]) -> Result<(), &'static str> {
    let (mut at, mut connector) = (0, Connector::Always);
    loop {
        let mut scratch = [0_u8; MAX_SCRATCH];
        match parse_command(script, at, connector, &mut scratch) {
            Ok(Some(command)) => (at, connector) = (command.next, command.connector),
            Ok(None) => return Ok(()),
            Err(error) => return Err(error.0),
        }
    }
}

fn exit_code<S: System>(
    arguments: &[&[u8]],
    last_status: u8,
    streams: Streams<'_, S::File>,
    system: &mut S,
) -> u8 {
    let code = match arguments {
        [] => Some(last_status),
        // Only the low byte of an exit code reaches the parent.
        [code, ..] => parse_number(code).map(|code| (code & 0xff) as u8),
    };
    code.unwrap_or_else(|| {
        let operand = arguments.first().copied().unwrap_or_default();
        let mut process = Process::new(system, streams, b"sh");
        process.complain(&[b"exit: not a number: ", operand]);
        MISUSE
    })
}

/// Reads on until the line at hand is whole; the last one needs no newline.
fn read_line<S: System>(depth: usize, system: &mut S) -> Result<Input, Errno> {
    // One byte at a time, so that what follows is left to the commands of the line.
    let mut byte = [0_u8];
    loop {
        match system.read_input(&mut byte)? {
            Input::Bytes(_) if byte == *b"\n" => return Ok(Input::Bytes(1)),
            Input::Bytes(_) => system.extend_line(depth, byte[0])?,
            Input::End if !system.line(depth).is_empty() => return Ok(Input::Bytes(1)),
            other => return Ok(other),
        }
    }
}
