//! What differs between runtime releases, as data: one table of profiles, each a set of
//! named rules.
//!
//! Code asks a profile's rules, never its name. What a rule says was seen on the releases
//! that [`Evidence`] names; where behaviour was only read or lies between two recorded
//! releases, that is said.

mod answers;
mod rules;
mod table;

pub use rules::{
    CapabilitySet, FileIds, GroupReader, ImageUserGroups, OutOfRangeIds, PolicySupport,
    ReportedOrder, Rules, SandboxIdentity, UserFileAccess, UserLookUp,
};
pub use table::PROFILES;

/// One runtime release: what it says of itself and by which rules it works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The profile's name, such as `containerd-2.1`.
    pub name: &'static str,
    /// `runtime_name` in CRI `Version`.
    pub runtime_name: &'static str,
    /// `runtime_version` in CRI `Version`, such as `1.7.24`.
    ///
    /// Debian's 2.1.9 says `2.1.9+unknown` (`kubelet-sequences.jsonl`).
    pub runtime_version: &'static str,
    /// What the profile rests on.
    pub evidence: Evidence,
    /// The OCI runtime that it drives.
    pub oci_runtime: OciRuntime,
    /// The `features` message of CRI `Status`; `None`: the release sends none.
    pub features: Option<Features>,
    /// The handlers that CRI `Status` tells of, the default one by no name. None for CRI-O,
    /// whose answer was not recorded.
    pub handlers: &'static [Handler],
    /// How it decides.
    pub rules: Rules,
}

/// A runtime handler and what it can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handler {
    /// The name that a runtime class leads to.
    pub name: &'static str,
    /// `features.recursive_read_only_mounts`.
    pub recursive_read_only_mounts: bool,
    /// `features.user_namespaces`.
    pub user_namespaces: bool,
}

/// What a profile rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// The release was recorded: the name of the recording.
    Recorded(&'static str),
    /// The release lies between two recorded ones that agree in every case.
    Inferred {
        /// The recording before it.
        after: &'static str,
        /// The recording after it.
        before: &'static str,
    },
}

/// The program that makes the process out of a spec; part of who refuses odd ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OciRuntime {
    /// runc 1.1 looks the ids up once more, in the container's own `/etc/passwd` and
    /// `/etc/group`, and refuses what is neither there nor within 0 to 2147483647
    /// (recordings of containerd 1.6 and 1.7 and of CRI-O, case `sup/merge/over31`).
    ///
    /// A requested gid is compared with names too: a group *named* `4000` decides what a
    /// requested 4000 means (read in `user.GetAdditionalGroups` of runc 1.1).
    Runc1_1,
    /// runc 1.3 hands the ids to the kernel as they are (recordings of containerd 2.x).
    Runc1_3,
}

/// The `features` message of CRI `Status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Features {
    /// `supplemental_groups_policy`.
    pub supplemental_groups_policy: bool,
    /// `user_namespaces_host_network`: sent by CRI-O 1.37.
    pub user_namespaces_host_network: bool,
}

/// The profile with this name, such as `containerd-2.1`.
#[must_use]
pub fn find(name: &str) -> Option<&'static Profile> {
    PROFILES.iter().find(|profile| profile.name == name)
}

/// All profiles, in the table's order: containerd, then CRI-O, each by age.
#[must_use]
pub fn all() -> &'static [Profile] {
    PROFILES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_and_unique() {
        for profile in all() {
            assert_eq!(find(profile.name), Some(profile));
            assert_eq!(all().iter().filter(|other| other.name == profile.name).count(), 1);
        }
        assert_eq!(find("containerd-9.9"), None);
    }

    #[test]
    fn a_release_that_sends_no_features_ignores_the_policy_and_reports_no_user() {
        for profile in all() {
            let supported = profile.features.is_some_and(|sent| sent.supplemental_groups_policy);
            assert_eq!(supported, profile.rules.policy == PolicySupport::Honoured);
            assert_eq!(supported, profile.rules.reported_order.is_some());
        }
    }
}
