//! `gidcheck man`

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use clap::{Args, CommandFactory};

use super::{Cli, CommandError, Outcome};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The folder to write them to, such as ~/.local/share/man/man1; it is made where it is missing.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub(super) fn run(options: &Options) -> Result<Outcome, CommandError> {
    let folder = options.folder.display();
    fs::create_dir_all(&options.folder)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), &options.folder))
        .map_err(|error| CommandError::environment(format!("cannot write to {folder}"), error))?;
    writeln!(
        anstream::stdout(),
        "Wrote the manual pages to {folder}\nRead the first: man {}",
        options.folder.join("gidcheck.1").display(),
    )?;
    Ok(Outcome::Held)
}
