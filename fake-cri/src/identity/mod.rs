//! Who a container's process is, and where each of its gids comes from.
//!
//! Pure: from a request, an image's files and a release's rules to an answer or to the
//! refusal that the release gives. It reads no host file, never panics on any bytes, and
//! asks the rules of a [`Profile`], never its name.
//!
//! Two things are decided. First what the runtime writes into the OCI spec, which is what
//! `ContainerStatus.user` reports; then what the OCI runtime makes of the spec, which is
//! what the kernel attaches and `id` shows.

mod accounts;
mod by_parts;
mod entries;
mod exec_user;
mod names;
mod number;
mod oci;
mod refusal;
mod user_file;

use std::collections::HashSet;

pub use entries::AddedEntries;
pub use names::{group_name, user_name};
pub use refusal::{OciProblem, Reason, Refusal, Scene, Stage};
pub use user_file::{UserFile, UserFileError, UserFileProblem};

use crate::image::FileTree;
use crate::profile::{PolicySupport, Profile, ReportedOrder, SandboxIdentity, UserLookUp};

/// The part of a CRI security context that decides about identity.
#[derive(Debug, Clone, Copy, Default)]
pub struct Request<'a> {
    /// `run_as_user`.
    pub run_as_user: Option<i64>,
    /// `run_as_username`; empty when not set.
    pub run_as_username: &'a str,
    /// `run_as_group`.
    pub run_as_group: Option<i64>,
    /// `supplemental_groups`, in request order.
    pub supplemental_groups: &'a [i64],
    /// `supplemental_groups_policy` as a number: 0 is Merge, 1 Strict, others are unknown.
    pub supplemental_groups_policy: i32,
}

/// What the request is held against: the image, and what CRI-O needs for its own entries.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The files of the image.
    pub files: &'a FileTree,
    /// The image config's `User`.
    pub image_user: &'a str,
    /// The home directory for an added passwd entry: `HOME`, else the working directory.
    pub home: &'a str,
    /// A mount covers `/etc/passwd`, so no entry is added to it.
    pub passwd_is_mounted: bool,
    /// A mount covers `/etc/group`, so no entry is added to it.
    pub group_is_mounted: bool,
}

impl<'a> Surroundings<'a> {
    /// Files and image user, without mounts.
    #[must_use]
    pub fn of_image(files: &'a FileTree, image_user: &'a str) -> Self {
        Self { files, image_user, home: "/", passwd_is_mounted: false, group_is_mounted: false }
    }
}

/// Where a gid comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GidOrigin {
    /// Primary: `run_as_group`.
    RunAsGroup,
    /// Primary: the group part of `run_as_username`.
    RunAsUsername,
    /// Primary: the group part of the image config's `User`.
    ImageConfig,
    /// Primary: the user's line in `/etc/passwd`.
    Passwd {
        /// From 1.
        line: usize,
    },
    /// Primary: nothing names one, so it is 0.
    Default,
    /// A line of `/etc/group` lists the user.
    GroupFile {
        /// From 1.
        line: usize,
    },
    /// `supplemental_groups` asks for it.
    Requested {
        /// From 0.
        index: usize,
    },
    /// The OCI runtime put it in the place of a requested gid, because a group has that
    /// number for a name; see [`OciRuntime::Runc1_1`](crate::profile::OciRuntime::Runc1_1).
    GroupNamedAsNumber {
        /// The line of `/etc/group`, from 1.
        line: usize,
        /// The gid that the runtime had written.
        instead_of: u32,
    },
}

impl GidOrigin {
    /// Whether this makes a gid the primary one.
    #[must_use]
    pub fn is_primary(self) -> bool {
        !matches!(
            self,
            Self::GroupFile { .. } | Self::Requested { .. } | Self::GroupNamedAsNumber { .. }
        )
    }
}

/// A gid and one reason for it; a gid may have several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GidProvenance {
    /// The gid.
    pub gid: u32,
    /// One of its origins.
    pub origin: GidOrigin,
}

/// Where the uid comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UidOrigin {
    /// `run_as_username`.
    RunAsUsername,
    /// `run_as_user`.
    RunAsUser,
    /// The image config's `User`.
    ImageConfig,
    /// Nothing names one, so it is 0.
    Default,
}

/// Who a process is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The uid.
    pub uid: u32,
    /// The primary gid.
    pub gid: u32,
    /// Who decided the uid.
    pub uid_origin: UidOrigin,
    /// The line of `/etc/passwd` that has the user, from 1.
    pub passwd_line: Option<usize>,
    /// What the kernel attaches: ascending, without duplicates.
    pub groups: Vec<u32>,
    /// The runtime's own list, in the order in which it reports it, without duplicates.
    pub listed_groups: Vec<u32>,
    /// Every gid with each of its origins; the primary gid's own comes first.
    pub provenance: Vec<GidProvenance>,
}

/// A request that got as far as a created container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// Who the process is.
    pub identity: Identity,
    /// The identity that `ContainerStatus.user` reports; `false`: the release has none.
    pub is_reported: bool,
    /// What the runtime adds to the container's own user files.
    pub added_entries: AddedEntries,
    /// The refusal with which starting it ends.
    pub refused_at_start: Option<Refusal>,
}

/// Decides who a container's process is.
///
/// # Errors
/// The release's [`Refusal`] of `CreateContainer`.
pub fn resolve(
    profile: &Profile,
    request: &Request<'_>,
    surroundings: &Surroundings<'_>,
) -> Result<Resolved, Refusal> {
    let found = match profile.rules.user_look_up {
        UserLookUp::ByParts(out_of_range) => {
            by_parts::find(&profile.rules, out_of_range, request, surroundings)
        }
        UserLookUp::ExecUser => exec_user::find(&profile.rules, request, surroundings),
    }
    .map_err(|reason| Refusal { stage: Stage::CreateContainer, reason })?;
    let order = profile.rules.reported_order.unwrap_or(ReportedOrder::Ascending);
    let user_gid = found.user_gid;
    let mut identity = found.into_identity(order);
    let added_entries = if profile.rules.account_entries_are_added {
        entries::add(request, surroundings, &identity, user_gid)
            .map_err(|reason| Refusal { stage: Stage::CreateContainer, reason })?
    } else {
        AddedEntries::default()
    };
    let refused = oci::attach(profile, surroundings, &added_entries, &mut identity).err();
    let stage = oci::stage(profile);
    let refused = refused.map(|problem| Refusal { stage, reason: Reason::Oci(problem) });
    let refused_at_start = match refused {
        Some(refusal) if stage == Stage::CreateContainer => return Err(refusal),
        refused => refused,
    };
    let is_reported = profile.rules.reported_order.is_some();
    Ok(Resolved { identity, is_reported, added_entries, refused_at_start })
}

/// Who a sandbox's own process is. Its policy is not looked at.
///
/// # Errors
/// The release's [`Refusal`] of `RunPodSandbox`.
pub fn resolve_sandbox(
    profile: &Profile,
    request: &Request<'_>,
    surroundings: &Surroundings<'_>,
) -> Result<Identity, Refusal> {
    let refuse = |reason| Refusal { stage: Stage::RunPodSandbox, reason };
    let rules = &profile.rules;
    let found = match (rules.user_look_up, rules.sandbox_identity) {
        (UserLookUp::ByParts(out_of_range), SandboxIdentity::Refusable { .. }) => {
            by_parts::find_without_memberships(rules, out_of_range, request, surroundings)
                .map_err(refuse)?
        }
        _ => Found::root(),
    };
    let mut identity = found.into_identity(ReportedOrder::Ascending);
    oci::attach(profile, surroundings, &AddedEntries::default(), &mut identity)
        .map_err(|problem| refuse(Reason::Oci(problem)))?;
    Ok(identity)
}

/// What the policy means for a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Policy {
    Merge,
    Strict,
}

impl Policy {
    const STRICT: i32 = 1;

    fn of(support: PolicySupport, number: i32) -> Result<Self, Reason> {
        match (support, number) {
            (PolicySupport::Ignored, _) | (_, 0) => Ok(Self::Merge),
            (_, Self::STRICT) => Ok(Self::Strict),
            (_, unknown) => Err(Reason::UnknownPolicy(unknown)),
        }
    }
}

/// What a look-up found, before the OCI runtime sees it.
struct Found {
    uid: u32,
    gid: u32,
    uid_origin: UidOrigin,
    passwd_line: Option<usize>,
    /// The primary gid as the look-up gave it, before `run_as_group` took its place.
    user_gid: u32,
    provenance: Vec<GidProvenance>,
}

impl Found {
    /// uid 0, gid 0, because nothing was asked for.
    fn root() -> Self {
        Self {
            uid: 0,
            gid: 0,
            uid_origin: UidOrigin::Default,
            passwd_line: None,
            user_gid: 0,
            provenance: vec![GidProvenance { gid: 0, origin: GidOrigin::Default }],
        }
    }

    fn add_requested(&mut self, groups: &[i64]) {
        self.provenance.extend(groups.iter().enumerate().map(|(index, &gid)| GidProvenance {
            gid: accounts::wrap(gid),
            origin: GidOrigin::Requested { index },
        }));
    }

    fn into_identity(self, order: ReportedOrder) -> Identity {
        let mut listed_groups: Vec<u32> = self.provenance.iter().map(|entry| entry.gid).collect();
        match order {
            ReportedOrder::Ascending => {
                listed_groups.sort_unstable();
                listed_groups.dedup();
            }
            ReportedOrder::AsGathered => keep_first_of_each(&mut listed_groups),
        }
        let mut groups = listed_groups.clone();
        groups.sort_unstable();
        Identity {
            uid: self.uid,
            gid: self.gid,
            uid_origin: self.uid_origin,
            passwd_line: self.passwd_line,
            groups,
            listed_groups,
            provenance: self.provenance,
        }
    }
}

/// How many groups are compared pair by pair before a set is worth its allocation.
const FEW_GROUPS: usize = 32;

fn keep_first_of_each(gids: &mut Vec<u32>) {
    if gids.len() <= FEW_GROUPS {
        let mut kept = 0;
        for at in 0..gids.len() {
            let gid = gids[at];
            if !gids[..kept].contains(&gid) {
                gids[kept] = gid;
                kept += 1;
            }
        }
        gids.truncate(kept);
    } else {
        let mut seen = HashSet::with_capacity(gids.len());
        gids.retain(|&gid| seen.insert(gid));
    }
}
