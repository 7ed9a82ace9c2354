//! A process that runs one of the commands, step by step.

use super::parse::{
    Command, Connector, Destination, MAX_REDIRECTIONS, MAX_SCRATCH, MAX_SCRIPT, MAX_WORDS,
    parse_command,
};
use super::process::{Process, Streams, Target};
use super::system::{Existing, Step, Stream, System};
use super::text::{base_name, parse_number};
use super::{files, id, identity, ls, ownership, sleep};

/// The commands by name, `sh` among them: what an image has in `/bin`.
pub const COMMANDS: [&str; 17] = [
    "cat",
    "chmod",
    "chown",
    "echo",
    "false",
    "id",
    "ls",
    "mkdir",
    "pause",
    "setgid",
    "setgroups",
    "setuid",
    "sh",
    "sleep",
    "stat",
    "touch",
    "true",
];

/// Names by which the program takes the command from its first argument: its own, and that of
/// the program in Kubernetes' test image agnhost.
pub const DISPATCHERS: [&str; 2] = ["toolbox", "agnhost"];

/// How many shells there may be within shells.
const MAX_DEPTH: usize = 4;

/// The exit code for a command that does not exist.
const NOT_FOUND: u8 = 127;

/// The exit code for a script or option that a shell does not understand.
const MISUSE: u8 = 2;

/// The state of one process between two steps; small, and without its arguments.
#[derive(Debug, Clone)]
pub struct Program {
    finished: Option<u8>,
    /// The last step left a command asleep; the next one wakes it.
    asleep: bool,
    scripts: [Position; MAX_DEPTH],
}

/// How far a script has run.
#[derive(Debug, Clone, Copy)]
struct Position {
    /// Where the command at hand starts, in bytes.
    at: usize,
    connector: Connector,
    status: u8,
}

impl Position {
    const START: Self = Self { at: 0, connector: Connector::Always, status: 0 };
}

/// What became of a command.
enum Outcome {
    Done(u8),
    /// The shell around it ends too.
    Exit(u8),
    Wait(Step),
}

impl Default for Program {
    fn default() -> Self {
        Self::new()
    }
}

impl Program {
    /// A process about to start.
    #[must_use]
    pub const fn new() -> Self {
        Self { finished: None, asleep: false, scripts: [Position::START; MAX_DEPTH] }
    }

    /// Runs until the process ends or sleeps. `argv` must be the same in every step.
    ///
    /// The command is chosen by the base name of `argv[0]`, or of `argv[1]` if that is
    /// one of [`DISPATCHERS`]; [`COMMANDS`] lists them. No command has a process of its own: what one
    /// changes, such as its uid, holds for those after it. Stepping again after
    /// [`Step::Sleep`] means that the time is up; after [`Step::Exit`] or [`Step::Pause`]
    /// it gives the same again.
    ///
    /// Exit codes: 127 for an unknown command, 2 for a script that cannot be parsed,
    /// 1 for a command that failed.
    pub fn step<A: AsRef<[u8]>, S: System>(&mut self, argv: &[A], system: &mut S) -> Step {
        if let Some(code) = self.finished {
            return Step::Exit(code);
        }
        match self.start(argv, system) {
            Outcome::Wait(step) => {
                self.asleep = true;
                step
            }
            Outcome::Done(code) | Outcome::Exit(code) => {
                self.finished = Some(code);
                Step::Exit(code)
            }
        }
    }

    fn start<A: AsRef<[u8]>, S: System>(&mut self, argv: &[A], system: &mut S) -> Outcome {
        let dispatches = argv.first().is_some_and(|name| {
            let name = base_name(name.as_ref());
            DISPATCHERS.iter().any(|dispatcher| dispatcher.as_bytes() == name)
        });
        let argv = argv.get(usize::from(dispatches)..).unwrap_or_default();
        let mut words: [&[u8]; MAX_WORDS] = [&[]; MAX_WORDS];
        for (word, argument) in words.iter_mut().zip(argv) {
            *word = argument.as_ref();
        }
        match words.get(..argv.len()) {
            Some(words) => self.run(0, words, Streams::STANDARD, system),
            None => {
                let mut process = Process::new(system, Streams::STANDARD, b"toolbox");
                process.complain(&[b"more than 256 arguments"]);
                Outcome::Done(MISUSE)
            }
        }
    }

    /// Runs a command, or wakes it; `depth` is how many shells it is in.
    fn run<S: System>(
        &mut self,
        depth: usize,
        words: &[&[u8]],
        streams: Streams<'_, S::File>,
        system: &mut S,
    ) -> Outcome {
        let Some((name, arguments)) = words.split_first() else {
            return Outcome::Done(NOT_FOUND);
        };
        let name = base_name(name);
        let mut process = Process::new(system, streams, name);
        let process = &mut process;
        Outcome::Done(match name {
            b"sh" => return self.shell(depth, arguments, streams, system),
            b"sleep" => match sleep::sleep(process, arguments) {
                Ok(step) => return self.wait(step),
                Err(status) => status,
            },
            b"pause" => return self.wait(Step::Pause),
            b"true" | b":" => 0,
            b"false" => 1,
            b"echo" => echo(process, arguments),
            b"id" => id::id(process, arguments),
            b"cat" => files::cat(process, arguments),
            b"ls" => ls::ls(process, arguments),
            b"stat" => files::stat(process, arguments),
            b"touch" => files::touch(process, arguments),
            b"mkdir" => files::mkdir(process, arguments),
            b"chmod" => ownership::chmod(process, arguments),
            b"chown" => ownership::chown(process, arguments),
            b"setuid" => identity::setuid(process, arguments),
            b"setgid" => identity::setgid(process, arguments),
            b"setgroups" => identity::setgroups(process, arguments),
            _ => {
                process.name = b"sh";
                process.complain(&[name, b": not found"]);
                NOT_FOUND
            }
        })
    }

    /// Goes to sleep, or wakes up if the time is over.
    fn wait(&mut self, step: Step) -> Outcome {
        if self.asleep && step != Step::Pause {
            self.asleep = false;
            return Outcome::Done(0);
        }
        Outcome::Wait(step)
    }

    fn shell<S: System>(
        &mut self,
        depth: usize,
        arguments: &[&[u8]],
        streams: Streams<'_, S::File>,
        system: &mut S,
    ) -> Outcome {
        let error: [&[u8]; 2] = match arguments {
            // Standard input is never read, so it counts as ended.
            [] => return Outcome::Done(0),
            [b"-c", ..] if depth >= MAX_DEPTH => [b"more than 4 shells within shells", b""],
            [b"-c", script, ..] if script.len() > MAX_SCRIPT => {
                [b"the script has more than 131072 bytes", b""]
            }
            [b"-c", script, ..] => match self.script(depth, script, streams, system) {
                Ok(outcome) => return outcome,
                Err(message) => [b"syntax error: ", message.as_bytes()],
            },
            [b"-c"] => [b"-c needs a script", b""],
            [other, ..] => [b"only -c SCRIPT is supported, not ", other],
        };
        Process::new(system, streams, b"sh").complain(&error);
        Outcome::Done(MISUSE)
    }

    fn script<S: System>(
        &mut self,
        depth: usize,
        script: &[u8],
        streams: Streams<'_, S::File>,
        system: &mut S,
    ) -> Result<Outcome, &'static str> {
        if !self.asleep {
            check(script)?;
            self.set_position(depth, Position::START);
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
                    Outcome::Exit(status) => return Ok(Outcome::Done(status)),
                    wait @ Outcome::Wait(_) => return Ok(wait),
                };
            }
            let (at, connector) = (command.next, command.connector);
            self.set_position(depth, Position { at, connector, status });
        }
    }

    fn set_position(&mut self, depth: usize, position: Position) {
        if let Some(slot) = self.scripts.get_mut(depth) {
            *slot = position;
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

/// `echo [-n] [WORD…]`
fn echo<S: System>(process: &mut Process<'_, S>, arguments: &[&[u8]]) -> u8 {
    let (newline, words) = match arguments {
        [b"-n", words @ ..] => (false, words),
        words => (true, words),
    };
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            process.print(b" ");
        }
        process.print(word);
    }
    if newline {
        process.print(b"\n");
    }
    process.finish(0)
}
