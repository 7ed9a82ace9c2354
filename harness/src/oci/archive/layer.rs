//! One layer over the files below it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{self, Read};

use fake_cri::image::{FileKind, FileNode, FileTree, Links, Located, LookUpError, PathError};
use tar::{EntryType, Header};

use super::compression;
use super::error::Problem;

/// The most files in all layers of an archive.
const MAX_ENTRIES: usize = 500_000;
/// The most bytes that all layers of an archive unpack to, where all of them are kept.
const MAX_BYTES: u64 = 512 * 1024 * 1024;
/// The most bytes that all layers of an archive unpack to, where hardly any is kept.
const MAX_BYTES_PASSED_OVER: u64 = 64 * 1024 * 1024 * 1024;
/// The longest path, in bytes, as in the kernel.
const MAX_PATH_BYTES: usize = 4096;

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
    /// For layers whose files are passed over rather than kept.
    pub(super) fn of_names() -> Self {
        Self { entries: MAX_ENTRIES, bytes: MAX_BYTES_PASSED_OVER }
    }

    fn take_entry(&mut self) -> Result<(), Problem> {
        self.entries = self.entries.checked_sub(1).ok_or_else(|| Problem::TooMuch {
            what: "its layers have",
            most: format!("{MAX_ENTRIES} files"),
        })?;
        Ok(())
    }
}

/// An entry of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The layer, from 0 at the bottom.
    pub(super) layer: usize,
    /// The entry in it, from 0.
    pub(super) entry: usize,
}

/// What brought a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin {
    /// The layer that gave it its name.
    pub(super) layer: usize,
    /// Where its content is: with a hard link, in an earlier entry.
    pub(super) content: Place,
}

/// What is neither file nor folder nor link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Special {
    /// A device.
    Device,
    /// A FIFO.
    Fifo,
}

impl Special {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Device => "a device",
            Self::Fifo => "a FIFO",
        }
    }
}

/// The files of layers that have been put over each other.
#[derive(Default)]
pub(super) struct Stack {
    pub(super) files: FileTree,
    /// By path. What was taken away later is still here.
    origins: Option<HashMap<String, Origin>>,
    /// What is neither file nor folder nor link, by path.
    special: BTreeMap<String, Special>,
    layers: usize,
}

impl Stack {
    /// A stack that keeps no content, but where it is.
    pub(super) fn of_names() -> Self {
        Self { origins: Some(HashMap::new()), ..Self::default() }
    }

    /// What stands at a path, where that is neither file nor folder nor link.
    pub(super) fn special(&self, path: &str) -> Option<Special> {
        self.special.get(path).copied()
    }

    /// Takes away what [`Stack::special`] knows of a path and what is below it.
    fn forget_special(&mut self, path: &str) {
        if self.special.is_empty() {
            return;
        }
        self.special.remove(path);
        for below in self.special_below(path) {
            self.special.remove(&below);
        }
    }

    fn special_below(&self, folder: &str) -> Vec<String> {
        let folder = format!("{folder}/");
        let from = self.special.range(folder.clone()..);
        from.map(|(path, _)| path).take_while(|path| path.starts_with(&folder)).cloned().collect()
    }

    /// What brought a file, in a stack of names.
    pub(super) fn origin(&self, path: &str) -> Option<Origin> {
        self.origins.as_ref()?.get(path).copied()
    }

    /// Puts a layer over what is there.
    pub(super) fn apply(
        &mut self,
        reader: impl Read,
        name: &str,
        budget: &mut Budget,
    ) -> Result<(), Problem> {
        // Everything that comes out counts, also what is skipped over.
        let mut limited = unpacked(reader, name)?.take(budget.bytes);
        let put = self.put_all(&mut limited, name, budget);
        budget.bytes = limited.limit();
        if budget.bytes == 0 {
            let what = "its layers unpack to";
            return Err(Problem::TooMuch { what, most: "can be read".to_owned() });
        }
        self.layers += 1;
        put
    }

    fn put_all(
        &mut self,
        reader: impl Read,
        name: &str,
        budget: &mut Budget,
    ) -> Result<(), Problem> {
        let layer = self.layers;
        let mut into =
            Layer { stack: self, name, own: HashSet::new(), opaque: HashSet::new(), layer };
        let mut archive = tar::Archive::new(reader);
        let entries = archive.entries().map_err(|source| into.failed(source))?;
        for (number, entry) in entries.enumerate() {
            budget.take_entry()?;
            into.put(number, entry.map_err(|source| into.failed(source))?)?;
        }
        Ok(())
    }
}

/// The content of one entry of a layer; none where it has more than `most` bytes.
pub(super) fn content(
    reader: impl Read,
    name: &str,
    entry: usize,
    most: u64,
) -> Result<Option<Vec<u8>>, Problem> {
    let failed = |source| Problem::Layer { file: name.to_owned(), source };
    let mut archive = tar::Archive::new(unpacked(reader, name)?);
    let found = archive.entries().map_err(failed)?.nth(entry).transpose().map_err(failed)?;
    let mut content = Vec::new();
    if let Some(found) = found {
        found.take(most + 1).read_to_end(&mut content).map_err(failed)?;
    }
    let is_whole = u64::try_from(content.len()).is_ok_and(|length| length <= most);
    Ok(is_whole.then_some(content))
}

fn unpacked<'a>(reader: impl Read + 'a, name: &str) -> Result<Box<dyn Read + 'a>, Problem> {
    compression::unpack(reader).map_err(|source| Problem::Layer { file: name.to_owned(), source })
}

/// A layer on its way into the files.
struct Layer<'a> {
    stack: &'a mut Stack,
    name: &'a str,
    layer: usize,
    /// What it brought itself, which its whiteouts leave alone.
    own: HashSet<String>,
    /// The folders that it has made opaque already.
    opaque: HashSet<String>,
}

impl Layer<'_> {
    fn failed(&self, source: io::Error) -> Problem {
        Problem::Layer { file: self.name.to_owned(), source }
    }

    fn put<R: Read>(&mut self, number: usize, mut entry: tar::Entry<'_, R>) -> Result<(), Problem> {
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
                self.stack.files.remove(&hidden);
                self.stack.forget_special(&hidden);
            }
            return Ok(());
        }
        let mut content = Place { layer: self.layer, entry: number };
        let link = entry.link_name_bytes().unwrap_or_default();
        let link = String::from_utf8_lossy(&link).into_owned();
        let node = match kind {
            EntryType::Directory => FileNode::directory(),
            EntryType::Symlink => FileNode::symlink(link),
            EntryType::Link => {
                let (node, origin) = self.linked(&path, &link)?;
                content = origin.map_or(content, |origin| origin.content);
                node
            }
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                let mut bytes = Vec::new();
                if self.stack.origins.is_none() {
                    entry.read_to_end(&mut bytes).map_err(|source| self.failed(source))?;
                }
                FileNode::file(bytes)
            }
            EntryType::Char | EntryType::Block | EntryType::Fifo => {
                self.put_special(path, entry.header());
                return Ok(());
            }
            // Headers of the archive itself.
            _ => return Ok(()),
        };
        let node = match kind {
            EntryType::Link => node,
            _ => self.owned(node, entry.header())?,
        };
        let files = &mut self.stack.files;
        let keeps_content = node.kind == FileKind::Directory
            && files.get(&path).is_none_or(|there| there.kind == FileKind::Directory);
        if !keeps_content {
            files.remove(&path);
            self.stack.forget_special(&path);
        }
        let files = &mut self.stack.files;
        files.insert(&path, node);
        if let Some(origins) = &mut self.stack.origins {
            origins.insert(path.clone(), Origin { layer: self.layer, content });
        }
        self.own.insert(path);
        Ok(())
    }

    /// Puts what is neither file nor folder nor link: nothing is known of it but where it is.
    fn put_special(&mut self, path: String, header: &Header) {
        self.stack.files.remove(&path);
        self.stack.forget_special(&path);
        let number = |number: io::Result<Option<u32>>| number.ok().flatten().unwrap_or_default();
        let kind = header.entry_type();
        // Overlay file systems take this device for a whiteout.
        let is_whiteout = kind == EntryType::Char
            && number(header.device_major()) == 0
            && number(header.device_minor()) == 0;
        if !is_whiteout {
            let special = if kind == EntryType::Fifo { Special::Fifo } else { Special::Device };
            self.stack.special.insert(path.clone(), special);
        }
        self.own.insert(path);
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
        match self.stack.files.locate(folder, Links::StayWithin) {
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

    fn linked(&self, path: &str, target: &str) -> Result<(FileNode, Option<Origin>), Problem> {
        let resolved = self.resolve(target)?;
        match self.stack.files.get(&resolved) {
            Some(node) if node.kind != FileKind::Directory => {
                Ok((node.clone(), self.stack.origin(&resolved)))
            }
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
        let files = &mut self.stack.files;
        let hidden: Vec<String> = files
            .below(folder)
            .filter(|path| !self.own.contains(*path))
            .map(str::to_owned)
            .collect();
        for path in hidden {
            files.take(&path);
        }
        for path in self.stack.special_below(folder) {
            if !self.own.contains(&path) {
                self.stack.special.remove(&path);
            }
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
