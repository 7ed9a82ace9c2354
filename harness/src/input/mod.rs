//! Reading clusters: what `kubectl get … -o json` or `-o yaml` printed, or a live API server.
//!
//! Input is hostile and may be huge: objects are handed over one at a time,
//! and whoever takes them keeps what they look at; size, count and depth are
//! bounded. What is no JSON or YAML ends the reading with its place; an object
//! that cannot be understood is named, counted and left out.

mod amount;
mod json;
pub mod live;
mod object;
mod position;
mod yaml;

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use thiserror::Error;

pub(crate) use amount::Amount;
pub(crate) use object::{Part, RawObject, Sink, read};
use position::{Position, Positioned};

/// The most bytes that one object may have.
const MAX_OBJECT_BYTES: u64 = 16 * 1024 * 1024;
/// The most bytes of a JSON source.
const MAX_JSON_BYTES: u64 = 16 * 1024 * 1024 * 1024;
/// The most bytes of a YAML source, which is held in memory as a whole.
const MAX_YAML_BYTES: u64 = 256 * 1024 * 1024;
/// The most objects that are kept of all sources together.
pub(crate) const MAX_OBJECTS: usize = 4_000_000;

/// Why a cluster cannot be read.
#[derive(Debug, Error)]
pub enum InputError {
    /// A file cannot be read.
    #[error("cannot read {source_name}")]
    Read {
        /// The file.
        source_name: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A text is neither JSON nor YAML.
    #[error(
        "{source_name}:{line}:{column}: this is not valid {format}: {message}; understood before \
         it: {understood}. Write the file again, and look whether the command that wrote it failed"
    )]
    Syntax {
        /// The file.
        source_name: String,
        /// From 1.
        line: u64,
        /// From 1.
        column: u64,
        /// JSON or YAML.
        format: &'static str,
        /// What is wrong.
        message: String,
        /// What was read before.
        understood: String,
    },
    /// The text is in an encoding that no Kubernetes tool reads.
    #[error(
        "{0} is UTF-16, as Windows PowerShell's `>` writes it; write it with \
         `| Out-File -Encoding utf8`"
    )]
    Utf16(String),
    /// The text was damaged, or is no text.
    #[error("{source_name} is no text: {what}")]
    NotText {
        /// The file.
        source_name: String,
        /// What it seems to be, and what to do.
        what: &'static str,
    },
    /// More than is read.
    #[error("{source_name} has more than {limit} bytes; {advice}")]
    TooLarge {
        /// The file.
        source_name: String,
        /// The most bytes.
        limit: u64,
        /// What to do.
        advice: &'static str,
    },
    /// More objects than are read.
    #[error("the input has more than {MAX_OBJECTS} objects")]
    TooMany,
    /// Nothing in it that the question could be about.
    #[error(
        "there is no {wanted} in the input ({understood}); give the output of `kubectl get {kinds} \
         -A -o json`"
    )]
    Nothing {
        /// What is missing, such as `node`.
        wanted: &'static str,
        /// What was read.
        understood: String,
        /// The kinds to get.
        kinds: &'static str,
    },
}

/// Reads files; `-` is standard input.
///
/// # Errors
/// [`InputError`].
pub(crate) fn read_files(paths: &[PathBuf], sink: &mut dyn Sink) -> Result<(), InputError> {
    for path in paths {
        let name = source_name(path);
        let failed = |source| InputError::Read { source_name: name.clone(), source };
        if path.as_os_str() == "-" {
            read_source(&name, std::io::stdin().lock(), sink)?;
        } else {
            let file = std::fs::File::open(path).map_err(failed)?;
            read_source(&name, BufReader::with_capacity(256 * 1024, file), sink)?;
        }
    }
    Ok(())
}

/// Reads a text, as if it were a file of this name.
///
/// # Errors
/// [`InputError`].
pub(crate) fn read_text(name: &str, text: &[u8], sink: &mut dyn Sink) -> Result<(), InputError> {
    read_source(name, text, sink)
}

/// How messages call a file.
pub(crate) fn source_name(path: &Path) -> String {
    let shown = if path.as_os_str() == "-" {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    };
    crate::report::shown_line(&shown)
}

/// How the logs of a container begin and end in what `kubectl cluster-info dump` prints.
const LOGS: (&str, &str) = ("==== START logs for container ", "==== END logs for container ");

/// The line that ends the logs of a container, where a text begins with them; none where it does
/// not.
pub(crate) fn end_of_logs(text: &str) -> Option<String> {
    let of = text.strip_prefix(LOGS.0)?.lines().next()?;
    Some(format!("\n{}{of}", LOGS.1))
}

/// What begins a file that is no text, and what to say of it.
const NO_TEXT: &[(&[u8], &str)] = &[
    (
        &[0x1f, 0x8b],
        "it is compressed; unpack it first, or write `zcat FILE | …` and give - as the file",
    ),
    (&[0x28, 0xb5, 0x2f, 0xfd], "it is compressed; unpack it first, or write `zstdcat FILE | …`"),
    (b"k8s\0", "it is Kubernetes' binary format; write it with `-o json`"),
    (&[0], "it begins with NUL bytes, and so was damaged; write it again"),
];

/// Why a file that begins so is no text that anybody reads.
pub(crate) fn no_text(name: &str, start: &[u8]) -> Option<InputError> {
    let marked = start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]);
    let unmarked = match start {
        [0, letter, ..] | [letter, 0, ..] => {
            letter.is_ascii_graphic() || letter.is_ascii_whitespace()
        }
        _ => false,
    };
    if marked || unmarked {
        return Some(InputError::Utf16(name.to_owned()));
    }
    let (_, what) = NO_TEXT.iter().find(|(begin, _)| start.starts_with(begin))?;
    Some(InputError::NotText { source_name: name.to_owned(), what })
}

/// Reads a source of this name.
///
/// # Errors
/// [`InputError`].
pub(crate) fn read_source(
    name: &str,
    mut reader: impl BufRead,
    sink: &mut dyn Sink,
) -> Result<(), InputError> {
    let failed = |source| InputError::Read { source_name: name.to_owned(), source };
    let start = reader.fill_buf().map_err(failed)?;
    if let Some(error) = no_text(name, start) {
        return Err(error);
    }
    if start.starts_with("\u{feff}".as_bytes()) {
        reader.consume(3);
    }
    let position = Position::new(MAX_JSON_BYTES);
    let mut reader = Positioned::new(reader, &position);
    match reader.next_text_byte().map_err(failed)? {
        None => Ok(()),
        Some(b'{' | b'[') => json::read(name, reader, &position, sink),
        Some(_) => {
            let mut text = String::new();
            reader.take(MAX_YAML_BYTES + 1).read_to_string(&mut text).map_err(failed)?;
            yaml::read(name, &text, sink)
        }
    }
}
