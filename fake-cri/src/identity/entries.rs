//! The entries that CRI-O adds to a container's own `/etc/passwd` and `/etc/group`, so that
//! uid and primary gid have names there.

use std::sync::Arc;

use super::accounts::Reader;
use super::exec_user::user_text;
use super::user_file::{UserFile, UserFileError, UserFileProblem};
use super::{Identity, Reason, Request, Surroundings};
use crate::image::{FileKind, Links, PathError};

/// The permission bits by which somebody else than the owner may write.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// The permission bit by which the owner may write.
const WRITABLE_BY_OWNER: u32 = 0o200;

/// What stands over the image's user files in the container; `None`: the image's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddedEntries {
    /// `/etc/passwd` with an entry for the uid.
    pub passwd: Option<Arc<[u8]>>,
    /// `/etc/group` with an entry for the primary gid.
    pub group: Option<Arc<[u8]>>,
}

/// Adds an entry to each file that is there, has none for the id and is not the id's own to
/// write or anybody's. What is appended starts where the file ends, newline or not.
///
/// # Errors
/// The file could be looked at but not read.
pub(super) fn add(
    request: &Request<'_>,
    surroundings: &Surroundings<'_>,
    identity: &Identity,
    user_gid: u32,
) -> Result<AddedEntries, Reason> {
    let mut added = AddedEntries::default();
    if !surroundings.passwd_is_mounted {
        added.passwd = passwd(request, surroundings, identity.uid, user_gid)?;
    }
    if !surroundings.group_is_mounted {
        added.group = group(surroundings, identity.gid)?;
    }
    Ok(added)
}

fn passwd(
    request: &Request<'_>,
    surroundings: &Surroundings<'_>,
    uid: u32,
    gid: u32,
) -> Result<Option<Arc<[u8]>>, Reason> {
    let listed = |content: &[u8]| {
        Reader::RUNC.user_with_id(content, i64::from(uid)).is_ok_and(|user| user.is_some())
    };
    let Some(content) = extendable(surroundings, UserFile::Passwd, uid, listed)? else {
        return Ok(None);
    };
    if content.is_empty() {
        return Ok(None);
    }
    let text = user_text(request, surroundings);
    let name = if text.is_empty() { "default" } else { &text };
    let home = if surroundings.home.is_empty() { "/tmp" } else { surroundings.home };
    let entry = format!("{name}:x:{uid}:{gid}:{name} user:{home}:/sbin/nologin\n");
    Ok(Some([&content, entry.as_bytes()].concat().into()))
}

fn group(surroundings: &Surroundings<'_>, gid: u32) -> Result<Option<Arc<[u8]>>, Reason> {
    let listed = |content: &[u8]| {
        Reader::RUNC.group_with_id(content, i64::from(gid)).is_ok_and(|group| group.is_some())
    };
    let Some(content) = extendable(surroundings, UserFile::Group, gid, listed)? else {
        return Ok(None);
    };
    Ok(Some([&content, format!("{gid}:x:{gid}:\n").as_bytes()].concat().into()))
}

/// The file's content, if an entry for `id` may and need be added.
fn extendable(
    surroundings: &Surroundings<'_>,
    file: UserFile,
    id: u32,
    listed: impl Fn(&[u8]) -> bool,
) -> Result<Option<Arc<[u8]>>, Reason> {
    let Ok(located) = surroundings.files.locate(file.path(), Links::StayWithin) else {
        return Ok(None);
    };
    let (mode, owner, content) = match located.node {
        Some(node) => {
            let owner = if file == UserFile::Passwd { node.uid } else { node.gid };
            let content = match &node.kind {
                FileKind::File(content) => Some(content),
                FileKind::Directory | FileKind::Symlink(_) => None,
            };
            (node.mode, owner, content)
        }
        None => (0o755, 0, None),
    };
    if content.is_some_and(|content| listed(content)) {
        return Ok(None);
    }
    if mode & WRITABLE_BY_OTHERS != 0 || (owner == id && mode & WRITABLE_BY_OWNER != 0) {
        return Ok(None);
    }
    let problem = UserFileProblem::Path(PathError::IsDirectory);
    content.cloned().map(Some).ok_or_else(|| {
        let path = located.path.clone();
        Reason::CannotExtend(UserFileError { file, problem, path, rest: String::new() })
    })
}
