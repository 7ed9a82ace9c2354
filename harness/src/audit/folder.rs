//! What lies in a folder: the manifests to read, and what is not read.
//!
//! Links are not followed, since they may lead in circles or out of the
//! folder; what they would hide is named.

use std::collections::BTreeSet;
use std::fs::{self, FileType};
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use super::files::FilesError;
use super::report::NotRead;

/// What manifests end in.
const ENDINGS: &[&str] = &["yaml", "yml", "json"];
/// The most files of a folder, those of the folders in it included.
pub(super) const MAX_FILES: usize = 100_000;
/// How deep folders may lie in folders.
pub(super) const MAX_DEPTH: usize = 64;
/// Folders that hold other people's files.
const PASSED_OVER: &[&str] = &["node_modules", "target", "vendor"];

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Folder {
    /// The manifests.
    pub(super) files: BTreeSet<PathBuf>,
    /// What looks like manifests and is not read.
    pub(super) not_read: Vec<NotRead>,
    folders: BTreeSet<PathBuf>,
    links: BTreeSet<PathBuf>,
}

impl Folder {
    /// Looks through a folder and those in it.
    ///
    /// # Errors
    /// [`FilesError`] where the folder cannot be read, or where there is too much in it.
    pub(super) fn search(root: &Path) -> Result<Self, FilesError> {
        let failed = |source| FilesError::Read { path: root.to_owned(), source };
        let mut found = Self::default();
        found.collect(root, 0, &fs::read_dir(root).map_err(failed)?.collect::<Vec<_>>())?;
        let whole = fs::canonicalize(root).map_err(failed)?;
        found.say_links(root, &whole);
        Ok(found)
    }

    fn collect(
        &mut self,
        folder: &Path,
        depth: usize,
        entries: &[io::Result<fs::DirEntry>],
    ) -> Result<(), FilesError> {
        if depth == MAX_DEPTH {
            return Err(FilesError::TooDeep(folder.to_owned()));
        }
        self.folders.insert(folder.to_owned());
        for entry in entries {
            let (path, kind) = match entry.as_ref().map(|entry| (entry.path(), entry.file_type())) {
                Ok((path, Ok(kind))) => (path, kind),
                Ok((path, Err(error))) => {
                    self.leave_out(&path, format!("it cannot be read: {error}"));
                    continue;
                }
                Err(error) => {
                    self.leave_out(folder, format!("not all of it can be read: {error}"));
                    continue;
                }
            };
            if kind.is_dir() {
                if !is_passed_over(&path) {
                    match fs::read_dir(&path) {
                        Ok(entries) => {
                            self.collect(&path, depth + 1, &entries.collect::<Vec<_>>())?;
                        }
                        Err(error) => self.leave_out(&path, format!("it cannot be read: {error}")),
                    }
                }
            } else if kind.is_symlink() {
                self.links.insert(path);
            } else if is_manifest(&path) {
                match special(kind) {
                    None => {
                        self.files.insert(path);
                    }
                    Some(what) => self.leave_out(&path, format!("it is {what} and no file")),
                }
            }
            if self.files.len() + self.links.len() > MAX_FILES {
                return Err(FilesError::TooMany);
            }
        }
        Ok(())
    }

    /// Names the links that lead to what is not read by itself.
    fn say_links(&mut self, root: &Path, whole: &Path) {
        let real = |found: &PathBuf| {
            found.strip_prefix(root).map_or_else(|_| found.clone(), |path| whole.join(path))
        };
        let files: BTreeSet<PathBuf> = self.files.iter().map(real).collect();
        let folders: BTreeSet<PathBuf> = self.folders.iter().map(real).collect();
        for link in std::mem::take(&mut self.links) {
            let to = || fs::read_link(&link).unwrap_or_default().display().to_string();
            let why = match fs::canonicalize(&link) {
                Ok(target) if target.is_dir() => {
                    if is_passed_over(&link) || folders.contains(target.components().as_path()) {
                        continue;
                    }
                    format!(
                        "it is a link to the folder {}, and links are not followed; name the \
                             folder itself",
                        to()
                    )
                }
                _ if !is_manifest(&link) => continue,
                Ok(target) if files.contains(&target) => continue,
                Ok(_) => format!(
                    "it is a link to {}, and links are not followed; name the file itself",
                    to()
                ),
                Err(error) if error.kind() == io::ErrorKind::NotFound => dangling(&to()),
                Err(error) => format!("it is a link that cannot be followed: {error}"),
            };
            self.leave_out(&link, why);
        }
    }

    fn leave_out(&mut self, path: &Path, why: String) {
        self.not_read.push(NotRead { file: path.display().to_string(), line: None, why });
    }
}

/// What is said of a link to nothing.
pub(super) fn dangling(to: &str) -> String {
    format!("it is a link to {to}, which does not exist")
}

/// What something is that is neither a file nor a folder nor a link.
pub(super) fn special(kind: FileType) -> Option<&'static str> {
    [
        (kind.is_fifo(), "a FIFO"),
        (kind.is_socket(), "a socket"),
        (kind.is_char_device() || kind.is_block_device(), "a device"),
    ]
    .into_iter()
    .find_map(|(is, what)| is.then_some(what))
}

fn is_manifest(path: &Path) -> bool {
    path.extension().and_then(|ending| ending.to_str()).is_some_and(|end| ENDINGS.contains(&end))
}

/// Whether a folder is hidden, or holds other people's files.
fn is_passed_over(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.') || PASSED_OVER.contains(&&*name)
}
