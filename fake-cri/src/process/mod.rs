//! Simulated processes: the commands of [`toolbox`] over a container's files.
//!
//! A process is stepped by whoever keeps the time; between steps it is data.

mod console;
mod credentials;
mod environment;
mod files;
mod kept;
mod output;
mod ownership;
mod status;
mod system;
mod terminal;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) use console::{Console, Received};
pub use credentials::{Capabilities, Capability, Confinement, Credentials};
pub(crate) use environment::{Environment, Hostname, variables};
pub use files::HostFiles;
pub(crate) use files::{ContainerFiles, Mount};
use kept::Kept;
pub(crate) use output::Printed;
use system::Kernel;
pub(crate) use terminal::Terminal;
use toolbox::{COMMANDS, Program, Step};

/// The test image's own program; its subcommands are the commands here.
const AGNHOST: &str = "agnhost";

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
    /// What it has printed and nobody has taken yet.
    pub(crate) printed: Printed,
    /// Its standard input; without one there is nothing to read.
    pub(crate) console: Option<Box<Console>>,
    arguments: Arc<[String]>,
    /// How many arguments come before the command's own name.
    dispatched: usize,
    working_directory: Arc<str>,
    environment: Environment,
    kept: Kept,
    program: Program,
    /// It is a program of its image that is not simulated: it waits.
    waits: bool,
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
        arguments: Arc<[String]>,
        working_directory: Arc<str>,
        environment: Environment,
        credentials: Credentials,
    ) -> Result<Self, NoSuchCommand> {
        let first = arguments.first().map(String::as_str).unwrap_or_default();
        let dispatched = usize::from(base_name(first) == AGNHOST);
        let command = arguments.get(dispatched).map(String::as_str).unwrap_or_default();
        let name = base_name(command).to_owned();
        if !is_simulated(&name) {
            return Err(NoSuchCommand(first.to_owned()));
        }
        let waiting = Self::waiting(pid, arguments, working_directory, environment, credentials);
        Ok(Self { name, dispatched, waits: false, ..waiting })
    }

    /// A program of the image that is not simulated, which waits until a signal ends it.
    pub(crate) fn waiting(
        pid: u32,
        arguments: Arc<[String]>,
        working_directory: Arc<str>,
        environment: Environment,
        credentials: Credentials,
    ) -> Self {
        let name = arguments.first().map(String::as_str).map_or("", base_name).to_owned();
        Self {
            pid,
            name,
            credentials,
            printed: Printed::default(),
            console: None,
            arguments,
            dispatched: 0,
            working_directory,
            environment,
            kept: Kept::default(),
            program: Program::new(),
            waits: true,
        }
    }

    /// Runs it until it ends or sleeps.
    pub(crate) fn step(&mut self, files: &Mutex<ContainerFiles>, processes: &ProcessTable) -> Step {
        if self.waits {
            return Step::Pause;
        }
        let mut kernel = Kernel {
            pid: self.pid,
            name: &self.name,
            credentials: &mut self.credentials,
            files,
            processes,
            working_directory: &self.working_directory,
            environment: &self.environment,
            kept: &mut self.kept,
            console: self.console.as_deref_mut(),
            printed: &mut self.printed,
        };
        let arguments = self.arguments.get(self.dispatched..).unwrap_or_default();
        self.program.step(arguments, &mut kernel)
    }

    /// SIGINT from its terminal, which it notices in the next step.
    pub(crate) fn interrupt(&mut self) {
        self.program.interrupt();
    }
}

fn is_simulated(name: &str) -> bool {
    COMMANDS.contains(&name) || name == "toolbox"
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
