//! The small shell: a script, or lines from standard input.

use super::expand::{Fields, Values, for_each_script, paths_of, words_of};
use super::kept::{Kept, pipe, slot};
use super::parse::{
    Command, Connector, Destination, MAX_REDIRECTIONS, MAX_SCRATCH, MAX_SCRIPT, MAX_WORDS, Word,
    parse_command,
};
use super::process::{Process, Source, Streams, Target, read};
use super::program::{INTERRUPTED, MISUSE, Outcome, Program};
use super::system::{Errno, Existing, Input, MAX_DEPTH, MAX_LINE, Step, Stream, System};
use super::text::parse_number;
use super::variables::{set, split_assignment};

/// How far a script has run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Position {
    /// Where the command at hand starts, in bytes.
    at: usize,
    connector: Connector,
    status: u8,
    /// The command before it ran, in the same pipeline.
    runs: bool,
    /// Which of the two pipes it reads, in a pipeline.
    is_odd: bool,
    /// How many of its substitutions have ended, if one is at work.
    substituted: Option<usize>,
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
    pub(super) const START: Self = Self {
        at: 0,
        connector: Connector::Always,
        status: 0,
        runs: true,
        is_odd: false,
        substituted: None,
        lines: Lines::Reading,
    };
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
            _ if depth >= MAX_DEPTH => [TOO_DEEP.as_bytes(), b""],
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

    pub(super) fn script<S: System>(
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
            let position = self.position(depth);
            let mut scratch = [0_u8; MAX_SCRATCH];
            let parsed = parse_command(script, position.at, position.connector, &mut scratch);
            let Some(command) = parsed.map_err(|error| error.0)? else {
                return Ok(Outcome::Done(position.status));
            };
            let runs = match position.connector {
                Connector::Always => true,
                Connector::IfSucceeded => position.status == 0,
                Connector::IfFailed => position.status != 0,
                Connector::Pipe => position.runs,
            };
            let (reads, writes) =
                (position.connector == Connector::Pipe, command.connector == Connector::Pipe);
            let mut own = streams;
            if reads {
                own.input = Source::Pipe(pipe(depth, position.is_odd));
            }
            if writes {
                let slot = pipe(depth, !position.is_odd);
                own.output = Target::Pipe(slot);
                if !self.asleep {
                    system.forget(slot);
                }
            }
            let mut status = position.status;
            if runs {
                match self.simple_command(depth, &command, status, own, system) {
                    // Only the last command of a pipeline decides about its status.
                    Outcome::Done(_) | Outcome::Exit(_) if writes => {}
                    Outcome::Exit(done) if reads => status = done,
                    Outcome::Done(done) => status = done,
                    outcome => return Ok(outcome),
                }
            }
            let (at, connector, is_odd) = (command.next, command.connector, !position.is_odd);
            self.at(depth, |position| {
                *position = Position { at, connector, status, runs, is_odd, ..*position };
            });
        }
    }

    fn position(&self, depth: usize) -> Position {
        self.scripts.get(depth).copied().unwrap_or(Position::START)
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
            let Position { lines, mut status, .. } = self.position(depth);
            if lines == Lines::Reading {
                self.asleep = false;
                if core::mem::take(&mut self.interrupted) {
                    Process::new(system, streams, b"sh").print_error(b"\n");
                    self.prompt(depth, streams, system);
                    continue;
                }
                match read_line(depth, streams.input, system) {
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
            let length = copy_kept(system, slot(depth, Kept::Line), &mut line);
            let line = line.get(..length).unwrap_or_default();
            match self.script(depth, line, status, streams, system) {
                Ok(Outcome::Done(done)) => status = done,
                Ok(Outcome::Interrupted) if at_terminal(streams.input, system) => {
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
        system.forget(slot(depth, Kept::Line));
        if at_terminal(streams.input, system) {
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
        let mut status = 0;
        let mut expanded = [0_u8; MAX_SCRATCH];
        let mut fields: [&[u8]; MAX_FIELDS] = [&[]; MAX_FIELDS];
        let mut count = 0_usize;
        if words_of(command).any(|word| matches!(word, Word::Expands(_))) {
            let length = match self.expand(
                depth,
                command,
                (last_status, &mut status),
                streams,
                system,
                &mut expanded,
            ) {
                Ok(length) => length,
                Err(outcome) => return outcome,
            };
            let text = expanded.get(..length).unwrap_or_default();
            // Each field has a NUL after it, so that nothing comes after the last one.
            let ends = text.iter().filter(|byte| **byte == 0).count();
            for field in text.split(|byte| *byte == 0).take(ends) {
                let Some(slot) = fields.get_mut(count) else {
                    return misuse(system, streams, "more than 256 words in one command");
                };
                *slot = field;
                count = count.saturating_add(1);
            }
        } else {
            for (slot, word) in fields.iter_mut().zip(words_of(command)) {
                if let Word::Literal(text) = word {
                    *slot = text;
                }
                count = count.saturating_add(1);
            }
        }
        let fields = fields.get(..count).unwrap_or_default();
        let Some((paths, words)) = fields.split_at_checked(paths_of(command).count()) else {
            return Outcome::Done(MISUSE);
        };
        self.redirected(depth, command, (paths, words), (last_status, status), streams, system)
    }

    /// Runs a command with the paths and words that its own were expanded to.
    fn redirected<S: System>(
        &mut self,
        depth: usize,
        command: &Command<'_>,
        (paths, words): (&[&[u8]], &[&[u8]]),
        (last_status, status): (u8, u8),
        streams: Streams<'_, S::File>,
        system: &mut S,
    ) -> Outcome {
        let mut redirected = streams;
        let (input, mut written) = match (command.input, paths) {
            (Some(_), [input, written @ ..]) => (Some(*input), written.iter()),
            _ => (None, paths.iter()),
        };
        if let Some(path) = input {
            let slot = pipe(depth, self.position(depth).is_odd);
            redirected.input = Source::Pipe(slot);
            if !self.asleep
                && let Err(errno) = fill(system, slot, path)
            {
                return cannot_open(system, streams, path, errno);
            }
        }
        let mut files: [Option<S::File>; MAX_REDIRECTIONS] = [const { None }; MAX_REDIRECTIONS];
        for (file, redirection) in files.iter_mut().zip(command.redirections.iter().flatten()) {
            let Destination::File(_, existing) = redirection.destination else { continue };
            let path = written.next().copied().unwrap_or_default();
            // A command that wakes up has emptied its file before.
            let existing = if self.asleep { Existing::Keep } else { existing };
            match system.create(path, existing) {
                Ok(created) => *file = Some(created),
                Err(errno) => return cannot_open(system, streams, path, errno),
            }
        }
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
        if command.assigns {
            return assign(system, redirected, words, status);
        }
        let (replaces_shell, words) = match words {
            [b"exec", words @ ..] if !words.is_empty() => (true, words),
            [b"exec"] | [] => return Outcome::Done(status),
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

    /// Expands a command's words into `expanded`; a command that wakes up finds them kept.
    ///
    /// The second status becomes that of the last substitution. It fails with what became of the
    /// command instead.
    fn expand<S: System>(
        &mut self,
        depth: usize,
        command: &Command<'_>,
        (last_status, status): (u8, &mut u8),
        streams: Streams<'_, S::File>,
        system: &mut S,
        expanded: &mut [u8; MAX_SCRATCH],
    ) -> Result<usize, Outcome> {
        let (words, outputs) = (slot(depth, Kept::Words), slot(depth, Kept::Substitutions));
        let mut done = 0;
        if self.asleep {
            match self.position(depth).substituted {
                Some(substituted) => done = substituted,
                None => return Ok(copy_kept(system, words, expanded)),
            }
        } else {
            system.forget(outputs);
        }
        let mut index = 0_usize;
        for_each_script(command, |script| {
            index = index.saturating_add(1);
            if index <= done {
                return Ok(());
            }
            self.at(depth, |position| position.substituted = Some(index.saturating_sub(1)));
            let own = Streams { output: Target::Texts(outputs), ..streams };
            let message = if depth.saturating_add(1) >= MAX_DEPTH {
                Err(TOO_DEEP)
            } else {
                self.script(depth.saturating_add(1), script, last_status, own, system)
            };
            match message {
                Ok(Outcome::Done(inner) | Outcome::Exit(inner)) => *status = inner,
                Ok(outcome) => return Err(outcome),
                Err(message) => return Err(misuse(system, streams, message)),
            }
            system.keep(outputs, b"\0").map_err(|errno| misuse(system, streams, errno.message()))
        })?;
        self.at(depth, |position| position.substituted = None);
        let mut fields = Fields::new(expanded);
        let mut values =
            Values { system: &*system, status: last_status, outputs: system.kept(outputs) };
        let result = fields.expand(command, &mut values);
        let length = fields.length();
        system.forget(words);
        result
            .and_then(|()| {
                let text = expanded.get(..length).unwrap_or_default();
                system.keep(words, text).map_err(Errno::message)
            })
            .map_err(|message| misuse(system, streams, message))?;
        Ok(length)
    }
}

/// The most paths and words of one command.
const MAX_FIELDS: usize = MAX_WORDS + MAX_REDIRECTIONS + 1;

const TOO_DEEP: &str = "more than 4 shells within shells";

fn misuse<S: System>(
    system: &mut S,
    streams: Streams<'_, S::File>,
    message: &'static str,
) -> Outcome {
    Process::new(system, streams, b"sh").complain(&[message.as_bytes()]);
    Outcome::Done(MISUSE)
}

fn cannot_open<S: System>(
    system: &mut S,
    streams: Streams<'_, S::File>,
    path: &[u8],
    errno: Errno,
) -> Outcome {
    let mut process = Process::new(system, streams, b"sh");
    process.complain(&[path, b": ", errno.message().as_bytes()]);
    Outcome::Done(MISUSE)
}

/// Sets variables to what stands after their names.
fn assign<S: System>(
    system: &mut S,
    streams: Streams<'_, S::File>,
    assignments: &[&[u8]],
    status: u8,
) -> Outcome {
    for (name, value) in assignments.iter().filter_map(|text| split_assignment(text)) {
        if let Err(errno) = set(system, name, value, false) {
            return misuse(system, streams, errno.message());
        }
    }
    Outcome::Done(status)
}

/// Copies a file into a slot, for a command to read.
fn fill<S: System>(system: &mut S, slot: usize, path: &[u8]) -> Result<(), Errno> {
    let file = system.open(path)?;
    system.forget(slot);
    let mut chunk = [0_u8; 4096];
    let mut offset = 0_u64;
    loop {
        let count = system.read_at(&file, offset, &mut chunk)?;
        if count == 0 {
            return Ok(());
        }
        system.keep(slot, chunk.get(..count).unwrap_or_default())?;
        offset = offset.saturating_add(count as u64);
    }
}

/// Copies what fits of a slot, and says how much that is.
fn copy_kept<S: System>(system: &S, slot: usize, into: &mut [u8]) -> usize {
    let kept = system.kept(slot);
    for (slot, byte) in into.iter_mut().zip(kept) {
        *slot = *byte;
    }
    kept.len().min(into.len())
}

fn at_terminal<S: System>(input: Source, system: &S) -> bool {
    matches!(input, Source::Standard) && system.has_terminal()
}

/// Finds every error of a script, and of those within it, before anything runs.
fn check(script: &[u8]) -> Result<(), &'static str> {
    let (mut at, mut connector) = (0, Connector::Always);
    loop {
        let mut scratch = [0_u8; MAX_SCRATCH];
        match parse_command(script, at, connector, &mut scratch) {
            Ok(Some(command)) => {
                for_each_script(&command, check)?;
                (at, connector) = (command.next, command.connector);
            }
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
fn read_line<S: System>(depth: usize, input: Source, system: &mut S) -> Result<Input, Errno> {
    // One byte at a time, so that what follows is left to the commands of the line.
    let mut byte = [0_u8];
    let line = slot(depth, Kept::Line);
    loop {
        match read(system, input, &mut byte)? {
            Input::Bytes(_) if byte == *b"\n" => return Ok(Input::Bytes(1)),
            Input::Bytes(_) if system.kept(line).len() >= MAX_LINE => return Err(Errno::TOO_LARGE),
            Input::Bytes(_) => system.keep(line, &byte)?,
            Input::End if !system.kept(line).is_empty() => return Ok(Input::Bytes(1)),
            other => return Ok(other),
        }
    }
}
