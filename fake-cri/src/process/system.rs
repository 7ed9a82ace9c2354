//! The kernel of a simulated process: [`toolbox::System`] over a container's files.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use toolbox::{Errno, Existing, FileStatus, Ids, Input, Links, Stream, System};

use super::credentials::Credentials;
use super::files::ContainerFiles;
use super::kept::Kept;
use super::status::status;
use super::{Console, Environment, Printed, ProcessTable};
use crate::image::{FileKind, FileNode};

/// How many links one look-up follows, as in the kernel.
const MAX_LINKS: usize = 40;

/// The longest path, in bytes (`PATH_MAX`).
const MAX_PATH: usize = 4096;

/// The one device that every container has here.
const NULL: &str = "/dev/null";

const READ: u32 = 0o4;
const WRITE: u32 = 0o2;
const SEARCH: u32 = 0o1;

const DIRECTORY: u32 = 0o040_000;
const REGULAR: u32 = 0o100_000;
const LINK: u32 = 0o120_000;

/// What one step of a process works on.
pub(super) struct Kernel<'a> {
    pub(super) pid: u32,
    pub(super) name: &'a str,
    pub(super) credentials: &'a mut Credentials,
    pub(super) files: &'a Mutex<ContainerFiles>,
    pub(super) processes: &'a ProcessTable,
    pub(super) working_directory: &'a str,
    pub(super) environment: &'a Environment,
    pub(super) kept: &'a mut Kept,
    pub(super) console: Option<&'a mut Console>,
    pub(super) printed: &'a mut Printed,
}

/// An open file.
pub(super) enum Open {
    Content(Arc<[u8]>),
    Directory,
    Writable(String),
    /// What is written to it is lost.
    Null,
}

/// What a path leads to.
struct Found {
    path: String,
    /// `None`: the last component is missing, its directory is there.
    node: Option<FileNode>,
}

impl Kernel<'_> {
    fn files(&self) -> MutexGuard<'_, ContainerFiles> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows a path, asking for search permission in every directory on the way.
    fn look_up(&self, path: &[u8], links: Links) -> Result<Found, Errno> {
        if path.is_empty() {
            return Err(Errno::NOT_FOUND);
        }
        if path.len() > MAX_PATH {
            return Err(Errno::NAME_TOO_LONG);
        }
        let path = std::str::from_utf8(path).map_err(|_| Errno::NOT_FOUND)?;
        let must_be_directory = path.ends_with('/');
        let mut at = String::new();
        let mut remaining: Vec<String> = components(path).rev().map(str::to_owned).collect();
        if !path.starts_with('/') {
            remaining.extend(components(self.working_directory).rev().map(str::to_owned));
        }
        let mut followed = 0;
        let mut node = self.node("/");
        while let Some(part) = remaining.pop() {
            let directory = node.as_ref().ok_or(Errno::NOT_FOUND)?;
            if directory.kind != FileKind::Directory {
                return Err(Errno::NOT_DIRECTORY);
            }
            self.permit(directory, SEARCH)?;
            if part == ".." {
                at.truncate(at.rfind('/').unwrap_or(0));
                node = self.node(if at.is_empty() { "/" } else { &at });
                continue;
            }
            let parent = at.len();
            at.push('/');
            at.push_str(&part);
            node = self.node(&at);
            if let Some(FileNode { kind: FileKind::Symlink(target), .. }) = &node
                && (!remaining.is_empty() || links == Links::Follow)
            {
                followed += 1;
                if followed > MAX_LINKS {
                    return Err(Errno::TOO_MANY_LINKS);
                }
                at.truncate(if target.starts_with('/') { 0 } else { parent });
                remaining.extend(components(target).rev().map(str::to_owned));
                node = self.node(if at.is_empty() { "/" } else { &at });
            }
        }
        if at.is_empty() {
            at.push('/');
        }
        match &node {
            Some(node) if must_be_directory && node.kind != FileKind::Directory => {
                Err(Errno::NOT_DIRECTORY)
            }
            _ => Ok(Found { path: at, node }),
        }
    }

    fn node(&self, path: &str) -> Option<FileNode> {
        if let Some(below) = path.strip_prefix("/proc")
            && (below.is_empty() || below.starts_with('/'))
        {
            return self.process_node(below);
        }
        let node = self.files().node(path);
        node.or_else(|| match path {
            "/dev" => Some(FileNode::directory()),
            NULL => Some(FileNode::file([]).with_mode(0o666)),
            _ => None,
        })
    }

    /// `/proc` holds `self` and `1`, each with its `status`, and the host's name.
    fn process_node(&self, below: &str) -> Option<FileNode> {
        let directory = || Some(FileNode::directory().with_mode(0o555));
        let file = |text: String| Some(FileNode::file(text.into_bytes()).with_mode(0o444));
        match below {
            "" | "/self" | "/1" | "/sys" | "/sys/kernel" => directory(),
            "/sys/kernel/hostname" => file(format!("{}\n", self.environment.hostname())),
            "/self/status" => file(status(self.name, self.pid, "R (running)", self.credentials)),
            "/1/status" if self.pid == 1 => {
                file(status(self.name, 1, "R (running)", self.credentials))
            }
            "/1/status" => self.processes.init_status().and_then(file),
            _ => None,
        }
    }

    /// What a path leads to, if its owner and mode can be changed at all.
    fn changeable(&self, path: &[u8]) -> Result<(String, FileNode), Errno> {
        let found = self.look_up(path, Links::Follow)?;
        if found.path == "/proc" || found.path.starts_with("/proc/") {
            return Err(Errno::NOT_PERMITTED);
        }
        Ok((found.path, found.node.ok_or(Errno::NOT_FOUND)?))
    }

    fn permit(&self, node: &FileNode, wanted: u32) -> Result<(), Errno> {
        let is_directory = node.kind == FileKind::Directory;
        if self.credentials.may(wanted, node.mode, node.uid, node.gid, is_directory) {
            Ok(())
        } else {
            Err(Errno::NO_ACCESS)
        }
    }

    /// Puts a new node of this process's own into a directory that it may write.
    fn add(&mut self, path: &str, kind: FileKind, mode: u32) -> Result<(), Errno> {
        let parent = match path.rfind('/') {
            Some(0) | None => "/",
            Some(end) => &path[..end],
        };
        if parent == "/proc" || parent.starts_with("/proc/") {
            return Err(Errno::NO_ACCESS);
        }
        let directory = self.node(parent).ok_or(Errno::NOT_FOUND)?;
        self.permit(&directory, WRITE | SEARCH)?;
        // A directory with the set-gid bit hands its group to what is made in it.
        let inherits = directory.mode & 0o2000 != 0;
        let gid = if inherits { directory.gid } else { self.credentials.group.effective };
        let mode = if inherits && kind == FileKind::Directory { mode | 0o2000 } else { mode };
        let uid = self.credentials.user.effective;
        self.files().put(path, FileNode { kind, mode, uid, gid })
    }
}

impl System for Kernel<'_> {
    type File = Open;

    fn user(&self) -> Ids {
        self.credentials.user
    }

    fn group(&self) -> Ids {
        self.credentials.group
    }

    fn groups(&mut self, from: usize, into: &mut [u32]) -> usize {
        let rest = self.credentials.groups.get(from..).unwrap_or_default();
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        count
    }

    fn set_user(&mut self, uid: u32) -> Result<(), Errno> {
        self.credentials.set_user(uid)
    }

    fn set_group(&mut self, gid: u32) -> Result<(), Errno> {
        self.credentials.set_group(gid)
    }

    fn set_groups(&mut self, groups: impl Iterator<Item = u32>) -> Result<(), Errno> {
        self.credentials.set_groups(groups)
    }

    fn open(&mut self, path: &[u8]) -> Result<Open, Errno> {
        let found = self.look_up(path, Links::Follow)?;
        let node = found.node.ok_or(Errno::NOT_FOUND)?;
        self.permit(&node, READ)?;
        Ok(match node.kind {
            FileKind::File(content) => Open::Content(content),
            FileKind::Directory | FileKind::Symlink(_) => Open::Directory,
        })
    }

    fn read_at(&mut self, file: &Open, offset: u64, into: &mut [u8]) -> Result<usize, Errno> {
        let content = match file {
            Open::Content(content) => content,
            Open::Directory => return Err(Errno::IS_DIRECTORY),
            Open::Writable(_) | Open::Null => return Err(Errno::BAD_FILE),
        };
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(content.len());
        let count = into.len().min(content.len() - start);
        into[..count].copy_from_slice(&content[start..start + count]);
        Ok(count)
    }

    fn create(&mut self, path: &[u8], existing: Existing) -> Result<Open, Errno> {
        let Found { path, node } = self.look_up(path, Links::Follow)?;
        if path == NULL {
            return Ok(Open::Null);
        }
        match node {
            None => self.add(&path, FileKind::File(Arc::from([])), 0o644)?,
            Some(node) => {
                if node.kind == FileKind::Directory {
                    return Err(Errno::IS_DIRECTORY);
                }
                self.permit(&node, WRITE)?;
                if path.starts_with("/proc/") {
                    return Err(Errno::NO_ACCESS);
                }
                if existing == Existing::Truncate {
                    let kind = FileKind::File(Arc::from([]));
                    self.files().put(&path, FileNode { kind, ..node })?;
                }
            }
        }
        Ok(Open::Writable(path))
    }

    fn append(&mut self, file: &Open, bytes: &[u8]) -> Result<(), Errno> {
        match file {
            Open::Writable(path) => self.files().append(path, bytes),
            Open::Null => Ok(()),
            Open::Content(_) | Open::Directory => Err(Errno::BAD_FILE),
        }
    }

    fn print(&mut self, stream: Stream, bytes: &[u8]) -> Result<(), Errno> {
        self.printed.write(stream, bytes);
        Ok(())
    }

    /// Without a console, standard input is `/dev/null`.
    fn read_input(&mut self, into: &mut [u8]) -> Result<Input, Errno> {
        Ok(self.console.as_mut().map_or(Input::End, |console| console.read(into)))
    }

    fn has_terminal(&self) -> bool {
        self.console.as_ref().is_some_and(|console| console.is_terminal())
    }

    fn kept(&self, slot: usize) -> &[u8] {
        self.kept.get(slot)
    }

    fn keep(&mut self, slot: usize, bytes: &[u8]) -> Result<(), Errno> {
        self.kept.add(slot, bytes)
    }

    fn read_kept(&mut self, slot: usize, into: &mut [u8]) -> usize {
        self.kept.read(slot, into)
    }

    fn forget(&mut self, slot: usize) {
        self.kept.forget(slot);
    }

    fn environment(&self, index: usize) -> Option<&[u8]> {
        self.environment.get(index).map(str::as_bytes)
    }

    fn make_directory(&mut self, path: &[u8]) -> Result<(), Errno> {
        let found = self.look_up(path, Links::Keep)?;
        if found.node.is_some() {
            return Err(Errno::EXISTS);
        }
        self.add(&found.path, FileKind::Directory, 0o755)
    }

    fn set_mode(&mut self, path: &[u8], mode: u32) -> Result<(), Errno> {
        let (path, node) = self.changeable(path)?;
        let mode = self.credentials.changed_mode(&node, mode)?;
        self.files().put(&path, FileNode { mode, ..node })
    }

    fn set_owner(&mut self, path: &[u8], uid: Option<u32>, gid: Option<u32>) -> Result<(), Errno> {
        let (path, node) = self.changeable(path)?;
        let node = self.credentials.changed_owner(node, uid, gid)?;
        self.files().put(&path, node)
    }

    fn status(&mut self, path: &[u8], links: Links) -> Result<FileStatus, Errno> {
        let node = self.look_up(path, links)?.node.ok_or(Errno::NOT_FOUND)?;
        let (kind, size) = match &node.kind {
            FileKind::File(content) => (REGULAR, content.len()),
            FileKind::Directory => (DIRECTORY, 4096),
            FileKind::Symlink(target) => (LINK, target.len()),
        };
        Ok(FileStatus {
            mode: kind | (node.mode & 0o7777),
            uid: node.uid,
            gid: node.gid,
            size: u64::try_from(size).unwrap_or(u64::MAX),
            links: 1,
            // Images are made reproducibly, and nothing here depends on when.
            modified: 0,
        })
    }

    fn list(&mut self, path: &[u8], mut visit: impl FnMut(&[u8])) -> Result<(), Errno> {
        let found = self.look_up(path, Links::Follow)?;
        let node = found.node.ok_or(Errno::NOT_FOUND)?;
        if node.kind != FileKind::Directory {
            return Err(Errno::NOT_DIRECTORY);
        }
        self.permit(&node, READ)?;
        match found.path.as_str() {
            "/proc" => ["1", "self", "sys"].iter().for_each(|name| visit(name.as_bytes())),
            "/proc/self" | "/proc/1" => visit(b"status"),
            "/proc/sys" => visit(b"kernel"),
            "/proc/sys/kernel" => visit(b"hostname"),
            path => {
                let mut names = self.files().names(path);
                if path == "/" && !names.iter().any(|name| name == "proc") {
                    names.push("proc".to_owned());
                }
                names.iter().for_each(|name| visit(name.as_bytes()));
            }
        }
        Ok(())
    }
}

fn components(path: &str) -> impl DoubleEndedIterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty() && *part != ".")
}
