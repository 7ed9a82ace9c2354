//! Where a run's reports are written.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::CommandError;
use crate::report::html::html;
use crate::report::junit::junit;
use crate::report::run::RunReport;
use crate::runner::Report;

/// What stands for standard output.
const STANDARD_OUTPUT: &str = "-";

/// The reports that are asked for.
#[derive(Debug, Args)]
pub(super) struct ReportFiles {
    /// Write JUnit XML for CI systems; - is standard output.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write JSON for programs, as gidcheck schema --of run describes it; - is standard output.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write one page to read, with all cases and what happened in them; - is standard output.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

impl ReportFiles {
    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.paths().next().is_none()
    }

    /// Whether standard output is for a report, and for nothing else.
    pub(super) fn take_standard_output(&self) -> bool {
        self.paths().any(|(_, path)| path.as_os_str() == STANDARD_OUTPUT)
    }

    fn paths(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        [("--junit", &self.junit), ("--json", &self.json), ("--html", &self.html)]
            .into_iter()
            .filter_map(|(option, path)| Some((option, path.as_deref()?)))
    }

    /// Finds out before a long run whether these and other files could be written.
    ///
    /// # Errors
    /// [`CommandError::Usage`] where a folder is none, and where two are the same file.
    pub(super) fn check(&self, others: &[(&'static str, PathBuf)]) -> Result<(), CommandError> {
        let others = others.iter().map(|(option, path)| (*option, path.as_path()));
        let mut taken: BTreeMap<&Path, &str> = BTreeMap::new();
        for (option, path) in self.paths().chain(others) {
            if let Some(other) = taken.insert(path, option) {
                return Err(CommandError::Usage(format!(
                    "{other} and {option} both write {}; name two files",
                    path.display()
                )));
            }
            if path.as_os_str() != STANDARD_OUTPUT {
                check(path)?;
            }
        }
        Ok(())
    }

    /// Writes them.
    ///
    /// # Errors
    /// [`CommandError::Environment`].
    pub(super) fn write(&self, run: &RunReport, reports: &[Report]) -> Result<(), CommandError> {
        if let Some(path) = &self.junit {
            write_whole(path, &junit(run, reports))?;
        }
        if let Some(path) = &self.json {
            let json = serde_json::to_string_pretty(run)
                .expect("a report holds nothing that JSON cannot hold");
            write_whole(path, &json)?;
        }
        if let Some(path) = &self.html {
            write_whole(path, &html(run))?;
        }
        Ok(())
    }
}

fn check(path: &Path) -> Result<(), CommandError> {
    let folder = folder_of(path);
    if folder.is_dir() && !path.is_dir() {
        return Ok(());
    }
    Err(CommandError::Usage(format!(
        "{} cannot be written: {}",
        path.display(),
        if path.is_dir() {
            "it is a folder; name a file in it".to_owned()
        } else {
            format!("there is no folder {}; make it first", folder.display())
        }
    )))
}

/// Writes a file at once, so that nobody finds half a report; `-` is standard output.
///
/// # Errors
/// [`CommandError::Environment`].
pub(super) fn write_whole(path: &Path, text: &str) -> Result<(), CommandError> {
    if path.as_os_str() == STANDARD_OUTPUT {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}", text.trim_end())?;
        return Ok(out.flush()?);
    }
    let written = if path.exists() && !path.is_file() {
        // A pipe or a terminal.
        std::fs::write(path, text)
    } else {
        replace(path, text)
    };
    written.map_err(|error| {
        CommandError::environment(format!("{} cannot be written", path.display()), error)
    })
}

fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any program makes files: the process's mask takes away what it must.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder_of(path))?;
    file.write_all(text.as_bytes())?;
    file.persist(path)?;
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
