//! What ids are called in an image, for people.

use super::accounts::Reader;
use super::user_file::{self, UserFile};
use crate::image::FileTree;

/// The name of a uid, from the image's `/etc/passwd`; none where that has none or cannot be read.
#[must_use]
pub fn user_name(files: &FileTree, uid: u32) -> Option<String> {
    let passwd = user_file::read_in_container(files, UserFile::Passwd).ok()?;
    let user = Reader::RUNC.user_with_id(&passwd, i64::from(uid)).ok()??;
    named(user.name)
}

/// The name of a gid, from the image's `/etc/group`; none where that has none or cannot be read.
#[must_use]
pub fn group_name(files: &FileTree, gid: u32) -> Option<String> {
    let group = user_file::read_in_container(files, UserFile::Group).ok()?;
    let group = Reader::RUNC.group_with_id(&group, i64::from(gid)).ok()??;
    named(group.name)
}

fn named(name: &[u8]) -> Option<String> {
    (!name.is_empty()).then(|| String::from_utf8_lossy(name).into_owned())
}
