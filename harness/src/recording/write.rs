//! Recordings into files: all of one or nothing.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use thiserror::Error;

use super::line::CaseLine;
use super::model::Recording;

/// Why a recording cannot be written.
#[derive(Debug, Error)]
#[error("{} cannot be written", path.display())]
pub struct WriteError {
    /// The file.
    pub path: PathBuf,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

/// Says early that a recording could not be written here.
///
/// # Errors
/// [`WriteError`].
pub fn check_writable(path: &Path) -> Result<(), WriteError> {
    let failed = |source| WriteError { path: path.to_owned(), source };
    // What is written takes the place of what is there; a device or a link must not be lost so.
    let replaceable = match fs::symlink_metadata(path) {
        Ok(there) => there.is_file(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => path.file_name().is_some(),
        Err(source) => return Err(failed(source)),
    };
    if !replaceable {
        return Err(failed(io::Error::other("it is there already and no regular file")));
    }
    let folder = fs::metadata(folder_of(path)).map_err(failed)?;
    if folder.is_dir() { Ok(()) } else { Err(failed(io::ErrorKind::NotADirectory.into())) }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// Writes a recording beside its place, then moves it there: nobody ever sees a part of it.
///
/// # Errors
/// [`WriteError`]; what was at the place before is still there.
pub fn write(path: &Path, recording: &Recording) -> Result<(), WriteError> {
    let failed = |source| WriteError { path: path.to_owned(), source };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = folder_of(path).join(format!(".{name}.{:x}", std::process::id()));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o644)
        .open(&temporary)
        .and_then(|file| write_to(file, recording))
        .and_then(|()| fs::rename(&temporary, path));
    written.map_err(|source| {
        // It may never have been made.
        let _ = fs::remove_file(&temporary);
        failed(source)
    })
}

fn write_to(file: File, recording: &Recording) -> io::Result<()> {
    let mut out = BufWriter::new(file);
    line(&mut out, &recording.runtime)?;
    for case in &recording.cases {
        line(&mut out, &CaseLine::from(case))?;
    }
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

fn line(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(&mut *out, Spaced))?;
    out.write_all(b"\n")
}

/// A space after each comma and colon, as in the recordings that exist.
struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        out.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        out.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::parse;

    const TEXT: &str = concat!(
        r#"{"runtime": "r", "version": "1", "features": {"a": true}, "image_status_user": {}}"#,
        "\n",
        r#"{"id": "a", "image": "i", "run_as_user": 1, "supplemental_groups": [4, 5], "policy": 0, "#,
        r#""ok": true, "id_output": "uid=1", "user": null}"#,
        "\n",
        r#"{"id": "b", "image": "i", "policy": 1, "ok": false, "stage": "CreateContainer", "#,
        r#""code": "Unknown", "error": "no \"user\"\n"}"#,
        "\n",
    );

    #[test]
    fn what_was_read_is_written_as_it_was() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("r.jsonl");
        let recording = parse(TEXT).expect("it is well-formed");
        check_writable(&path)?;
        write(&path, &recording)?;
        write(&path, &recording)?;
        assert_eq!(fs::read_to_string(&path)?, TEXT);
        assert_eq!(fs::read_dir(folder.path())?.count(), 1, "nothing is left beside it");
        Ok(())
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named() {
        for path in ["/", "/no/such/folder/x", "/dev/null/x", "/tmp"] {
            assert!(check_writable(Path::new(path)).is_err(), "{path}");
        }
    }
}
