//! Opening a container's `/etc/passwd` and `/etc/group`, as each release does it.

use std::sync::Arc;

use crate::image::{FileKind, FileTree, Links, Located, LookUpError, PathError};
use crate::profile::{Rules, UserFileAccess};

/// One of the two user files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserFile {
    /// `/etc/passwd`.
    Passwd,
    /// `/etc/group`.
    Group,
}

impl UserFile {
    /// The absolute path.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Passwd => "/etc/passwd",
            Self::Group => "/etc/group",
        }
    }
}

/// A user file that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserFileError {
    /// Which file was meant.
    pub file: UserFile,
    /// What came up.
    pub problem: UserFileProblem,
    /// Where, without links.
    pub path: String,
    /// What of the path was not looked at any more.
    pub rest: String,
}

/// What stands in the way of reading a user file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserFileProblem {
    /// The path leads nowhere.
    Path(PathError),
    /// It has more bytes than the release reads.
    TooLarge {
        /// That many bytes are read.
        limit: usize,
    },
    /// A line is longer than the reader holds.
    LineTooLong,
}

impl UserFileError {
    /// Whether the file is simply not there, which most look-ups accept.
    pub(super) fn is_not_found(&self) -> bool {
        self.problem == UserFileProblem::Path(PathError::NotFound)
    }

    pub(super) fn line_too_long(file: UserFile) -> Self {
        let path = file.path().to_owned();
        Self { file, problem: UserFileProblem::LineTooLong, path, rest: String::new() }
    }
}

/// Reads a user file by a release's rules.
pub(super) fn read(
    rules: &Rules,
    rootfs: &FileTree,
    file: UserFile,
) -> Result<Arc<[u8]>, UserFileError> {
    let failed = |failed: LookUpError| UserFileError {
        file,
        problem: UserFileProblem::Path(failed.error),
        path: failed.path,
        rest: failed.rest,
    };
    let located = match rules.user_file_access {
        UserFileAccess::MountedRoot => locate_in_root(rootfs, file),
        _ => rootfs.locate(file.path(), Links::StayWithin),
    }
    .map_err(failed)?;
    content(rules.user_file_limit, located, file)
}

/// Reads a user file as a process in the container does.
pub(super) fn read_in_container(
    rootfs: &FileTree,
    file: UserFile,
) -> Result<Arc<[u8]>, UserFileError> {
    let located =
        rootfs.locate(file.path(), Links::StayWithin).map_err(|failed| UserFileError {
            file,
            problem: UserFileProblem::Path(failed.error),
            path: failed.path,
            rest: failed.rest,
        })?;
    content(None, located, file)
}

/// Go's `os.Root`, and after it containerd 2.2's second try: if the file itself is an
/// absolute link, its target is opened in the image.
fn locate_in_root(rootfs: &FileTree, file: UserFile) -> Result<Located<'_>, LookUpError> {
    let first = rootfs.locate(file.path(), Links::MayNotLeave);
    match rootfs.get(file.path()).map(|node| &node.kind) {
        Some(FileKind::Symlink(target)) if first.is_err() && target.starts_with('/') => {
            rootfs.locate(target, Links::MayNotLeave)
        }
        _ => first,
    }
}

fn content(
    limit: Option<usize>,
    located: Located<'_>,
    file: UserFile,
) -> Result<Arc<[u8]>, UserFileError> {
    let problem = match located.node.map(|node| &node.kind) {
        Some(FileKind::File(content)) => match limit {
            Some(limit) if content.len() > limit => UserFileProblem::TooLarge { limit },
            _ => return Ok(Arc::clone(content)),
        },
        _ => UserFileProblem::Path(PathError::IsDirectory),
    };
    Err(UserFileError { file, problem, path: located.path, rest: String::new() })
}
