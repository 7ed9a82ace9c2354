//! The files of an image, with links that are resolved inside the image only.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use thiserror::Error;

/// How many links one look-up follows before it gives up, as in the kernel.
const MAX_LINKS: usize = 40;

/// How many links Go's `os.Root` follows.
const MAX_LINKS_OF_ROOT: usize = 8;

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

    /// The same node with these permission bits.
    #[must_use]
    pub fn with_mode(self, mode: u32) -> Self {
        Self { mode, ..self }
    }

    /// The same node with this owner and group.
    #[must_use]
    pub fn owned_by(self, uid: u32, gid: u32) -> Self {
        Self { uid, gid, ..self }
    }
}

/// Why a path leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PathError {
    /// Nothing stands there.
    #[error("no such file or directory")]
    NotFound,
    /// Something on the way is no directory.
    #[error("not a directory")]
    NotDirectory,
    /// A directory stands there.
    #[error("is a directory")]
    IsDirectory,
    /// Links lead round and round.
    #[error("too many levels of symbolic links")]
    TooManyLinks,
    /// A link leads out of the image; see [`Links::MayNotLeave`].
    #[error("path escapes from parent")]
    Escapes,
}

/// What links may do during a look-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// The image's root is the root: absolute targets start there, `..` stops there.
    StayWithin,
    /// As in Go's `os.Root`: an absolute target or a climb above the root is an error.
    MayNotLeave,
}

/// Where a look-up ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located<'a> {
    /// The path without links.
    pub path: String,
    /// The node there; `None` for a directory that exists by what is below it only.
    pub node: Option<&'a FileNode>,
}

/// A look-up that failed, and at which path.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{path}{rest}: {error}")]
pub struct LookUpError {
    /// What it failed at, without links; empty for the root.
    pub path: String,
    /// What it did not come to any more: empty, or a path that starts with a slash.
    pub rest: String,
    /// Why it went no further.
    pub error: PathError,
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
        let below: Vec<String> = self.below(&path).map(str::to_owned).collect();
        for path in below.iter().chain([&path]) {
            self.nodes.remove(path);
        }
    }

    /// Takes the node with exactly this normalised path away; what is below it stays.
    pub fn take(&mut self, path: &str) -> Option<FileNode> {
        self.nodes.remove(path)
    }

    /// The paths below this normalised path, in path order.
    pub fn below(&self, path: &str) -> impl Iterator<Item = &str> {
        let below = format!("{}/", path.trim_end_matches('/'));
        let after = (Bound::Excluded(below.as_str()), Bound::Unbounded);
        let paths = self.nodes.range::<str, _>(after).map(|(at, _)| at.as_str());
        paths.take_while(move |at| at.starts_with(&below))
    }

    /// The node with exactly this normalised path; links are not followed.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&FileNode> {
        self.nodes.get(path)
    }

    /// Every node with its path, in path order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &FileNode)> {
        self.nodes.iter().map(|(path, node)| (path.as_str(), node))
    }

    /// How many nodes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no node.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Whether something stands below this normalised path, which makes it a directory.
    #[must_use]
    pub fn has_children(&self, path: &str) -> bool {
        self.below(path).next().is_some()
    }

    /// The bytes of the file at a path. Links are followed; the image's root is the root.
    ///
    /// # Errors
    /// [`PathError`], never [`PathError::Escapes`].
    pub fn read(&self, path: &str) -> Result<Arc<[u8]>, PathError> {
        let located = self.locate(path, Links::StayWithin).map_err(|failed| failed.error)?;
        match located.node.map(|node| &node.kind) {
            Some(FileKind::File(content)) => Ok(Arc::clone(content)),
            _ => Err(PathError::IsDirectory),
        }
    }

    /// Follows a path to its end; every link on the way and at the end is followed.
    ///
    /// # Errors
    /// [`LookUpError`]; never [`PathError::IsDirectory`].
    pub fn locate<'a>(&'a self, path: &'a str, links: Links) -> Result<Located<'a>, LookUpError> {
        if let Some(node) = self.get_without_links(path) {
            return Ok(Located { path: path.to_owned(), node: Some(node) });
        }
        let mut walk = Walk { tree: self, links, at: String::new(), followed: 0 };
        let mut remaining: Vec<&str> = components(path).rev().collect();
        match walk.follow(&mut remaining) {
            Ok(node) if walk.at.is_empty() => Ok(Located { path: "/".to_owned(), node }),
            Ok(node) => Ok(Located { path: walk.at, node }),
            Err(error) => {
                let rest = remaining.iter().rev().flat_map(|part| ["/", part]).collect();
                Err(LookUpError { path: walk.at, rest, error })
            }
        }
    }

    /// What a look-up of a path meets, and nothing else: there, it ends the same.
    #[must_use]
    pub fn on_the_way(&self, path: &str) -> Self {
        let mut met = Self::default();
        let (mut at, mut followed) = (String::new(), 0);
        let mut remaining: Vec<&str> = components(path).rev().collect();
        while let Some(part) = remaining.pop() {
            if part == ".." {
                at.truncate(at.rfind('/').unwrap_or(0));
                continue;
            }
            let parent = at.len();
            at.push('/');
            at.push_str(part);
            let Some(node) = self.nodes.get(&at) else {
                if !self.has_children(&at) {
                    break;
                }
                met.nodes.insert(at.clone(), FileNode::directory());
                continue;
            };
            met.nodes.insert(at.clone(), node.clone());
            if let FileKind::Symlink(target) = &node.kind {
                followed += 1;
                if followed > MAX_LINKS.max(MAX_LINKS_OF_ROOT) {
                    break;
                }
                at.truncate(if target.starts_with('/') { 0 } else { parent });
                remaining.extend(components(target).rev());
            }
        }
        met
    }

    /// Adds the nodes of another tree, in the place of those with the same paths.
    pub fn extend(&mut self, other: Self) {
        self.nodes.extend(other.nodes);
    }

    /// The node at a normalised path, if neither it nor anything above it is a link or file.
    fn get_without_links(&self, path: &str) -> Option<&FileNode> {
        let node = self.nodes.get(path)?;
        if matches!(node.kind, FileKind::Symlink(_)) {
            return None;
        }
        let above = path.match_indices('/').skip(1).map(|(end, _)| &path[..end]);
        for parent in above {
            if let Some(parent) = self.nodes.get(parent)
                && parent.kind != FileKind::Directory
            {
                return None;
            }
        }
        Some(node)
    }
}

/// A look-up on its way; `at` is empty at the root.
struct Walk<'a> {
    tree: &'a FileTree,
    links: Links,
    at: String,
    followed: usize,
}

impl<'a> Walk<'a> {
    fn follow(&mut self, remaining: &mut Vec<&'a str>) -> Result<Option<&'a FileNode>, PathError> {
        let mut node = None;
        while let Some(part) = remaining.pop() {
            if part == ".." {
                if self.at.is_empty() && self.links == Links::MayNotLeave {
                    return Err(PathError::Escapes);
                }
                self.at.truncate(self.at.rfind('/').unwrap_or(0));
                node = self.tree.get(&self.at);
                continue;
            }
            let parent = self.at.len();
            self.at.push('/');
            self.at.push_str(part);
            node = self.tree.get(&self.at);
            match node.map(|node| &node.kind) {
                Some(FileKind::Symlink(target)) => {
                    self.count_link(target)?;
                    self.at.truncate(if target.starts_with('/') { 0 } else { parent });
                    node = self.tree.get(&self.at);
                    remaining.extend(components(target).rev());
                }
                Some(FileKind::File(_)) if !remaining.is_empty() => {
                    return Err(PathError::NotDirectory);
                }
                Some(_) => {}
                None if self.tree.has_children(&self.at) => {}
                None => return Err(PathError::NotFound),
            }
        }
        Ok(node)
    }

    fn count_link(&mut self, target: &str) -> Result<(), PathError> {
        self.followed += 1;
        let most = match self.links {
            Links::StayWithin => MAX_LINKS,
            Links::MayNotLeave => MAX_LINKS_OF_ROOT,
        };
        if self.followed > most {
            return Err(PathError::TooManyLinks);
        }
        if self.links == Links::MayNotLeave && target.starts_with('/') {
            return Err(PathError::Escapes);
        }
        Ok(())
    }
}

fn components(path: &str) -> impl DoubleEndedIterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty() && *part != ".")
}

/// An absolute path without `.`, `..` and doubled slashes; nothing climbs above the root.
pub(crate) fn normalise(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in components(path) {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(nodes: &[(&str, FileNode)]) -> FileTree {
        let mut tree = FileTree::default();
        for (path, node) in nodes {
            tree.insert(path, node.clone());
        }
        tree
    }

    fn text(tree: &FileTree, path: &str) -> Result<String, PathError> {
        tree.read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    #[test]
    fn a_look_up_ends_the_same_where_only_what_it_meets_is_left() {
        let link = |target: &str| FileNode::symlink(target);
        let file = || FileNode::file(*b"file");
        let layouts: &[&[(&str, FileNode)]] = &[
            &[("/etc/group", file()), ("/etc/other", file())],
            &[("/etc/group", link("../usr/group")), ("/usr/group", file()), ("/usr/x", file())],
            &[
                ("/etc/group", link("/store/a/../b/group")),
                ("/store/a/x", file()),
                ("/store/b/group", file()),
            ],
            &[("/etc/group", link("../../../out/group")), ("/out/group", file())],
            &[("/etc", link("usr/etc")), ("/usr/etc/group", file()), ("/usr/lib/x", file())],
            &[("/etc/group", link("passwd")), ("/etc/passwd", link("group"))],
            &[("/etc", file())],
            &[("/etc/group/inside", file())],
            &[("/etc/group", FileNode::directory())],
            &[("/etc/group", link("gone"))],
            &[("/usr/group", file())],
        ];
        for layout in layouts {
            let whole = tree(layout);
            let left = whole.on_the_way("/etc/group");
            for links in [Links::StayWithin, Links::MayNotLeave] {
                let end = |tree: &FileTree| {
                    let located = tree
                        .locate("/etc/group", links)
                        .map_err(|error| (error.error, error.path.clone(), error.rest.clone()))?;
                    let kind = located.node.map_or(FileKind::Directory, |node| node.kind.clone());
                    Ok::<_, (PathError, String, String)>((located.path, kind))
                };
                assert_eq!(end(&left), end(&whole), "{layout:?}");
            }
        }
        assert_eq!(tree(layouts[0]).on_the_way("/etc/group").get("/etc/other"), None);
    }

    #[test]
    fn links_are_followed_and_never_leave_the_image() {
        let tree = tree(&[
            ("/etc/real", FileNode::file(*b"real")),
            ("/etc/absolute", FileNode::symlink("/etc/real")),
            ("/etc/relative", FileNode::symlink("real")),
            ("/etc/climbing", FileNode::symlink("../../../../etc/real")),
            ("/conf", FileNode::symlink("/etc")),
        ]);
        for path in ["/etc/absolute", "/etc/relative", "/etc/climbing", "/conf/relative"] {
            assert_eq!(text(&tree, path), Ok("real".to_owned()), "{path}");
        }
    }

    #[test]
    fn a_strict_root_refuses_links_that_lead_out_of_it() {
        let tree = tree(&[
            ("/etc/real", FileNode::file(*b"real")),
            ("/etc/relative", FileNode::symlink("../etc/real")),
            ("/etc/absolute", FileNode::symlink("/etc/real")),
            ("/etc/climbing", FileNode::symlink("../../etc/real")),
        ]);
        let error = |path| tree.locate(path, Links::MayNotLeave).map_err(|failed| failed.error);
        assert!(error("/etc/relative").is_ok());
        assert_eq!(error("/etc/absolute"), Err(PathError::Escapes));
        assert_eq!(error("/etc/climbing"), Err(PathError::Escapes));
    }

    #[test]
    fn what_is_missing_is_named() {
        let tree = tree(&[
            ("/etc/link", FileNode::symlink("/etc/gone")),
            ("/etc/file", FileNode::file(*b"")),
            ("/round", FileNode::symlink("/round")),
        ]);
        let failed = |path| tree.locate(path, Links::StayWithin).map(|found| found.path);
        let error = |path: &str, rest: &str, error| {
            Err(LookUpError { path: path.to_owned(), rest: rest.to_owned(), error })
        };
        assert_eq!(failed("/etc/link"), error("/etc/gone", "", PathError::NotFound));
        assert_eq!(failed("/usr/lib"), error("/usr", "/lib", PathError::NotFound));
        assert_eq!(failed("/etc/file/x"), error("/etc/file", "/x", PathError::NotDirectory));
        assert_eq!(failed("/round"), error("/round", "", PathError::TooManyLinks));
        assert_eq!(failed("/etc"), Ok("/etc".to_owned()));
        assert_eq!(text(&tree, "/etc"), Err(PathError::IsDirectory));
    }
}
