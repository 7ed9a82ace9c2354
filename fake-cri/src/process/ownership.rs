//! Who may change whose a file is and its mode, as the Linux kernel decides it.

use toolbox::Errno;

use super::credentials::{Capability, Credentials};
use crate::image::{FileKind, FileNode};

const SET_USER_ID: u32 = 0o4000;
const SET_GROUP_ID: u32 = 0o2000;
const GROUP_EXECUTES: u32 = 0o0010;

impl Credentials {
    fn is_in_group(&self, gid: u32) -> bool {
        self.group.effective == gid || self.groups.binary_search(&gid).is_ok()
    }

    /// Whether a set-group-ID bit of this process's making may stay on a file of a group.
    fn may_set_group_id(&self, gid: u32) -> bool {
        self.is_in_group(gid) || self.has(Capability::FileSetId)
    }

    /// `chmod(2)`: the mode that a file gets.
    ///
    /// # Errors
    /// [`Errno::NOT_PERMITTED`] unless the file is the process's own.
    pub(super) fn changed_mode(&self, file: &FileNode, mode: u32) -> Result<u32, Errno> {
        if self.user.effective != file.uid && !self.has(Capability::FileOwner) {
            return Err(Errno::NOT_PERMITTED);
        }
        let kept = if self.may_set_group_id(file.gid) { 0o7777 } else { 0o7777 & !SET_GROUP_ID };
        Ok(mode & kept)
    }

    /// `chown(2)`: the file with its new owner and group; a file that is no directory loses
    /// the bits that lent its old owner's rights.
    ///
    /// # Errors
    /// [`Errno::NOT_PERMITTED`] without the capability, unless the process gives a file of its
    /// own to a group of its own.
    pub(super) fn changed_owner(
        &self,
        file: FileNode,
        uid: Option<u32>,
        gid: Option<u32>,
    ) -> Result<FileNode, Errno> {
        let is_own = self.user.effective == file.uid;
        let may_give = uid.is_none_or(|uid| is_own && uid == file.uid)
            && gid.is_none_or(|gid| is_own && (gid == file.gid || self.is_in_group(gid)));
        if !may_give && !self.has(Capability::Chown) {
            return Err(Errno::NOT_PERMITTED);
        }
        let mut mode = file.mode;
        if file.kind != FileKind::Directory {
            mode &= !SET_USER_ID;
            if mode & GROUP_EXECUTES != 0 || !self.may_set_group_id(file.gid) {
                mode &= !SET_GROUP_ID;
            }
        }
        let (uid, gid) = (uid.unwrap_or(file.uid), gid.unwrap_or(file.gid));
        Ok(FileNode { mode, uid, gid, ..file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::credentials::Capabilities;
    use crate::profile::CapabilitySet;

    const CONTAINER: CapabilitySet = CapabilitySet(&["CHOWN", "FOWNER", "FSETID"]);

    fn process(uid: u32) -> Credentials {
        let bounding = Capabilities::of_container(CONTAINER, None);
        Credentials::new(uid, 3000, vec![3000, 4000], bounding, Capabilities::default())
    }

    fn file(uid: u32, gid: u32, mode: u32) -> FileNode {
        FileNode { uid, gid, ..FileNode::file(*b"").with_mode(mode) }
    }

    #[test]
    fn a_file_is_changed_by_its_owner_and_by_root_only() {
        assert_eq!(process(1000).changed_mode(&file(1000, 1, 0o644), 0o600), Ok(0o600));
        let strangers = process(1000).changed_mode(&file(1001, 3000, 0o644), 0o600);
        assert_eq!(strangers, Err(Errno::NOT_PERMITTED));
        assert_eq!(process(0).changed_mode(&file(1001, 3000, 0o644), 0o600), Ok(0o600));
    }

    #[test]
    fn who_is_not_in_a_group_cannot_lend_it() {
        let user = process(1000);
        assert_eq!(user.changed_mode(&file(1000, 4000, 0o755), 0o2755), Ok(0o2755));
        assert_eq!(user.changed_mode(&file(1000, 50_000, 0o755), 0o2755), Ok(0o755));
        assert_eq!(process(0).changed_mode(&file(1000, 50_000, 0o755), 0o2755), Ok(0o2755));
    }

    #[test]
    fn an_owner_gives_files_to_groups_of_its_own_only() {
        let user = process(1000);
        let given = user.changed_owner(file(1000, 3000, 0o644), None, Some(4000));
        assert_eq!(given, Ok(file(1000, 4000, 0o644)));
        for (uid, gid) in [(None, Some(50_000)), (Some(0), None), (Some(0), Some(4000))] {
            let given = user.changed_owner(file(1000, 3000, 0o644), uid, gid);
            assert_eq!(given, Err(Errno::NOT_PERMITTED));
        }
        let given = process(0).changed_owner(file(1000, 3000, 0o644), Some(7), Some(8));
        assert_eq!(given, Ok(file(7, 8, 0o644)));
    }

    #[test]
    fn a_file_that_changes_hands_lends_nothing() {
        let given = process(0).changed_owner(file(0, 0, 0o6755), Some(7), None);
        assert_eq!(given, Ok(file(7, 0, 0o755)));
    }
}
