//! The files of an image, with links that are resolved inside the image only.

use std::collections::BTreeMap;
use std::sync::Arc;

use thiserror::Error;

/// How many links one look-up follows before it gives up, as in the kernel.
const MAX_LINKS: usize = 40;

/// A path's node: its kind and who owns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileNode {
    /// What stands at the path.
    pub kind: FileKind,
    /// Permission bits, such as `0o644`.
    pub mode: u32,
    /// The owner's uid.
    pub uid: u32,
    /// The owning group's gid.
    pub gid: u32,
}

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file and its bytes.
    File(Arc<[u8]>),
    /// A directory.
    Directory,
    /// A symbolic link and its target, as written.
    Symlink(String),
}

impl FileNode {
    /// A regular file owned by root, mode 0644.
    pub fn file(content: impl Into<Arc<[u8]>>) -> Self {
        Self { kind: FileKind::File(content.into()), mode: 0o644, uid: 0, gid: 0 }
    }

    /// A directory owned by root, mode 0755.
    #[must_use]
    pub fn directory() -> Self {
        Self { kind: FileKind::Directory, mode: 0o755, uid: 0, gid: 0 }
    }

    /// A symbolic link owned by root.
    pub fn symlink(target: impl Into<String>) -> Self {
        Self { kind: FileKind::Symlink(target.into()), mode: 0o777, uid: 0, gid: 0 }
    }
}

/// Why a path gives no file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PathError {
    /// Nothing stands there.
    #[error("no such file or directory")]
    NotFound,
    /// A directory stands there.
    #[error("is a directory")]
    IsDirectory,
    /// Links lead round and round.
    #[error("too many levels of symbolic links")]
    TooManyLinks,
    /// A link leads out of the image; see [`FileTree::read_strictly`].
    #[error("path escapes from parent")]
    Escapes,
}

/// The files of an image by absolute, normalised path (`/etc/passwd`).
///
/// Parent directories need no entry of their own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileTree {
    nodes: BTreeMap<String, FileNode>,
}

impl FileTree {
    /// Puts a node at a path; `.`, `..` and doubled slashes are resolved within the root.
    pub fn insert(&mut self, path: &str, node: FileNode) {
        self.nodes.insert(normalise(path), node);
    }

    /// Takes a path and everything below it away.
    pub fn remove(&mut self, path: &str) {
        let path = normalise(path);
        let below = format!("{path}/");
        self.nodes.retain(|at, _| *at != path && !at.starts_with(&below));
    }

    /// Every node with its path, in path order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &FileNode)> {
        self.nodes.iter().map(|(path, node)| (path.as_str(), node))
    }

    /// The bytes of the file at a path. Links are followed; the image's root is the root.
    ///
    /// # Errors
    /// [`PathError`], never [`PathError::Escapes`].
    pub fn read(&self, path: &str) -> Result<Arc<[u8]>, PathError> {
        self.resolve(path, false)
    }

    /// As [`FileTree::read`], but a link that climbs above the root or is absolute is refused.
    ///
    /// # Errors
    /// [`PathError`].
    pub fn read_strictly(&self, path: &str) -> Result<Arc<[u8]>, PathError> {
        self.resolve(path, true)
    }

    fn resolve(&self, path: &str, strictly: bool) -> Result<Arc<[u8]>, PathError> {
        let mut remaining: Vec<String> =
            path.split('/').rev().filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let mut at: Vec<String> = Vec::new();
        let mut links = 0;
        while let Some(part) = remaining.pop() {
            match part.as_str() {
                "." => continue,
                ".." => {
                    if at.pop().is_none() && strictly {
                        return Err(PathError::Escapes);
                    }
                    continue;
                }
                _ => at.push(part),
            }
            let here = format!("/{}", at.join("/"));
            if let Some(FileNode { kind: FileKind::Symlink(target), .. }) = self.nodes.get(&here) {
                links += 1;
                if links > MAX_LINKS {
                    return Err(PathError::TooManyLinks);
                }
                at.pop();
                if target.starts_with('/') {
                    if strictly {
                        return Err(PathError::Escapes);
                    }
                    at.clear();
                }
                remaining.extend(
                    target.split('/').rev().filter(|part| !part.is_empty()).map(str::to_owned),
                );
            }
        }
        let here = format!("/{}", at.join("/"));
        match self.nodes.get(&here).map(|node| &node.kind) {
            Some(FileKind::File(content)) => Ok(Arc::clone(content)),
            Some(FileKind::Directory) => Err(PathError::IsDirectory),
            Some(FileKind::Symlink(_)) => Err(PathError::NotFound),
            None => {
                let below = format!("{}/", here.trim_end_matches('/'));
                let has_children = self
                    .nodes
                    .range(below.clone()..)
                    .next()
                    .is_some_and(|(at, _)| at.starts_with(&below));
                Err(if has_children { PathError::IsDirectory } else { PathError::NotFound })
            }
        }
    }
}

fn normalise(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}
