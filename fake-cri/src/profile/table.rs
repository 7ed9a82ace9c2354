//! The table of profiles.

use super::rules::{
    CapabilitySet, FileIds, GroupReader, ImageUserGroups, OutOfRangeIds, PolicySupport,
    ReportedOrder, Rules, SandboxIdentity, UserFileAccess, UserLookUp,
};
use super::{Evidence, Features, Handler, OciRuntime, Profile};

/// containerd's default capabilities.
const CONTAINERD_CAPABILITIES: CapabilitySet = CapabilitySet(&[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
]);

/// CRI-O's default capabilities: fewer than containerd's.
const CRI_O_CAPABILITIES: CapabilitySet = CapabilitySet(&[
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "NET_BIND_SERVICE",
    "SETGID",
    "SETPCAP",
    "SETUID",
]);

/// 10 MiB: containerd 2.x's limit for user files.
const TEN_MEBIBYTES: usize = 10 * 1024 * 1024;

/// What runc 1.1.5 logged under CRI-O 1.30 and 1.31 before it failed.
const RUNC_WARNINGS: &[&str] = &[
    "cannot toggle freezer: cgroups not configured for container",
    "cannot toggle freezer: cgroups not configured for container",
    "lstat : no such file or directory",
];

const CONTAINERD_1_7: Rules = Rules {
    policy: PolicySupport::Ignored,
    user_look_up: UserLookUp::ByParts(OutOfRangeIds::LookedUpAsName),
    file_ids: FileIds::Modulo2Pow32,
    image_user_groups: ImageUserGroups::OfImageUser,
    group_named_like_user_is_skipped: true,
    primary_gid_joins_without_user: false,
    user_file_access: UserFileAccess::Mounted,
    user_file_limit: None,
    group_reader: GroupReader::AnyLength,
    account_entries_are_added: false,
    reported_order: None,
    sandbox_identity: SandboxIdentity::Refusable { names_the_sandbox: false },
    default_capabilities: CONTAINERD_CAPABILITIES,
    oci_runtime_runs_at_creation: false,
    task_errors_end_in_unknown: true,
    oci_runtime_warnings: &[],
};

const CONTAINERD_1_6: Rules =
    Rules { image_user_groups: ImageUserGroups::OfRoot, ..CONTAINERD_1_7 };

const CONTAINERD_2_0: Rules = Rules {
    policy: PolicySupport::Honoured,
    user_look_up: UserLookUp::ByParts(OutOfRangeIds::Refused),
    user_file_access: UserFileAccess::MountedRegular,
    user_file_limit: Some(TEN_MEBIBYTES),
    reported_order: Some(ReportedOrder::Ascending),
    sandbox_identity: SandboxIdentity::Refusable { names_the_sandbox: true },
    task_errors_end_in_unknown: false,
    ..CONTAINERD_1_7
};

const CONTAINERD_2_1: Rules = Rules {
    file_ids: FileIds::OutOfRangeIsInvalid,
    group_reader: GroupReader::UpToOneMebibyte,
    ..CONTAINERD_2_0
};

const CONTAINERD_2_2: Rules =
    Rules { user_file_access: UserFileAccess::MountedRoot, ..CONTAINERD_2_0 };

const CONTAINERD_2_3: Rules = Rules { user_file_access: UserFileAccess::Layers, ..CONTAINERD_2_0 };

const CRI_O_1_31: Rules = Rules {
    policy: PolicySupport::Honoured,
    user_look_up: UserLookUp::ExecUser,
    file_ids: FileIds::Modulo2Pow32,
    image_user_groups: ImageUserGroups::OfImageUser,
    group_named_like_user_is_skipped: false,
    primary_gid_joins_without_user: true,
    user_file_access: UserFileAccess::Merged,
    user_file_limit: None,
    group_reader: GroupReader::AnyLength,
    account_entries_are_added: true,
    reported_order: Some(ReportedOrder::AsGathered),
    sandbox_identity: SandboxIdentity::Ignored,
    default_capabilities: CRI_O_CAPABILITIES,
    oci_runtime_runs_at_creation: true,
    task_errors_end_in_unknown: false,
    oci_runtime_warnings: RUNC_WARNINGS,
};

const CRI_O_1_30: Rules =
    Rules { policy: PolicySupport::Ignored, reported_order: None, ..CRI_O_1_31 };

/// Where between 1.31 and 1.37 the warnings went was not seen; 1.32 to 1.36 keep them.
const CRI_O_1_37: Rules = Rules { oci_runtime_warnings: &[], ..CRI_O_1_31 };

const POLICY: Option<Features> =
    Some(Features { supplemental_groups_policy: true, user_namespaces_host_network: false });

/// The handlers of containerd with runc 1.3 (`api-1.36.2.json`: containerd 2.1.9).
const RUNC: &[Handler] = &[handler(""), handler("runc")];

const fn handler(name: &'static str) -> Handler {
    Handler { name, recursive_read_only_mounts: true, user_namespaces: true }
}

const fn containerd(
    name: &'static str,
    runtime_version: &'static str,
    recording: &'static str,
    oci_runtime: OciRuntime,
    features: Option<Features>,
    rules: Rules,
) -> Profile {
    Profile {
        name,
        runtime_name: "containerd",
        runtime_version,
        evidence: Evidence::Recorded(recording),
        oci_runtime,
        features,
        // Those that send no features message send no handlers either.
        handlers: if features.is_some() { RUNC } else { &[] },
        rules,
    }
}

const fn cri_o(
    name: &'static str,
    runtime_version: &'static str,
    evidence: Evidence,
    features: Option<Features>,
    rules: Rules,
) -> Profile {
    Profile {
        name,
        runtime_name: "cri-o",
        runtime_version,
        evidence,
        oci_runtime: OciRuntime::Runc1_1,
        features,
        handlers: &[],
        rules,
    }
}

/// CRI-O 1.32 to 1.36 lie between recorded releases that gave the same outcome in every case.
const BETWEEN: Evidence = Evidence::Inferred { after: "cri-o-1.31.13", before: "cri-o-1.37.0" };

/// Every release that the fake runtime can stand for.
pub static PROFILES: &[Profile] = &[
    containerd(
        "containerd-1.6",
        "1.6.20",
        "containerd-1.6.20",
        OciRuntime::Runc1_1,
        None,
        CONTAINERD_1_6,
    ),
    containerd(
        "containerd-1.7",
        "1.7.24",
        "containerd-1.7.24",
        OciRuntime::Runc1_1,
        None,
        CONTAINERD_1_7,
    ),
    containerd(
        "containerd-2.0",
        "2.0.11",
        "containerd-2.0.11",
        OciRuntime::Runc1_3,
        POLICY,
        CONTAINERD_2_0,
    ),
    containerd(
        "containerd-2.1",
        "2.1.9+unknown",
        "containerd-2.1.9",
        OciRuntime::Runc1_3,
        POLICY,
        CONTAINERD_2_1,
    ),
    containerd(
        "containerd-2.2",
        "2.2.7",
        "containerd-2.2.7",
        OciRuntime::Runc1_3,
        POLICY,
        CONTAINERD_2_2,
    ),
    containerd(
        "containerd-2.3",
        "2.3.4",
        "containerd-2.3.4",
        OciRuntime::Runc1_3,
        POLICY,
        CONTAINERD_2_3,
    ),
    cri_o("cri-o-1.30", "1.30.14", Evidence::Recorded("cri-o-1.30.14"), None, CRI_O_1_30),
    cri_o("cri-o-1.31", "1.31.13", Evidence::Recorded("cri-o-1.31.13"), POLICY, CRI_O_1_31),
    cri_o("cri-o-1.32", "1.32.0", BETWEEN, POLICY, CRI_O_1_31),
    cri_o("cri-o-1.33", "1.33.0", BETWEEN, POLICY, CRI_O_1_31),
    cri_o("cri-o-1.34", "1.34.0", BETWEEN, POLICY, CRI_O_1_31),
    cri_o("cri-o-1.35", "1.35.0", BETWEEN, POLICY, CRI_O_1_31),
    cri_o("cri-o-1.36", "1.36.0", BETWEEN, POLICY, CRI_O_1_31),
    cri_o(
        "cri-o-1.37",
        "1.37.0",
        Evidence::Recorded("cri-o-1.37.0"),
        Some(Features { supplemental_groups_policy: true, user_namespaces_host_network: true }),
        CRI_O_1_37,
    ),
];
