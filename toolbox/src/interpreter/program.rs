//! A process that runs one of the commands, step by step.

use super::system::{Step, System};

/// The state of one process between two steps; small, and without its arguments.
#[derive(Debug, Clone, Default)]
pub struct Program {
    finished: Option<u8>,
}

impl Program {
    /// A process about to start.
    #[must_use]
    pub const fn new() -> Self {
        Self { finished: None }
    }

    /// Runs until the process ends or sleeps. `argv` must be the same in every step.
    ///
    /// The command is chosen by the base name of `argv[0]`. Stepping again after
    /// [`Step::Sleep`] means that the time is up, after [`Step::Exit`] or
    /// [`Step::Pause`] it gives the same again.
    pub fn step<A: AsRef<[u8]>, S: System>(&mut self, argv: &[A], system: &mut S) -> Step {
        let _ = (argv, system);
        Step::Exit(*self.finished.get_or_insert(127))
    }
}
