//! The archive's own files: where each is, and its bytes. A folder with the same files is as good.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Take};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::compression;
use super::error::Problem;

/// The most files in an archive.
const MAX_FILES: usize = 65_536;
/// The largest archive that is unpacked when it is compressed as a whole, in bytes.
const MAX_UNPACKED_BYTES: u64 = 512 * 1024 * 1024;
/// The largest archive that comes through a pipe, in bytes.
const MAX_PIPED_BYTES: u64 = 16 * 1024 * 1024 * 1024;
/// The largest JSON document, in bytes.
pub(in crate::oci) const MAX_DOCUMENT_BYTES: u64 = 4 * 1024 * 1024;
/// How many links lead from one name of a file to another.
const MAX_LINKS: usize = 8;

trait Source: Read + Seek + Send {}

impl<T: Read + Seek + Send> Source for T {}

/// What stands at a path of the archive.
enum Entry {
    File { offset: u64, size: u64 },
    Link(String),
}

/// An archive, with a table of its files, or a folder.
pub(super) struct ArchiveFile(Form);

enum Form {
    Archive {
        source: Box<dyn Source>,
        entries: HashMap<String, Entry>,
    },
    /// The folder's real path.
    Folder(PathBuf),
}

/// A file of the archive, and the digest that it must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::oci) struct Blob {
    /// Its path in the archive.
    pub(in crate::oci) path: String,
    /// `sha256` in hexadecimal; `None`: nobody says.
    pub(in crate::oci) sha256: Option<String>,
}

impl Blob {
    /// A blob of an image layout by its digest, such as `sha256:…`.
    pub(in crate::oci) fn of_digest(digest: &str) -> Result<Self, Problem> {
        let hexadecimal = digest.strip_prefix("sha256:").filter(|digits| {
            digits.len() == 64
                && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        });
        match hexadecimal {
            Some(digits) => {
                Ok(Self { path: format!("blobs/sha256/{digits}"), sha256: Some(digits.to_owned()) })
            }
            None => Err(Problem::NotDigest { digest: digest.to_owned() }),
        }
    }

    /// A file without a digest.
    pub(super) fn of_path(path: &str) -> Self {
        Self { path: path.to_owned(), sha256: None }
    }
}

impl ArchiveFile {
    /// Blobs that stand one after the other in a file: each path's offset and size.
    pub(super) fn of_blobs(file: File, places: HashMap<String, (u64, u64)>) -> Self {
        let places = places.into_iter();
        let entries = places.map(|(path, (offset, size))| (path, Entry::File { offset, size }));
        Self(Form::Archive { source: Box::new(file), entries: entries.collect() })
    }

    pub(super) fn open(path: &Path) -> Result<Self, Problem> {
        if path.is_dir() {
            return Ok(Self(Form::Folder(path.canonicalize()?)));
        }
        let mut file = File::open(path)?;
        if file.metadata()?.file_type().is_fifo() {
            file = kept(file)?;
        }
        let mut start = Vec::new();
        (&mut file).take(4).read_to_end(&mut start)?;
        if start.is_empty() {
            return Err(Problem::Empty);
        }
        file.seek(SeekFrom::Start(0))?;
        if compression::is_compressed(&start) {
            let mut bytes = Vec::new();
            compression::unpack(file)
                .and_then(|unpacked| unpacked.take(MAX_UNPACKED_BYTES + 1).read_to_end(&mut bytes))
                .map_err(|error| no_archive(&error))?;
            if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_UNPACKED_BYTES) {
                let most = format!("{MAX_UNPACKED_BYTES} bytes; unpack it to a file first");
                return Err(Problem::TooMuch { what: "unpacked it has", most });
            }
            return Self::index(Box::new(Cursor::new(bytes)));
        }
        Self::index(Box::new(file))
    }

    fn index(mut source: Box<dyn Source>) -> Result<Self, Problem> {
        let length = source.seek(SeekFrom::End(0))?;
        source.seek(SeekFrom::Start(0))?;
        let mut entries = HashMap::new();
        let mut archive = tar::Archive::new(&mut source);
        for entry in archive.entries_with_seek().map_err(|error| no_archive(&error))? {
            let entry = entry.map_err(|error| match entries.is_empty() {
                true => Problem::NoArchive,
                false => no_archive(&error),
            })?;
            if entries.len() == MAX_FILES {
                return Err(Problem::TooMuch {
                    what: "it has",
                    most: format!("{MAX_FILES} files"),
                });
            }
            let path = plain(&String::from_utf8_lossy(&entry.path_bytes()));
            let kind = entry.header().entry_type();
            if kind.is_file() {
                let (offset, size) = (entry.raw_file_position(), entry.size());
                if offset.checked_add(size).is_none_or(|end| end > length) {
                    return Err(Problem::CutOff);
                }
                entries.insert(path, Entry::File { offset, size });
            } else if kind.is_symlink() || kind.is_hard_link() {
                let target = entry.link_name_bytes().unwrap_or_default();
                let target = String::from_utf8_lossy(&target).into_owned();
                let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
                let from = if kind.is_symlink() { folder } else { "" };
                entries.insert(path.clone(), Entry::Link(plain(&format!("{from}/{target}"))));
            }
        }
        Ok(Self(Form::Archive { source, entries }))
    }

    pub(super) fn has(&self, path: &str) -> bool {
        match &self.0 {
            Form::Archive { entries, .. } => place(entries, path).is_some(),
            Form::Folder(root) => in_folder(root, path).is_ok(),
        }
    }

    /// The bytes of a file, to be read once.
    fn reader(&mut self, path: &str) -> Result<Take<Box<dyn Read + '_>>, Problem> {
        let missing = || Problem::Missing { file: path.to_owned() };
        match &mut self.0 {
            Form::Archive { source, entries } => {
                let (offset, size) = place(entries, path).ok_or_else(missing)?;
                source.seek(SeekFrom::Start(offset))?;
                Ok((Box::new(source) as Box<dyn Read>).take(size))
            }
            Form::Folder(root) => {
                let (file, size) = in_folder(root, path).map_err(|_| missing())?;
                Ok((Box::new(file) as Box<dyn Read>).take(size))
            }
        }
    }

    /// The bytes of a file.
    fn size(&self, path: &str) -> Option<u64> {
        match &self.0 {
            Form::Archive { entries, .. } => Some(place(entries, path)?.1),
            Form::Folder(root) => Some(in_folder(root, path).ok()?.1),
        }
    }

    /// The bytes of a blob, after its digest was found right.
    pub(super) fn checked(&mut self, blob: &Blob) -> Result<impl Read, Problem> {
        if let Some(expected) = &blob.sha256 {
            let mut hasher = Sha256::new();
            std::io::copy(&mut self.reader(&blob.path)?, &mut Hashing(&mut hasher))?;
            if hexadecimal(&hasher.finalize()) != *expected {
                return Err(Problem::Damaged { file: blob.path.clone() });
            }
        }
        self.reader(&blob.path)
    }

    /// The digest of what a blob unpacks to, such as `sha256:…`; none beyond `most` bytes.
    pub(super) fn unpacked_digest(
        &mut self,
        blob: &Blob,
        most: u64,
    ) -> Result<Option<String>, Problem> {
        let failed = |source| Problem::Layer { file: blob.path.clone(), source };
        let mut hasher = Sha256::new();
        let unpacked = compression::unpack(self.reader(&blob.path)?).map_err(failed)?;
        let mut unpacked = unpacked.take(most);
        io::copy(&mut unpacked, &mut Hashing(&mut hasher)).map_err(failed)?;
        let is_whole = unpacked.limit() > 0;
        Ok(is_whole.then(|| format!("sha256:{}", hexadecimal(&hasher.finalize()))))
    }

    /// A JSON document.
    pub(super) fn document<T: serde::de::DeserializeOwned>(
        &mut self,
        blob: &Blob,
    ) -> Result<T, Problem> {
        if self.size(&blob.path).is_some_and(|size| size > MAX_DOCUMENT_BYTES) {
            let most = format!("{MAX_DOCUMENT_BYTES} bytes");
            return Err(Problem::TooMuch { what: "a document in it has", most });
        }
        let mut bytes = Vec::new();
        self.checked(blob)?.read_to_end(&mut bytes)?;
        serde_json::from_slice(&bytes)
            .map_err(|source| Problem::Document { file: blob.path.clone(), source })
    }
}

/// What comes through a pipe, in a file without a name.
fn kept(pipe: File) -> Result<File, Problem> {
    let mut file = tempfile::tempfile()?;
    let length = io::copy(&mut pipe.take(MAX_PIPED_BYTES + 1), &mut file)?;
    if length > MAX_PIPED_BYTES {
        let most = format!("{MAX_PIPED_BYTES} bytes; save it to a file first");
        return Err(Problem::TooMuch { what: "it has", most });
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

/// What is wrong with what cannot be read as an archive. (The reader's own words quote the file.)
fn no_archive(error: &io::Error) -> Problem {
    // So the readers of tar, gzip and zstd say it, each in its way.
    let is_cut_off = error.kind() == io::ErrorKind::UnexpectedEof
        || ["entire block", "incomplete"].iter().any(|word| error.to_string().contains(word));
    if is_cut_off { Problem::CutOff } else { Problem::NoArchive }
}

/// Where a file's bytes are in an archive, and how many.
fn place(entries: &HashMap<String, Entry>, path: &str) -> Option<(u64, u64)> {
    let mut path = plain(path);
    for _ in 0..=MAX_LINKS {
        match entries.get(&path)? {
            Entry::File { offset, size } => return Some((*offset, *size)),
            Entry::Link(target) => path.clone_from(target),
        }
    }
    None
}

/// A file of a folder, and its size; links may lead anywhere in the folder, not out of it.
fn in_folder(root: &Path, path: &str) -> io::Result<(File, u64)> {
    let path = root.join(plain(path)).canonicalize()?;
    if !path.starts_with(root) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    // What is no plain file might never end, or wait for ever.
    if !path.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    Ok((file, size))
}

/// Bytes as lower-case hexadecimal digits.
pub(in crate::oci) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

struct Hashing<'a>(&'a mut Sha256);

impl std::io::Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A path without `.`, `..` and doubled slashes, relative to the archive's root.
fn plain(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
