//! The rules by which releases differ, one named field each, with what was seen where.

/// How one release decides who a process is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Whether `supplemental_groups_policy` has a meaning.
    pub policy: PolicySupport,
    /// How a user is found.
    pub user_look_up: UserLookUp,
    /// What numbers in `/etc/passwd` and `/etc/group` mean.
    pub file_ids: FileIds,
    /// Whose memberships Merge adds when the request names no user but the image does.
    pub image_user_groups: ImageUserGroups,
    /// A group named like the user is left out of Merge, whoever it lists.
    ///
    /// containerd, all releases (case `samename-group/merge/uid1000`); CRI-O includes it.
    pub group_named_like_user_is_skipped: bool,
    /// The primary gid joins the groups even when neither request nor image names a user.
    ///
    /// CRI-O always; containerd 2.x under Strict leaves gid 0 out (`groups/strict/no-user`).
    pub primary_gid_joins_without_user: bool,
    /// How user files are opened, and in which words that fails.
    pub user_file_access: UserFileAccess,
    /// The most bytes of a user file that are read; more is an error. `None`: no limit.
    ///
    /// containerd 2.x: 10 MiB (read in 2.1.9, `pkg/oci`).
    pub user_file_limit: Option<usize>,
    /// How lines of `/etc/group` are read.
    pub group_reader: GroupReader,
    /// Entries for uid and primary gid are added to the container's `/etc/passwd` and
    /// `/etc/group` where there are none.
    ///
    /// CRI-O (`ug/merge/u1234-g3000`: `uid=1234(1234) gid=3000(3000)`).
    pub account_entries_are_added: bool,
    /// The order of `ContainerStatus.user.linux.supplemental_groups`; `None`: never reported.
    pub reported_order: Option<ReportedOrder>,
    /// What a sandbox's `run_as_user` and `run_as_group` are held to.
    pub sandbox_identity: SandboxIdentity,
    /// What a container may do by default.
    pub default_capabilities: CapabilitySet,
    /// `CreateContainer` already runs the OCI runtime, and fails with it.
    ///
    /// CRI-O; containerd does so in `StartContainer` (case `sup/merge/neg`).
    pub oci_runtime_runs_at_creation: bool,
    /// `: unknown` ends the text of a failed task.
    ///
    /// containerd 1.6 and 1.7 (case `sup/merge/over31`).
    pub task_errors_end_in_unknown: bool,
    /// Lines that the OCI runtime logs before the error that it fails with.
    ///
    /// CRI-O 1.30 and 1.31 pass on three warnings, 1.37 none (case `ug/merge/u0-g-1`).
    pub oci_runtime_warnings: &'static [&'static str],
}

/// Whether `supplemental_groups_policy` has a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicySupport {
    /// Every value, also an unknown one, is taken for Merge
    /// (containerd 1.6, 1.7, CRI-O 1.30: case `unknown-policy/2` runs).
    Ignored,
    /// Merge and Strict work, an unknown value fails `CreateContainer`.
    Honoured,
}

/// How a user is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserLookUp {
    /// The user text, `user[:group]`, is taken apart; each part is an id or a name.
    ///
    /// containerd: `run_as_group` is appended to the text, so `1000:50000` as user name
    /// becomes `invalid USER value 1000:50000:3000` (`name-gid/merge/1000:50000`). With a
    /// group given the passwd line's gid plays no part.
    ByParts(OutOfRangeIds),
    /// One look-up over both files, as in `user.GetExecUser` of moby and runc.
    ///
    /// CRI-O: a group in the user text replaces the image's memberships
    /// (`user-1000-2000/merge/no-user`), `run_as_group` is put in afterwards, and without
    /// any user the passwd line of uid 0 still counts (`badpasswd/merge/no-user`).
    ExecUser,
}

/// What happens to a requested id outside 0 to 2147483647.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutOfRangeIds {
    /// It is taken for a name, usually one that is not found.
    ///
    /// containerd 1.6 and 1.7 (`ug/merge/u-1-g0`: `no users found`).
    LookedUpAsName,
    /// `invalid USER value "…": uid out of range`.
    ///
    /// containerd 2.x (`ug/merge/u-1-g0`).
    Refused,
}

/// What numbers in `/etc/passwd` and `/etc/group` mean. A field that is no number is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileIds {
    /// They are taken modulo 2^32: 4294967296 is root's 0, -5 is 4294967291
    /// (`gid-4g1/merge/uid1000`).
    Modulo2Pow32,
    /// Anything outside 0 to 2147483647 becomes 4294967295, which the kernel refuses.
    ///
    /// Debian's build of containerd 2.1.9, whose `moby/sys/user` is of September 2026
    /// (`gid-neg/merge/uid1000`, `gid-4g1/merge/uid1000`).
    OutOfRangeIsInvalid,
}

/// Whose memberships Merge adds when the request names no user but the image does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageUserGroups {
    /// Those of uid 0.
    ///
    /// containerd 1.6: `user-1000/merge/no-user` has no 50000; that root's memberships are
    /// merged instead was read in its `containerSpecOpts`.
    OfRoot,
    /// Those of the image's user, up to its colon.
    OfImageUser,
}

/// How user files are opened, and in which words that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserFileAccess {
    /// On a temporary mount; what is there is opened, a directory fails when it is read
    /// (containerd 1.6 and 1.7: `read …/etc/group: is a directory`).
    Mounted,
    /// On a temporary mount, after a look at what is there
    /// (containerd 2.0 and 2.1: `…/etc/group is not a regular file`).
    MountedRegular,
    /// On a temporary mount, by a root that links may not leave: an absolute link of the
    /// file itself is taken as the image's, one that climbs too far is
    /// `path escapes from parent` (containerd 2.2).
    MountedRoot,
    /// In the layers themselves, without a mount (containerd 2.3: `lstat etc/passwd: file
    /// does not exist`).
    Layers,
    /// In the container's merged file system; a file that cannot be opened counts as
    /// absent (CRI-O).
    Merged,
}

/// How lines of `/etc/group` are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupReader {
    /// Lines of any length (`longline/merge/uid1000`: 80,000 characters are no matter).
    AnyLength,
    /// A line beyond 1 MiB is an error (Debian's containerd 2.1.9, read in its
    /// `moby/sys/user`).
    UpToOneMebibyte,
}

/// The order of the reported groups; duplicates are left out in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportedOrder {
    /// By number (containerd).
    Ascending,
    /// The primary gid, the image's groups in file order, the requested ones as requested
    /// (CRI-O: `groups/merge/uid1000` reports 1000, 50000, 4000).
    AsGathered,
}

/// What a sandbox's `run_as_user` and `run_as_group` are held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SandboxIdentity {
    /// Its process runs as they say, so they are refused like a container's
    /// (containerd: recorded with kubelet 1.36.2, case `strict-group-only`).
    ///
    /// The text before the refusal differs: 2.x says which sandbox it could not start.
    Refusable {
        /// `failed to start sandbox "ID": ` comes first.
        names_the_sandbox: bool,
    },
    /// They play no part (CRI-O; read in its `server/sandbox_run_linux.go`).
    Ignored,
}

/// What a container may do by default, by CRI names without `CAP_`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CapabilitySet(pub &'static [&'static str]);
