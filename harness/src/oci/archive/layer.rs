//! One layer over the files below it.

use std::collections::HashSet;
use std::io::{self, BufRead, BufReader, Read};

use fake_cri::image::{FileKind, FileNode, FileTree, Links, Located, LookUpError, PathError};
use flate2::bufread::MultiGzDecoder;
use tar::{EntryType, Header};

use super::error::Problem;
use super::file::GZIP;

/// The most files in all layers of an archive.
const MAX_ENTRIES: usize = 500_000;
/// The most bytes that all layers of an archive unpack to.
const MAX_BYTES: u64 = 512 * 1024 * 1024;
/// The longest path, in bytes, as in the kernel.
const MAX_PATH_BYTES: usize = 4096;

/// How a zstd stream begins.
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// A file with this prefix takes a file of the layers below away.
const WHITEOUT: &str = ".wh.";
/// This one takes away whatever the layers below have in its folder.
const OPAQUE: &str = ".wh..wh..opq";

/// What may still be unpacked.
pub(super) struct Budget {
    pub(super) entries: usize,
    pub(super) bytes: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { entries: MAX_ENTRIES, bytes: MAX_BYTES }
    }
}

impl Budget {
    fn take_entry(&mut self) -> Result<(), Problem> {
        self.entries = self.entries.checked_sub(1).ok_or_else(|| Problem::TooMuch {
            what: "its layers have",
            most: format!("{MAX_ENTRIES} files"),
        })?;
        Ok(())
    }
}

/// Puts a layer over files.
pub(super) fn apply(
    files: &mut FileTree,
    reader: impl Read,
    name: &str,
    budget: &mut Budget,
) -> Result<(), Problem> {
    let failed = |source| Problem::Layer { file: name.to_owned(), source };
    let mut reader = BufReader::with_capacity(64 * 1024, reader);
    let start = reader.fill_buf().map_err(failed)?;
    if start.starts_with(&GZIP) {
        return unpack(files, MultiGzDecoder::new(reader), name, budget);
    }
    if start.starts_with(&ZSTD) {
        return Err(Problem::Compression { file: name.to_owned() });
    }
    unpack(files, reader, name, budget)
}

fn unpack(
    files: &mut FileTree,
    reader: impl Read,
    name: &str,
    budget: &mut Budget,
) -> Result<(), Problem> {
    // Everything that comes out counts, also what is skipped over.
    let mut limited = reader.take(budget.bytes);
    let put = put_all(files, &mut limited, name, budget);
    budget.bytes = limited.limit();
    if budget.bytes == 0 {
        let most = format!("{MAX_BYTES} bytes");
        return Err(Problem::TooMuch { what: "its layers unpack to", most });
    }
    put
}

fn put_all(
    files: &mut FileTree,
    reader: impl Read,
    name: &str,
    budget: &mut Budget,
) -> Result<(), Problem> {
    let mut layer = Layer { files, name, own: HashSet::new(), opaque: HashSet::new() };
    let mut archive = tar::Archive::new(reader);
    for entry in archive.entries().map_err(|source| layer.failed(source))? {
        budget.take_entry()?;
        layer.put(entry.map_err(|source| layer.failed(source))?)?;
    }
    Ok(())
}

/// A layer on its way into the files.
struct Layer<'a> {
    files: &'a mut FileTree,
    name: &'a str,
    /// What it brought itself, which its whiteouts leave alone.
    own: HashSet<String>,
    /// The folders that it has made opaque already.
    opaque: HashSet<String>,
}

impl Layer<'_> {
    fn failed(&self, source: io::Error) -> Problem {
        Problem::Layer { file: self.name.to_owned(), source }
    }

    fn put<R: Read>(&mut self, mut entry: tar::Entry<'_, R>) -> Result<(), Problem> {
        let kind = entry.header().entry_type();
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if path.len() > MAX_PATH_BYTES {
            return Err(self.failed(invalid("a path is longer than the kernel allows")));
        }
        let path = self.resolve(&path)?;
        let (folder, file) = path.rsplit_once('/').unwrap_or(("", &path));
        if file == OPAQUE {
            self.make_opaque(folder);
            return Ok(());
        }
        if let Some(hidden) = file.strip_prefix(WHITEOUT) {
            let hidden = format!("{folder}/{hidden}");
            if !self.own.contains(&hidden) {
                self.files.remove(&hidden);
            }
            return Ok(());
        }
        let link = entry.link_name_bytes().unwrap_or_default();
        let link = String::from_utf8_lossy(&link).into_owned();
        let node = match kind {
            EntryType::Directory => FileNode::directory(),
            EntryType::Symlink => FileNode::symlink(link),
            EntryType::Link => self.linked(&path, &link)?,
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                let mut content = Vec::new();
                entry.read_to_end(&mut content).map_err(|source| self.failed(source))?;
                FileNode::file(content)
            }
            // Devices, pipes and headers of the archive itself say nothing of users.
            _ => return Ok(()),
        };
        let node = match kind {
            EntryType::Link => node,
            _ => self.owned(node, entry.header())?,
        };
        let keeps_content = node.kind == FileKind::Directory
            && self.files.get(&path).is_none_or(|there| there.kind == FileKind::Directory);
        if !keeps_content {
            self.files.remove(&path);
        }
        self.files.insert(&path, node);
        self.own.insert(path);
        Ok(())
    }

    fn owned(&self, node: FileNode, header: &Header) -> Result<FileNode, Problem> {
        let id = |id: io::Result<u64>| {
            let id = id.map_err(|source| self.failed(source))?;
            u32::try_from(id).map_err(|_| self.failed(invalid("an owner is no 32-bit id")))
        };
        let mode = header.mode().map_err(|source| self.failed(source))?;
        Ok(node.with_mode(mode & 0o7777).owned_by(id(header.uid())?, id(header.gid())?))
    }

    /// Where a path leads: links on the way are followed inside the image, the last part is not.
    fn resolve(&self, path: &str) -> Result<String, Problem> {
        let path = normalise(path);
        let Some((folder, file)) = path.rsplit_once('/').filter(|(folder, _)| !folder.is_empty())
        else {
            return Ok(path);
        };
        match self.files.locate(folder, Links::StayWithin) {
            Ok(Located { node: Some(FileNode { kind: FileKind::File(_), .. }), .. }) => {
                Err(self.failed(invalid(PathError::NotDirectory)))
            }
            Ok(located) => Ok(format!("{}/{file}", located.path.trim_end_matches('/'))),
            Err(LookUpError { path, rest, error: PathError::NotFound }) => {
                Ok(normalise(&format!("{path}{rest}/{file}")))
            }
            Err(error) => Err(self.failed(invalid(error))),
        }
    }

    fn linked(&self, path: &str, target: &str) -> Result<FileNode, Problem> {
        let resolved = self.resolve(target)?;
        match self.files.get(&resolved) {
            Some(node) if node.kind != FileKind::Directory => Ok(node.clone()),
            _ => Err(Problem::Link {
                file: self.name.to_owned(),
                link: path.to_owned(),
                target: target.to_owned(),
            }),
        }
    }

    fn make_opaque(&mut self, folder: &str) {
        if !self.opaque.insert(folder.to_owned()) {
            return;
        }
        let hidden: Vec<String> = self
            .files
            .below(folder)
            .filter(|path| !self.own.contains(*path))
            .map(str::to_owned)
            .collect();
        for path in hidden {
            self.files.take(&path);
        }
    }
}

fn invalid(what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// An absolute path without `.`, `..` and doubled slashes; nothing climbs above the root.
fn normalise(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}
