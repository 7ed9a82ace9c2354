//! A process that runs one of the commands, step by step; the shell is in [`super::shell`].

use super::parse::MAX_WORDS;
use super::process::{Process, Streams};
use super::shell::Position;
use super::system::{MAX_DEPTH, Step, System};
use super::text::base_name;
use super::{files, grep, id, identity, ls, ownership, sleep, variables};

/// The commands by name, `sh` among them: what an image has in `/bin`.
pub const COMMANDS: [&str; 23] = [
    "cat",
    "chmod",
    "chown",
    "echo",
    "env",
    "false",
    "grep",
    "groups",
    "hostname",
    "id",
    "ls",
    "mkdir",
    "pause",
    "printenv",
    "setgid",
    "setgroups",
    "setuid",
    "sh",
    "sleep",
    "stat",
    "touch",
    "true",
    "whoami",
];

/// Names by which the program takes the command from its first argument: its own, and that of
/// the program in Kubernetes' test image agnhost.
pub const DISPATCHERS: [&str; 2] = ["toolbox", "agnhost"];

/// Where the kernel tells a host's name.
const HOST_NAME: &[u8] = b"/proc/sys/kernel/hostname";

/// The exit code for a command that does not exist.
const NOT_FOUND: u8 = 127;

/// The exit code for a script or option that a shell does not understand.
pub(super) const MISUSE: u8 = 2;

/// The exit code of a process that SIGINT ends.
pub(super) const INTERRUPTED: u8 = 130;

/// The state of one process between two steps; small, and without its arguments.
#[derive(Debug, Clone)]
pub struct Program {
    finished: Option<u8>,
    /// The last step left a command asleep; the next one wakes it.
    pub(super) asleep: bool,
    /// Somebody at a terminal wants the command at hand to end.
    pub(super) interrupted: bool,
    pub(super) scripts: [Position; MAX_DEPTH],
}

/// What became of a command.
pub(super) enum Outcome {
    Done(u8),
    /// The shell around it ends too.
    Exit(u8),
    Wait(Step),
    /// SIGINT ended it, and every shell around it that does not read from a terminal.
    Interrupted,
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
        Self {
            finished: None,
            asleep: false,
            interrupted: false,
            scripts: [Position::START; MAX_DEPTH],
        }
    }

    /// Runs until the process ends or sleeps. `argv` must be the same in every step.
    ///
    /// The command is chosen by the base name of `argv[0]`, or of `argv[1]` if that is
    /// one of [`DISPATCHERS`]; [`COMMANDS`] lists them. No command has a process of its own: what one
    /// changes, such as its uid, holds for those after it. Stepping again after
    /// [`Step::Sleep`] means that the time is up; after [`Step::Exit`] or [`Step::Pause`]
    /// it gives the same again. After [`Step::Input`] there must be something to read.
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
            Outcome::Done(code) | Outcome::Exit(code) => self.finish(code),
            Outcome::Interrupted => self.finish(INTERRUPTED),
        }
    }

    fn finish(&mut self, code: u8) -> Step {
        self.finished = Some(code);
        Step::Exit(code)
    }

    /// SIGINT from the terminal: in the next step the command that sleeps or waits ends, and
    /// with it the process, unless a shell that reads from the terminal is around it.
    pub fn interrupt(&mut self) {
        self.interrupted = self.asleep;
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
    pub(super) fn run<S: System>(
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
            b"cat" => {
                if self.interrupted {
                    return self.wait(Step::Input);
                }
                match files::cat(process, arguments, core::mem::take(&mut self.asleep)) {
                    Ok(status) => status,
                    Err(step) => return Outcome::Wait(step),
                }
            }
            b"grep" => {
                if self.interrupted {
                    return self.wait(Step::Input);
                }
                match grep::grep(process, depth, arguments, core::mem::take(&mut self.asleep)) {
                    Ok(status) => status,
                    Err(step) => return Outcome::Wait(step),
                }
            }
            b"env" | b"printenv" => variables::printenv(process, arguments),
            b"export" => variables::export(process, arguments),
            b"hostname" => files::cat(process, &[HOST_NAME], false).unwrap_or(1),
            b"whoami" => id::whoami(process),
            b"groups" => id::id(process, &[b"-Gn"]),
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
        if core::mem::take(&mut self.interrupted) {
            self.asleep = false;
            return Outcome::Interrupted;
        }
        if self.asleep && step != Step::Pause {
            self.asleep = false;
            return Outcome::Done(0);
        }
        Outcome::Wait(step)
    }
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
