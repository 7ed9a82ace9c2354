//! The manifests of folders, files and clusters.
//!
//! A folder holds all sorts: what is no Kubernetes object is passed over,
//! what cannot be read is named. A file that somebody names must be right.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use super::dump::Dump;
use super::report::NotRead;
use crate::document::{MAX_BYTES, Problems, Sources};
use crate::explain::{Foreign, Manifests};
use crate::input::live::{self, List, LiveError};
use crate::input::{self, InputError};

/// What manifests end in.
const ENDINGS: &[&str] = &["yaml", "yml", "json"];
/// The most files of all folders together.
const MAX_FILES: usize = 100_000;
/// How deep folders may lie in folders.
const MAX_DEPTH: usize = 64;
/// Folders that hold other people's files.
const PASSED_OVER: &[&str] = &["node_modules", "target", "vendor"];

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
    /// A live cluster cannot be read.
    #[error(transparent)]
    Live(#[from] LiveError),
    /// A file is not text.
    #[error("{} is not UTF-8 text: {source}", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: std::str::Utf8Error,
    },
    /// There are more files than anybody has.
    #[error("there are more than {MAX_FILES} files; name fewer folders")]
    TooMany,
    /// Folders lie too deep.
    #[error("{} lies more than {MAX_DEPTH} folders deep; name the folder itself", .0.display())]
    TooDeep(PathBuf),
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
            let mut found = BTreeSet::new();
            collect(path, 0, &mut found)?;
            found.iter().for_each(|file| self.read_of_folder(file));
            return Ok(());
        }
        let failed = |source| FilesError::Read { path: path.to_owned(), source };
        let mut reader = BufReader::new(open(path).map_err(failed)?);
        let mut start = Vec::new();
        (&mut reader).take(MOST_OF_MANIFESTS).read_to_end(&mut start).map_err(failed)?;
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
    /// [`FilesError::Live`].
    pub async fn read_cluster(
        &mut self,
        kubeconfig: &Path,
        context: Option<&str>,
        timeout: Duration,
    ) -> Result<(), FilesError> {
        let mut dump = Dump::new(&mut self.manifests, &mut self.not_read);
        // Who may not list nodes can still audit pods.
        let nodes = List { is_needed: false, ..live::NODES };
        let lists = [&[nodes], &live::MAKERS[..]].concat();
        live::read_cluster(kubeconfig, context, timeout, &lists, &mut dump).await?;
        Ok(())
    }

    fn read_of_folder(&mut self, path: &Path) {
        let (name, text) = match read_text(path) {
            Ok(read) => read,
            Err(error) => {
                let (file, why) = (path.display().to_string(), error.to_string());
                self.not_read.push(NotRead { file, line: None, why });
                return;
            }
        };
        let mut problems = Problems::default();
        let id = self.sources.add(name.clone(), text);
        self.manifests.read(&self.sources, id, Foreign::PassedOver, &mut problems);
        for problem in problems.sorted() {
            let line = Some(self.sources.position(problem.span).0);
            let file = name.clone();
            self.not_read.push(NotRead { file, line, why: problem.message.clone() });
        }
    }
}

/// Reads a text; what is larger than any manifest is not held in memory.
///
/// # Errors
/// [`FilesError`].
pub fn read_text(path: &Path) -> Result<(String, String), FilesError> {
    let failed = |source| FilesError::Read { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    open(path).map_err(failed)?.take(MOST_OF_MANIFESTS).read_to_end(&mut bytes).map_err(failed)?;
    Ok((name(path), text(path, bytes)?))
}

/// One byte more than a document may have, so that it says itself that it is too large.
const MOST_OF_MANIFESTS: u64 = MAX_BYTES as u64 + 1;

fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    if path.as_os_str() == "-" {
        Ok(Box::new(io::stdin().lock()))
    } else {
        Ok(Box::new(fs::File::open(path)?))
    }
}

fn name(path: &Path) -> String {
    if path.as_os_str() == "-" { "<stdin>".to_owned() } else { path.display().to_string() }
}

fn text(path: &Path, bytes: Vec<u8>) -> Result<String, FilesError> {
    String::from_utf8(bytes)
        .map_err(|error| FilesError::NotText { path: path.to_owned(), source: error.utf8_error() })
}

fn collect(folder: &Path, depth: usize, found: &mut BTreeSet<PathBuf>) -> Result<(), FilesError> {
    if depth == MAX_DEPTH {
        return Err(FilesError::TooDeep(folder.to_owned()));
    }
    let failed = |source| FilesError::Read { path: folder.to_owned(), source };
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        // Links are not followed: they may lead in circles.
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() && !name.starts_with('.') && !PASSED_OVER.contains(&&*name) {
            collect(&path, depth + 1, found)?;
        }
        let ends = path.extension().and_then(|ending| ending.to_str());
        if kind.is_file() && ends.is_some_and(|ending| ENDINGS.contains(&ending)) {
            found.insert(path);
            if found.len() > MAX_FILES {
                return Err(FilesError::TooMany);
            }
        }
    }
    Ok(())
}
