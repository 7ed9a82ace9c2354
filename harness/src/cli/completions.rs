//! `gidcheck completions`

use std::io::Write;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, CommandError, Outcome};

#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Options {
    /// The shell that is to complete commands.
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(options: Options) -> Result<Outcome, CommandError> {
    // The generator cannot report that a pipe is closed, so that it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Cli::command(), "gidcheck", &mut script);
    anstream::stdout().write_all(&script)?;
    Ok(Outcome::Held)
}
