//! Simulated processes: the commands of [`toolbox`] over a container's files.
//!
//! A process is stepped by whoever keeps the time; between steps it is data.

mod credentials;
mod files;
mod ownership;
mod status;
mod system;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use credentials::{Capabilities, Capability, Credentials};
pub use files::HostFiles;
pub(crate) use files::{ContainerFiles, Mount};
use system::Kernel;
use toolbox::{COMMANDS, Program, Step, Stream};

/// How much one process can print on each stream, in bytes; the rest is lost, as in the
/// real runtimes' `ExecSync`.
const MAX_OUTPUT: usize = 16 * 1024 * 1024;

/// The test image's own program; its subcommands are the commands here.
const AGNHOST: &str = "agnhost";

/// What a process has printed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Output {
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

impl Output {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        let into = match stream {
            Stream::Output => &mut self.stdout,
            Stream::Error => &mut self.stderr,
        };
        let room = MAX_OUTPUT - into.len().min(MAX_OUTPUT);
        into.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

/// What a container's processes know of each other: who process 1 is.
#[derive(Debug, Default)]
pub(crate) struct ProcessTable {
    init: Mutex<Init>,
}

#[derive(Debug, Default)]
enum Init {
    #[default]
    None,
    /// The container's own first process.
    Own(String, Credentials),
    /// The sandbox's, which a shared process namespace shows.
    Pause(Credentials),
}

impl ProcessTable {
    /// Makes the sandbox's process the first for good.
    pub(crate) fn share_with(&self, pause: &Credentials) {
        *self.lock() = Init::Pause(pause.clone());
    }

    /// Tells who the container's first process is, or that there is none any more.
    pub(crate) fn set_own(&self, process: Option<&Process>) {
        let mut init = self.lock();
        match (&mut *init, process) {
            (Init::Pause(_), _) => {}
            (Init::Own(_, credentials), Some(process)) if *credentials == process.credentials => {}
            (init, Some(process)) => {
                *init = Init::Own(process.name.clone(), process.credentials.clone());
            }
            (init, None) => *init = Init::None,
        }
    }

    fn init_status(&self) -> Option<String> {
        let (name, credentials) = match &*self.lock() {
            Init::None => return None,
            Init::Own(name, credentials) => (name.clone(), credentials.clone()),
            Init::Pause(credentials) => ("pause".to_owned(), credentials.clone()),
        };
        Some(status::status(&name, 1, "S (sleeping)", &credentials))
    }

    /// Whether process 1 is the sandbox's.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(&*self.lock(), Init::Pause(_))
    }

    fn lock(&self) -> MutexGuard<'_, Init> {
        self.init.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One process of a container.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    pub(crate) name: String,
    pub(crate) credentials: Credentials,
    pub(crate) output: Output,
    arguments: Vec<String>,
    working_directory: String,
    program: Program,
}

/// The command that a container does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoSuchCommand(pub(crate) String);

impl Process {
    /// A process that has not run yet.
    ///
    /// # Errors
    /// No command here has that name.
    pub(crate) fn new(
        pid: u32,
        arguments: &[String],
        working_directory: &str,
        credentials: Credentials,
    ) -> Result<Self, NoSuchCommand> {
        let first = arguments.first().map(String::as_str).unwrap_or_default();
        let calls = usize::from(base_name(first) == AGNHOST);
        let arguments = arguments.get(calls..).unwrap_or_default().to_vec();
        let command = arguments.first().map(String::as_str).unwrap_or_default();
        let name = base_name(command).to_owned();
        if !COMMANDS.contains(&name.as_str()) && name != "toolbox" {
            return Err(NoSuchCommand(first.to_owned()));
        }
        let working_directory = working_directory.to_owned();
        let program = Program::new();
        let output = Output::default();
        Ok(Self { pid, name, credentials, output, arguments, working_directory, program })
    }

    /// Runs it until it ends or sleeps.
    pub(crate) fn step(&mut self, files: &Mutex<ContainerFiles>, processes: &ProcessTable) -> Step {
        let mut kernel = Kernel {
            pid: self.pid,
            name: &self.name,
            credentials: &mut self.credentials,
            files,
            processes,
            working_directory: &self.working_directory,
            output: &mut self.output,
        };
        self.program.step(&self.arguments, &mut kernel)
    }
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
