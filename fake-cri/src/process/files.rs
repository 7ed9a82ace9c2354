//! The files that a container sees: the image's, what was written over them, and mounts.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::image::{FileKind, FileNode, FileTree};
use toolbox::Errno;

/// The largest file that a simulated process can write, in bytes.
const MAX_FILE_BYTES: usize = 16 * 1024 * 1024;

/// How many files and directories a container or the host can hold beyond the image's.
const MAX_NODES: usize = 65_536;

/// The files of the simulated node, which containers see through mounts.
///
/// A handle: clones are the same files. A path's owner, group and mode count as on Linux,
/// so a folder `0770` of group 50000 lets in only who has that group.
#[derive(Debug, Clone, Default)]
pub struct HostFiles {
    tree: Arc<Mutex<FileTree>>,
}

impl HostFiles {
    /// Puts a node at a path, in the place of what is there.
    pub fn insert(&self, path: &str, node: FileNode) {
        self.lock().insert(path, node);
    }

    /// Takes a path and everything below it away.
    pub fn remove(&self, path: &str) {
        self.lock().remove(path);
    }

    /// The node at exactly this path.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<FileNode> {
        self.lock().get(path).cloned()
    }

    /// Makes a directory there, owned by root, unless something is there.
    pub(crate) fn ensure_directory(&self, path: &str) {
        let mut tree = self.lock();
        if tree.get(path).is_none() && !tree.has_children(path) {
            tree.insert(path, FileNode::directory());
        }
    }

    fn lock(&self) -> MutexGuard<'_, FileTree> {
        self.tree.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A folder or file of the host in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mount {
    /// Normalised path in the container.
    pub(crate) container_path: String,
    /// Normalised path on the host.
    pub(crate) host_path: String,
    pub(crate) readonly: bool,
}

/// The file system of one container.
#[derive(Debug)]
pub(crate) struct ContainerFiles {
    /// The image's files.
    image: Arc<crate::image::Image>,
    /// What was written in the container, and what the runtime put over the image.
    upper: FileTree,
    /// Longest path first, so that the first that fits is the innermost.
    mounts: Vec<Mount>,
    host: HostFiles,
    readonly: bool,
}

/// Where a container path really is.
enum Place<'a> {
    Own(&'a str),
    Mounted { path: String, readonly: bool },
}

impl ContainerFiles {
    pub(crate) fn new(
        image: Arc<crate::image::Image>,
        upper: FileTree,
        mut mounts: Vec<Mount>,
        host: HostFiles,
        readonly: bool,
    ) -> Self {
        mounts.sort_by_key(|mount| std::cmp::Reverse(mount.container_path.len()));
        Self { image, upper, mounts, host, readonly }
    }

    /// The node at a path without links in it; directories may exist by their content only.
    pub(crate) fn node(&self, path: &str) -> Option<FileNode> {
        match self.place(path) {
            Place::Own(path) => {
                if let Some(node) = self.upper.get(path).or_else(|| self.image.files.get(path)) {
                    return Some(node.clone());
                }
                let is_directory = path == "/"
                    || self.image.files.has_children(path)
                    || self.upper.has_children(path)
                    || self.mounts.iter().any(|mount| is_below(&mount.container_path, path));
                is_directory.then(FileNode::directory)
            }
            Place::Mounted { path, .. } => {
                let tree = self.host.lock();
                // The host's own root is always there.
                let is_directory = || path.is_empty() || tree.has_children(&path);
                let implied = || is_directory().then(FileNode::directory);
                tree.get(&path).cloned().or_else(implied)
            }
        }
    }

    /// Puts a node at a path whose parent is there.
    ///
    /// # Errors
    /// [`Errno::READ_ONLY`], [`Errno::NO_SPACE`].
    pub(crate) fn put(&mut self, path: &str, node: FileNode) -> Result<(), Errno> {
        match self.place(path) {
            Place::Own(_) if self.readonly => Err(Errno::READ_ONLY),
            Place::Own(path) => {
                let path = path.to_owned();
                put(&mut self.upper, &path, node)
            }
            Place::Mounted { readonly: true, .. } => Err(Errno::READ_ONLY),
            Place::Mounted { path, .. } => put(&mut self.host.lock(), &path, node),
        }
    }

    /// Appends to a file that [`ContainerFiles::put`] has put or that is a mount's.
    ///
    /// # Errors
    /// [`Errno::TOO_LARGE`], and as [`ContainerFiles::put`].
    pub(crate) fn append(&mut self, path: &str, bytes: &[u8]) -> Result<(), Errno> {
        let node = self.node(path).ok_or(Errno::NOT_FOUND)?;
        let FileKind::File(content) = &node.kind else { return Err(Errno::IS_DIRECTORY) };
        if content.len().saturating_add(bytes.len()) > MAX_FILE_BYTES {
            return Err(Errno::TOO_LARGE);
        }
        let kind = FileKind::File([content, bytes].concat().into());
        self.put(path, FileNode { kind, ..node })
    }

    /// The names in a directory, each once.
    pub(crate) fn names(&self, path: &str) -> Vec<String> {
        let mut names = Vec::new();
        match self.place(path) {
            Place::Own(path) => {
                collect_names(&self.image.files, path, &mut names);
                collect_names(&self.upper, path, &mut names);
                for mount in &self.mounts {
                    push_name(&mount.container_path, path, &mut names);
                }
            }
            Place::Mounted { path, .. } => collect_names(&self.host.lock(), &path, &mut names),
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    fn place<'a>(&self, path: &'a str) -> Place<'a> {
        for mount in &self.mounts {
            if let Some(rest) = path.strip_prefix(mount.container_path.as_str())
                && (rest.is_empty() || rest.starts_with('/'))
            {
                let path = format!("{}{rest}", mount.host_path.trim_end_matches('/'));
                return Place::Mounted { path, readonly: mount.readonly };
            }
        }
        Place::Own(path)
    }
}

fn put(tree: &mut FileTree, path: &str, node: FileNode) -> Result<(), Errno> {
    if tree.len() >= MAX_NODES && tree.get(path).is_none() {
        return Err(Errno::NO_SPACE);
    }
    tree.insert(path, node);
    Ok(())
}

fn is_below(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
}

fn collect_names(tree: &FileTree, directory: &str, names: &mut Vec<String>) {
    for (path, _) in tree.iter() {
        push_name(path, directory, names);
    }
}

fn push_name(path: &str, directory: &str, names: &mut Vec<String>) {
    let below = path.strip_prefix(directory.trim_end_matches('/'));
    if let Some(rest) = below.and_then(|rest| rest.strip_prefix('/'))
        && !rest.is_empty()
    {
        names.push(rest.split('/').next().unwrap_or_default().to_owned());
    }
}
