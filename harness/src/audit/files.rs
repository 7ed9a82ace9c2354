//! The manifests of folders, files and clusters.
//!
//! A folder holds all sorts: what is no Kubernetes object is passed over,
//! what cannot be read is named. A file that somebody names must be right.

use std::fs;
use std::io::{self, BufReader, Cursor, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use super::dump::Dump;
use super::folder::{Folder, MAX_DEPTH, MAX_FILES, dangling};
use super::report::NotRead;
use crate::document::{MAX_BYTES, Problems, Sources};
use crate::explain::{Foreign, Manifests};
use crate::input::live::{self, List, LiveError};
use crate::input::{self, InputError};

/// Why manifests cannot be read.
#[derive(Debug, Error)]
pub enum FilesError {
    /// A file or a folder cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A large file is no output of kubectl.
    #[error(transparent)]
    Dump(#[from] InputError),
    /// A file is text in another encoding than UTF-8.
    #[error("{name}:{line}:{column}: {what}")]
    NotUtf8 {
        /// The file.
        name: String,
        /// The line of the first byte that does not fit, from 1.
        line: usize,
        /// Its column, from 1, in characters.
        column: usize,
        /// What stands there.
        what: NotUtf8,
    },
    /// A file is larger than manifests are.
    #[error(
        "{0} has more than {MAX_BYTES} bytes; split it, or name it to `gidcheck audit`, which reads \
         large files that kubectl printed"
    )]
    TooLarge(String),
    /// What is named is no file.
    #[error("{} cannot be read: {what}", path.display())]
    NoFile {
        /// The path.
        path: PathBuf,
        /// What it is, and what to do.
        what: String,
    },
    /// There are more files than anybody has.
    #[error("there are more than {MAX_FILES} files; name fewer folders")]
    TooMany,
    /// Folders lie too deep.
    #[error("{} lies more than {MAX_DEPTH} folders deep; name the folder itself", .0.display())]
    TooDeep(PathBuf),
}

/// A byte that UTF-8 does not have where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "this is not UTF-8 text: the byte 0x{0:02x} stands here; if it is Latin-1, convert it with `iconv \
     -f latin1 -t utf-8`"
)]
pub struct NotUtf8(u8);

impl FilesError {
    /// The line that is to blame, where one is, and why, of a file whose name is said beside it.
    fn line_and_why(&self) -> (Option<usize>, String) {
        match self {
            Self::Read { source, .. } => (None, format!("it cannot be read: {source}")),
            Self::NotUtf8 { line, what, .. } => (Some(*line), what.to_string()),
            Self::NoFile { what, .. } => (None, what.clone()),
            Self::Dump(InputError::NotText { what, .. }) => {
                (None, format!("it is no text: {what}"))
            }
            Self::Dump(InputError::Utf16(_)) => {
                (None, "it is UTF-16; write it as UTF-8".to_owned())
            }
            Self::TooLarge(_) => (
                None,
                format!("it has more than {MAX_BYTES} bytes; split it, or name the file itself"),
            ),
            other => (None, other.to_string()),
        }
    }
}

/// Everything that was read.
#[derive(Debug, Default)]
pub struct Files {
    /// The pods.
    pub manifests: Manifests,
    /// The texts.
    pub sources: Sources,
    /// What is wrong with files that were named.
    pub problems: Problems,
    /// Files of folders that could not be read.
    pub not_read: Vec<NotRead>,
}

impl Files {
    /// Reads a file, or every manifest below a folder; `-` is standard input.
    ///
    /// # Errors
    /// [`FilesError`].
    pub fn read(&mut self, path: &Path) -> Result<(), FilesError> {
        if path.as_os_str() != "-" && path.is_dir() {
            let folder = Folder::search(path)?;
            self.not_read.extend(folder.not_read);
            folder.files.iter().for_each(|file| self.read_of_folder(file));
            return Ok(());
        }
        let mut reader = BufReader::new(open(path)?);
        let start = start(path, &mut reader)?;
        if u64::try_from(start.len()).is_ok_and(|length| length < MOST_OF_MANIFESTS) {
            let text = text(path, start)?;
            let id = self.sources.add(name(path), text);
            self.manifests.read(&self.sources, id, Foreign::Refused, &mut self.problems);
            return Ok(());
        }
        let mut dump = Dump::new(&mut self.manifests, &mut self.not_read);
        input::read_source(&input::source_name(path), Cursor::new(start).chain(reader), &mut dump)?;
        Ok(())
    }

    /// Reads the nodes of a live cluster and what makes pods; each answer may take so long.
    ///
    /// # Errors
    /// [`LiveError`].
    pub async fn read_cluster(
        &mut self,
        kubeconfig: &Path,
        context: Option<&str>,
        timeout: Duration,
    ) -> Result<(), LiveError> {
        let mut dump = Dump::new(&mut self.manifests, &mut self.not_read);
        // Who may not list nodes can still audit pods.
        let nodes = List { is_needed: false, ..live::NODES };
        let lists = [&[nodes], &live::MAKERS[..], &live::VOLUMES].concat();
        live::read_cluster(kubeconfig, context, timeout, &lists, &mut dump).await
    }

    fn read_of_folder(&mut self, path: &Path) {
        let (name, text) = match read_text(path) {
            Ok(read) => read,
            Err(error) => {
                let (line, why) = error.line_and_why();
                self.not_read.push(NotRead { file: path.display().to_string(), line, why });
                return;
            }
        };
        let mut problems = Problems::default();
        let id = self.sources.add(name.clone(), text);
        self.manifests.read(&self.sources, id, Foreign::PassedOver, &mut problems);
        for problem in problems.sorted() {
            let line = Some(self.sources.position(problem.span).0);
            let file = name.clone();
            let help = problem.help.as_ref().map(|help| format!("; {help}"));
            let why = format!("{}{}", problem.message, help.unwrap_or_default());
            self.not_read.push(NotRead { file, line, why });
        }
    }
}

/// Reads a text; what is larger than any manifest is not held in memory.
///
/// # Errors
/// [`FilesError`].
pub fn read_text(path: &Path) -> Result<(String, String), FilesError> {
    let bytes = start(path, &mut open(path)?)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length == MOST_OF_MANIFESTS) {
        return Err(FilesError::TooLarge(name(path)));
    }
    Ok((name(path), text(path, bytes)?))
}

/// What a text begins with; all of it, where manifests may be as large.
fn start(path: &Path, reader: &mut impl Read) -> Result<Vec<u8>, FilesError> {
    let mut bytes = Vec::new();
    reader
        .take(MOST_OF_MANIFESTS)
        .read_to_end(&mut bytes)
        .map_err(|source| FilesError::Read { path: path.to_owned(), source })?;
    match input::no_text(&input::source_name(path), &bytes) {
        Some(error) => Err(error.into()),
        None => Ok(bytes),
    }
}

/// One byte more than manifests may have.
const MOST_OF_MANIFESTS: u64 = MAX_BYTES as u64 + 1;

/// Opens what is named. A FIFO is read like standard input: shells name one for `<(…)`.
fn open(path: &Path) -> Result<Box<dyn Read>, FilesError> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(io::stdin().lock()));
    }
    let no_file = |what: &str| FilesError::NoFile { path: path.to_owned(), what: what.to_owned() };
    let failed = |source| FilesError::Read { path: path.to_owned(), source };
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => {
            return Err(no_file(
                "it is a folder; name its manifests, or give it to `gidcheck audit`",
            ));
        }
        Ok(found) if found.file_type().is_socket() => return Err(no_file("it is a socket")),
        Ok(found) if found.file_type().is_block_device() => return Err(no_file("it is a device")),
        Ok(_) => {}
        Err(error) => {
            return Err(match fs::read_link(path) {
                Ok(to) if error.kind() == io::ErrorKind::NotFound => {
                    no_file(&dangling(&to.display().to_string()))
                }
                _ => failed(error),
            });
        }
    }
    Ok(Box::new(fs::File::open(path).map_err(failed)?))
}

fn name(path: &Path) -> String {
    if path.as_os_str() == "-" { "<stdin>".to_owned() } else { path.display().to_string() }
}

fn text(path: &Path, bytes: Vec<u8>) -> Result<String, FilesError> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let before = String::from_utf8_lossy(valid);
        FilesError::NotUtf8 {
            name: name(path),
            line: before.matches('\n').count() + 1,
            column: before.rsplit('\n').next().unwrap_or("").chars().count() + 1,
            what: NotUtf8(error.as_bytes().get(valid.len()).copied().unwrap_or_default()),
        }
    })
}
