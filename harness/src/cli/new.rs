//! `gidcheck new`

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{CommandError, Outcome};
use crate::scenario::{scenario_name, schema};

/// The starter scenario; `NAME` stands for the name asked for.
const STARTER: &str = include_str!("starter.yaml");

/// The schema beside it, which the starter's first line names: editors need no network for it.
const SCHEMA: &str = "gidcheck.schema.json";

/// Write a starter scenario, and the schema by which editors complete and check it.
///
/// Editors with yaml-language-server read gidcheck.schema.json, which the scenario's first line
/// names. Where it is there already it stays as it is; gidcheck schema prints that of this release.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The scenario's name: lower-case letters, digits and `-`.
    name: String,
    /// The folder to write it to.
    #[arg(long, default_value = ".")]
    folder: PathBuf,
}

pub(super) fn run(options: &Options) -> Result<Outcome, CommandError> {
    let name = &options.name;
    scenario_name(name).map_err(CommandError::Usage)?;
    let path = options.folder.join(format!("{name}.yaml"));
    write_new(&path, &STARTER.replace("NAME", name))?;
    match write_new(&options.folder.join(SCHEMA), &format!("{:#}\n", schema())) {
        // Scenarios of one folder share it.
        Ok(()) | Err(CommandError::Usage(_)) => {}
        Err(error) => return Err(error),
    }
    let path = path.display();
    writeln!(anstream::stdout(), "Wrote {path}\nRun it: gidcheck run {path}")?;
    Ok(Outcome::Held)
}

fn write_new(path: &Path, text: &str) -> Result<(), CommandError> {
    let mut file =
        OpenOptions::new().write(true).create_new(true).open(path).map_err(|error| match error
            .kind()
        {
            std::io::ErrorKind::AlreadyExists => {
                CommandError::Usage(format!("{} exists already", path.display()))
            }
            _ => CommandError::environment(format!("cannot write {}", path.display()), error),
        })?;
    file.write_all(text.as_bytes())?;
    Ok(())
}
