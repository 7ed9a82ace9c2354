//! Where a run's reports are written.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use thiserror::Error;

use super::CommandError;
use crate::report::html::html;
use crate::report::junit::junit;
use crate::report::run::RunReport;
use crate::runner::Report;

/// A form of report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Junit,
    Json,
    Html,
}

/// Every form, by the name that the command line has for it.
const FORMS: &[(&str, Form)] =
    &[("junit", Form::Junit), ("json", Form::Json), ("html", Form::Html)];

/// A report and the file that it is written to, as `FORM=FILE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReportFile {
    form: Form,
    path: PathBuf,
}

/// A text that is no [`ReportFile`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum ReportFileError {
    #[error("write FORM=FILE, such as {known}", known = examples())]
    NoFile,
    #[error("no report is called {name:?}; write {known}", known = examples())]
    NoSuchForm { name: String },
}

fn examples() -> String {
    let all: Vec<_> = FORMS.iter().map(|(name, _)| format!("{name}=FILE")).collect();
    all.join(" or ")
}

impl FromStr for ReportFile {
    type Err = ReportFileError;

    fn from_str(text: &str) -> Result<Self, ReportFileError> {
        let (name, path) = text.split_once('=').ok_or(ReportFileError::NoFile)?;
        if path.is_empty() {
            return Err(ReportFileError::NoFile);
        }
        let form = FORMS.iter().find(|(known, _)| *known == name).map(|(_, form)| *form);
        let form = form.ok_or_else(|| ReportFileError::NoSuchForm { name: name.to_owned() })?;
        Ok(Self { form, path: path.into() })
    }
}

impl ReportFile {
    /// Finds out before a long run whether the file could be written.
    ///
    /// # Errors
    /// [`CommandError::Usage`] where its folder is none.
    pub(super) fn check(&self) -> Result<(), CommandError> {
        let folder = folder_of(&self.path);
        if folder.is_dir() && !self.path.is_dir() {
            return Ok(());
        }
        Err(CommandError::Usage(format!(
            "{} cannot be written: {}",
            self.path.display(),
            if self.path.is_dir() {
                "it is a folder; name a file in it".to_owned()
            } else {
                format!("there is no folder {}; make it first", folder.display())
            }
        )))
    }

    /// Writes it.
    ///
    /// # Errors
    /// [`CommandError::Environment`].
    pub(super) fn write(&self, run: &RunReport, reports: &[Report]) -> Result<(), CommandError> {
        let text = match self.form {
            Form::Junit => junit(run, reports),
            Form::Html => html(run),
            Form::Json => serde_json::to_string_pretty(run)
                .expect("a report holds nothing that JSON cannot hold"),
        };
        write_whole(&self.path, &text)
    }
}

/// Writes a file at once, so that nobody finds half a report.
///
/// # Errors
/// [`CommandError::Environment`].
pub(super) fn write_whole(path: &Path, text: &str) -> Result<(), CommandError> {
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
