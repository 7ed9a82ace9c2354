//! How much a finding weighs: one table of groups that open something, and one of rules.

use crate::explain::report::{Id, Identity};
use crate::explain::warnings::Rule;

/// A group that opens more than its own files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sensitive {
    /// Its name, as distributions have it.
    pub name: &'static str,
    /// How much it weighs.
    pub weight: u32,
    /// What it opens on a host, as soon as a volume or a device of it is mounted.
    pub opens: &'static str,
}

const fn sensitive(name: &'static str, weight: u32, opens: &'static str) -> Sensitive {
    Sensitive { name, weight, opens }
}

/// Groups that open something (Debian's base-passwd, Alpine's and Fedora's `/etc/group`; the
/// sockets of container engines).
pub const SENSITIVE: &[Sensitive] = &[
    sensitive("root", 50, "files of the group root"),
    sensitive("docker", 50, "the Docker socket, and so the host"),
    sensitive("containerd", 50, "the containerd socket, and so the host"),
    sensitive("lxd", 50, "the LXD socket, and so the host"),
    sensitive("disk", 50, "block devices, and so every file of the host"),
    sensitive("kmem", 50, "the memory of the kernel"),
    sensitive("shadow", 40, "/etc/shadow with the passwords' hashes"),
    sensitive("sudo", 40, "sudo, where it is installed"),
    sensitive("wheel", 40, "su and sudo, where they are installed"),
    sensitive("admin", 40, "sudo, where it is installed"),
    sensitive("kvm", 20, "virtual machines"),
    sensitive("adm", 20, "logs in /var/log"),
    sensitive("systemd-journal", 20, "the journal"),
    sensitive("tty", 10, "terminals of others"),
    sensitive("video", 10, "graphics devices"),
    sensitive("render", 10, "graphics devices"),
    sensitive("input", 10, "keyboards and mice"),
    sensitive("dialout", 10, "serial ports"),
    sensitive("tape", 10, "tape drives"),
    sensitive("backup", 10, "backups"),
];

/// The gid that is root's group, whatever an image calls it.
const ROOT: u32 = 0;
/// What any other group weighs.
const ANY_GROUP: u32 = 5;
/// What a group weighs that root has: root needs none of it unless capabilities are taken away.
const OF_ROOT: u32 = 1;

/// What the rules weigh; those that are not here weigh what their groups do, and where Strict is
/// ignored the groups count as well.
const RULES: &[(Rule, u32)] = &[
    (Rule::StrictIgnored, 100),
    (Rule::StaleFeature, 100),
    (Rule::StrictDropped, 100),
    (Rule::UnknownPolicy, 90),
    (Rule::Refused, 90),
    (Rule::StrictRejected, 90),
    (Rule::GateOff, 90),
    (Rule::Rejected, 90),
    (Rule::GroupWithoutUser, 90),
    (Rule::NoSandbox, 90),
    (Rule::DoesNotStart, 90),
    (Rule::RootGroup, 30),
    (Rule::RootWithGroup, 15),
    (Rule::UnknownField, 30),
    (Rule::UnknownImage, 25),
    (Rule::RuntimesDiffer, 15),
    (Rule::ImplicitPrimaryGroup, 1),
    (Rule::StandIn, 1),
    (Rule::OtherArchitecture, 1),
];

/// How much a finding of a rule weighs, with the groups that it is about and the process that has
/// them.
#[must_use]
pub fn weight(rule: Rule, groups: &[Id], identity: Option<&Identity>) -> u32 {
    let of_rule = RULES.iter().find(|(known, _)| *known == rule).map_or(0, |(_, weight)| *weight);
    let is_root = identity.is_some_and(|identity| identity.user.id == 0);
    if of_rule > 0 && !matches!(rule, Rule::StrictIgnored | Rule::StaleFeature) {
        return of_rule;
    }
    let of_groups = groups.iter().map(|group| match opened_by(group) {
        _ if is_root => OF_ROOT,
        Some(sensitive) => sensitive.weight,
        None => ANY_GROUP,
    });
    of_groups.fold(of_rule, u32::saturating_add)
}

/// What a group opens, by the name that its image gives it.
#[must_use]
pub fn opened_by(group: &Id) -> Option<&'static Sensitive> {
    let name = if group.id == ROOT { "root" } else { group.name.as_deref()? };
    SENSITIVE.iter().find(|sensitive| sensitive.name == name)
}
