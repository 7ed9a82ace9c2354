//! Whose a simulated process is and what it may do, as the Linux kernel decides it.

use crate::profile::CapabilitySet;
use cri_api::v1;
use toolbox::{Errno, Ids, MAX_GROUPS};

/// A capability, by Linux's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    /// Give files away.
    Chown = 0,
    /// Read, write and search without permission.
    DacOverride = 1,
    /// Read and search without permission.
    DacReadSearch = 2,
    /// Change other people's files as if they were one's own.
    FileOwner = 3,
    /// Keep set-group-ID bits for groups that are not one's own.
    FileSetId = 4,
    /// Set gid and supplementary groups.
    SetGid = 6,
    /// Set uid.
    SetUid = 7,
}

/// The kernel's capabilities by number.
const NAMES: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

/// A set of capabilities, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Capabilities(pub u64);

impl Capabilities {
    const ALL: Self = Self((1 << NAMES.len()) - 1);

    /// What a container's security context leaves of a release's default set.
    ///
    /// `ALL` stands for every capability; adding comes before dropping one by one, but
    /// dropping `ALL` comes first, as in containerd and CRI-O. Unknown names count for nothing.
    #[must_use]
    pub fn of_container(
        default: CapabilitySet,
        context: Option<&v1::LinuxContainerSecurityContext>,
    ) -> Self {
        let named = |names: &[String]| names.iter().fold(0, |set, name| set | bit(name));
        let mut set = default.0.iter().fold(0, |set, name| set | bit(name));
        let Some(context) = context else { return Self(set) };
        if context.privileged {
            return Self::ALL;
        }
        if let Some(change) = &context.capabilities {
            let all = |names: &[String]| names.iter().any(|name| name.eq_ignore_ascii_case("ALL"));
            if all(&change.drop_capabilities) {
                set = 0;
            }
            if all(&change.add_capabilities) {
                set = Self::ALL.0;
            }
            set |= named(&change.add_capabilities);
            set &= !named(&change.drop_capabilities);
        }
        Self(set)
    }

    /// The capabilities that also a process of another user than root starts with.
    #[must_use]
    pub fn ambient(context: Option<&v1::LinuxContainerSecurityContext>) -> Self {
        let added = context.and_then(|context| context.capabilities.as_ref());
        Self(added.map_or(0, |change| {
            change.add_ambient_capabilities.iter().fold(0, |set, name| set | bit(name))
        }))
    }

    fn has(self, capability: Capability) -> bool {
        self.0 & (1 << capability as u64) != 0
    }
}

fn bit(name: &str) -> u64 {
    let name = name
        .get(..4)
        .filter(|start| start.eq_ignore_ascii_case("CAP_"))
        .map_or(name, |_| &name[4..]);
    NAMES.iter().position(|known| known.eq_ignore_ascii_case(name)).map_or(0, |number| 1 << number)
}

/// What keeps a process from getting more than it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Confinement {
    /// Programs that it runs give it no privileges (`PR_SET_NO_NEW_PRIVS`).
    pub no_new_privileges: bool,
    /// A seccomp filter stands before its system calls.
    pub seccomp_filter: bool,
}

impl Confinement {
    /// What a security context asks for. Nothing filters what a privileged container does
    /// (containerd and CRI-O alike).
    #[must_use]
    pub fn of_container(context: Option<&v1::LinuxContainerSecurityContext>) -> Self {
        let Some(context) = context else { return Self::default() };
        let unconfined = v1::security_profile::ProfileType::Unconfined;
        let profile = context.seccomp.as_ref().map(v1::SecurityProfile::profile_type);
        Self {
            no_new_privileges: context.no_new_privs,
            seccomp_filter: !context.privileged
                && profile.is_some_and(|profile| profile != unconfined),
        }
    }
}

/// Whose a process is and what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Real and effective uid.
    pub user: Ids,
    /// Real and effective gid.
    pub group: Ids,
    /// The supplementary groups, ascending.
    pub groups: Vec<u32>,
    /// The capabilities in force.
    pub effective: Capabilities,
    /// The capabilities that may be put in force.
    pub permitted: Capabilities,
    /// The capabilities that may ever be had.
    pub bounding: Capabilities,
    /// The capabilities that survive running a program without being root.
    pub ambient: Capabilities,
    /// What it can never shake off.
    pub confinement: Confinement,
    saved_user: u32,
    saved_group: u32,
}

impl Credentials {
    /// A process that a runtime starts: root has the container's capabilities, others none
    /// but the ambient ones.
    #[must_use]
    pub fn new(
        uid: u32,
        gid: u32,
        groups: Vec<u32>,
        bounding: Capabilities,
        ambient: Capabilities,
    ) -> Self {
        let own = if uid == 0 { bounding } else { Capabilities(bounding.0 & ambient.0) };
        Self {
            user: Ids { real: uid, effective: uid },
            group: Ids { real: gid, effective: gid },
            groups,
            effective: own,
            permitted: own,
            bounding,
            ambient: Capabilities(bounding.0 & ambient.0),
            confinement: Confinement::default(),
            saved_user: uid,
            saved_group: gid,
        }
    }

    /// The same, confined.
    #[must_use]
    pub fn confined(self, confinement: Confinement) -> Self {
        Self { confinement, ..self }
    }

    /// Whether a capability is in force.
    pub(super) fn has(&self, capability: Capability) -> bool {
        self.effective.has(capability)
    }

    /// The uids as `/proc/PID/status` shows them: real, effective, saved, file system.
    #[must_use]
    pub fn uids(&self) -> [u32; 4] {
        [self.user.real, self.user.effective, self.saved_user, self.user.effective]
    }

    /// The gids as `/proc/PID/status` shows them: real, effective, saved, file system.
    #[must_use]
    pub fn gids(&self) -> [u32; 4] {
        [self.group.real, self.group.effective, self.saved_group, self.group.effective]
    }

    /// `setuid(2)`.
    ///
    /// # Errors
    /// As the system call.
    pub fn set_user(&mut self, uid: u32) -> Result<(), Errno> {
        if uid == u32::MAX {
            return Err(Errno::INVALID);
        }
        let before = [self.user.real, self.user.effective, self.saved_user];
        if self.has(Capability::SetUid) {
            self.user.real = uid;
            self.saved_user = uid;
        } else if uid != self.user.real && uid != self.saved_user {
            return Err(Errno::NOT_PERMITTED);
        }
        let was_root = self.user.effective == 0;
        self.user.effective = uid;
        let after = [self.user.real, self.user.effective, self.saved_user];
        if before.contains(&0) && !after.contains(&0) {
            self.permitted = Capabilities::default();
            self.effective = Capabilities::default();
            self.ambient = Capabilities::default();
        }
        match (was_root, uid == 0) {
            (true, false) => self.effective = Capabilities::default(),
            (false, true) => self.effective = self.permitted,
            _ => {}
        }
        Ok(())
    }

    /// `setgid(2)`.
    ///
    /// # Errors
    /// As the system call.
    pub fn set_group(&mut self, gid: u32) -> Result<(), Errno> {
        if gid == u32::MAX {
            return Err(Errno::INVALID);
        }
        if self.has(Capability::SetGid) {
            self.group.real = gid;
            self.saved_group = gid;
        } else if gid != self.group.real && gid != self.saved_group {
            return Err(Errno::NOT_PERMITTED);
        }
        self.group.effective = gid;
        Ok(())
    }

    /// `setgroups(2)`.
    ///
    /// # Errors
    /// As the system call.
    pub fn set_groups(&mut self, groups: impl Iterator<Item = u32>) -> Result<(), Errno> {
        if !self.has(Capability::SetGid) {
            return Err(Errno::NOT_PERMITTED);
        }
        let mut groups: Vec<u32> = groups.take(MAX_GROUPS + 1).collect();
        if groups.len() > MAX_GROUPS || groups.contains(&u32::MAX) {
            return Err(Errno::INVALID);
        }
        groups.sort_unstable();
        self.groups = groups;
        Ok(())
    }

    /// Whether a file's permission bits allow this: bits of `rwx` as 4, 2, 1.
    #[must_use]
    pub fn may(&self, wanted: u32, mode: u32, owner: u32, group: u32, is_directory: bool) -> bool {
        let shift = if self.user.effective == owner {
            6
        } else if self.group.effective == group || self.groups.binary_search(&group).is_ok() {
            3
        } else {
            0
        };
        let granted = (mode >> shift) & 0o7;
        if granted & wanted == wanted {
            return true;
        }
        let reads_only = wanted & 0o2 == 0 && (is_directory || wanted & 0o1 == 0);
        if reads_only && self.has(Capability::DacReadSearch) {
            return true;
        }
        // Nobody executes a file that has no execute bit at all.
        let executable = is_directory || wanted & 0o1 == 0 || mode & 0o111 != 0;
        executable && self.has(Capability::DacOverride)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTAINER: CapabilitySet = CapabilitySet(&["DAC_OVERRIDE", "SETGID", "SETUID"]);

    fn process(uid: u32) -> Credentials {
        let bounding = Capabilities::of_container(CONTAINER, None);
        Credentials::new(uid, 3000, vec![3000, 4000], bounding, Capabilities::default())
    }

    #[test]
    fn root_changes_its_groups_and_others_may_not() {
        let mut root = process(0);
        assert_eq!(root.set_groups([5, 1, 5].into_iter()), Ok(()));
        assert_eq!(root.groups, [1, 5, 5]);
        assert_eq!(root.set_groups([u32::MAX].into_iter()), Err(Errno::INVALID));
        let mut other = process(1000);
        assert_eq!(other.set_groups([1].into_iter()), Err(Errno::NOT_PERMITTED));
        assert_eq!(other.set_group(3000), Ok(()));
        assert_eq!(other.set_group(3001), Err(Errno::NOT_PERMITTED));
    }

    #[test]
    fn who_gives_up_root_cannot_go_back() {
        let mut root = process(0);
        assert_eq!(root.set_user(1000), Ok(()));
        assert_eq!(root.set_user(0), Err(Errno::NOT_PERMITTED));
        assert_eq!(root.effective, Capabilities::default());
    }

    #[test]
    fn dropping_all_leaves_what_is_added() {
        let context = v1::LinuxContainerSecurityContext {
            capabilities: Some(v1::Capability {
                add_capabilities: vec!["CAP_SETGID".to_owned()],
                drop_capabilities: vec!["ALL".to_owned()],
                ..Default::default()
            }),
            ..Default::default()
        };
        let set = Capabilities::of_container(CONTAINER, Some(&context));
        assert!(set.has(Capability::SetGid));
        assert!(!set.has(Capability::SetUid));
    }

    #[test]
    fn a_group_opens_what_it_owns_and_the_owner_class_comes_first() {
        let user = process(1000);
        assert!(user.may(0o7, 0o770, 0, 4000, true));
        assert!(!user.may(0o4, 0o770, 0, 50_000, true));
        assert!(!user.may(0o4, 0o077, 1000, 4000, false));
        assert!(process(0).may(0o6, 0o000, 7, 7, false));
    }
}
