//! Security contexts: who a process is to be and what it may do.

use cri_api::v1;
use cri_api::v1::security_profile::ProfileType;
use k8s_openapi::api::core::v1::{
    AppArmorProfile, Container, Pod, PodSecurityContext, PodSpec, SeccompProfile, SecurityContext,
};

use super::{Context, TranslateError, groups_from_volumes, pod_format};
use crate::config::KubeletConfig;
use crate::version::Gate;

/// The user that an image's config names, as CRI `ImageStatus` reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageUser {
    /// A number.
    Uid(i64),
    /// A name, to be found in the image's `/etc/passwd`.
    Name(String),
}

impl ImageUser {
    /// The numeric user, else the name, else root: a kubelet always sends one.
    #[must_use]
    pub fn of(image: &v1::Image) -> Self {
        match (&image.uid, image.username.as_str()) {
            (Some(uid), _) => Self::Uid(uid.value),
            (None, "") => Self::Uid(0),
            (None, name) => Self::Name(name.to_owned()),
        }
    }
}

/// A pod's security context; an absent one is empty.
fn pod_context(pod: &Pod) -> Option<&PodSecurityContext> {
    pod.spec.as_ref()?.security_context.as_ref()
}

/// A value of the container, else of the pod.
fn effective<T>(
    pod: &Pod,
    container: &Container,
    of_container: impl FnOnce(&SecurityContext) -> Option<T>,
    of_pod: impl FnOnce(&PodSecurityContext) -> Option<T>,
) -> Option<T> {
    container
        .security_context
        .as_ref()
        .and_then(of_container)
        .or_else(|| pod_context(pod).and_then(of_pod))
}

/// Verifies `runAsNonRoot`, as far as a kubelet can without the image's files.
///
/// # Errors
/// The kubelet's message (measured on 1.36.2); the container then waits with
/// `CreateContainerConfigError`.
pub fn verify_run_as_non_root(
    pod: &Pod,
    container: &Container,
    image_user: &ImageUser,
) -> Result<(), TranslateError> {
    let required = effective(pod, container, |c| c.run_as_non_root, |p| p.run_as_non_root);
    if required != Some(true) {
        return Ok(());
    }
    let refuse = |what: &str| {
        Err(format!("{what} (pod: {:?}, container: {})", pod_format(pod), container.name))
    };
    let asked = effective(pod, container, |c| c.run_as_user, |p| p.run_as_user);
    match (asked, image_user) {
        (Some(0), _) => refuse("container's runAsUser breaks non-root policy"),
        (Some(_), _) => Ok(()),
        (None, ImageUser::Uid(0)) => {
            refuse("container has runAsNonRoot and image will run as root")
        }
        (None, ImageUser::Uid(_)) => Ok(()),
        (None, ImageUser::Name(name)) => refuse(&format!(
            "container has runAsNonRoot and image has non-numeric user ({name}), \
             cannot verify user is non-root"
        )),
    }
}

/// The policy to send; nothing where the version does not know the field.
///
/// Sent whenever the manifest says so, also when the gate is off (measured on
/// kubelets 1.32.13 and 1.33.13, behaviour.md §5).
fn policy(
    pod: &Pod,
    context: &Context<'_>,
) -> Result<v1::SupplementalGroupsPolicy, TranslateError> {
    let known = context.config.feature_gates.stage(Gate::SupplementalGroupsPolicy).is_some();
    let asked = pod_context(pod).and_then(|pod| pod.supplemental_groups_policy.as_deref());
    match asked {
        Some(asked) if known => v1::SupplementalGroupsPolicy::from_str_name(asked)
            .ok_or_else(|| format!("unsupported supplementalGroupsPolicy: {asked}")),
        _ => Ok(v1::SupplementalGroupsPolicy::Merge),
    }
}

/// Where the groups that volumes demand stand among the others: they follow
/// `fsGroup` in a sandbox's list and close a container's.
enum VolumeGroups {
    AfterFsGroup,
    Last,
}

fn supplemental_groups(pod: &Pod, context: &Context<'_>, place: &VolumeGroups) -> Vec<i64> {
    let from_volumes = if context.volumes.is_empty() {
        Vec::new()
    } else {
        groups_from_volumes(pod, context.volumes)
    };
    let Some(security) = pod_context(pod) else { return from_volumes };
    let own = security.supplemental_groups.as_deref().unwrap_or_default();
    let mut groups = Vec::with_capacity(own.len() + from_volumes.len() + 1);
    groups.extend(security.fs_group);
    match place {
        VolumeGroups::AfterFsGroup => {
            groups.extend(from_volumes);
            groups.extend(own);
        }
        VolumeGroups::Last => {
            groups.extend(own);
            groups.extend(from_volumes);
        }
    }
    groups
}

/// The namespaces of a pod's sandbox and containers.
#[must_use]
pub fn namespaces(spec: &PodSpec, config: &KubeletConfig) -> v1::NamespaceOption {
    let node_or_pod = |host: Option<bool>| {
        if host == Some(true) { v1::NamespaceMode::Node } else { v1::NamespaceMode::Pod }
    };
    let pid = if spec.host_pid == Some(true) {
        v1::NamespaceMode::Node
    } else if spec.share_process_namespace == Some(true) {
        v1::NamespaceMode::Pod
    } else {
        v1::NamespaceMode::Container
    };
    v1::NamespaceOption {
        network: node_or_pod(Some(config.host_network_only || spec.host_network == Some(true)))
            .into(),
        ipc: node_or_pod(spec.host_ipc).into(),
        pid: pid.into(),
        target_id: String::new(),
    }
}

fn int64(value: i64) -> v1::Int64Value {
    v1::Int64Value { value }
}

/// The security context of a pod's sandbox: pod-level values only.
///
/// # Errors
/// A policy that CRI has no number for.
pub fn sandbox_context(
    pod: &Pod,
    context: &Context<'_>,
) -> Result<v1::LinuxSandboxSecurityContext, TranslateError> {
    let spec = pod.spec.as_ref();
    let security = pod_context(pod);
    Ok(v1::LinuxSandboxSecurityContext {
        namespace_options: spec.map(|spec| namespaces(spec, context.config)),
        run_as_user: security.and_then(|s| s.run_as_user).map(int64),
        run_as_group: security.and_then(|s| s.run_as_group).map(int64),
        readonly_rootfs: false,
        supplemental_groups: supplemental_groups(pod, context, &VolumeGroups::AfterFsGroup),
        supplemental_groups_policy: policy(pod, context)?.into(),
        privileged: spec.is_some_and(any_privileged),
        seccomp: Some(profile(ProfileType::RuntimeDefault, String::new())),
        apparmor: None,
    })
}

fn any_privileged(spec: &PodSpec) -> bool {
    let privileged = |context: &Option<SecurityContext>| {
        context.as_ref().and_then(|context| context.privileged) == Some(true)
    };
    spec.containers.iter().any(|c| privileged(&c.security_context))
        || spec.init_containers.iter().flatten().any(|c| privileged(&c.security_context))
        || spec.ephemeral_containers.iter().flatten().any(|c| privileged(&c.security_context))
}

/// The security context of a container.
///
/// # Errors
/// A policy that CRI has no number for.
pub fn container_context(
    pod: &Pod,
    container: &Container,
    image_user: ImageUser,
    context: &Context<'_>,
) -> Result<v1::LinuxContainerSecurityContext, TranslateError> {
    let own = container.security_context.as_ref();
    let asked = effective(pod, container, |c| c.run_as_user, |p| p.run_as_user);
    let (run_as_user, run_as_username) = match (asked, image_user) {
        (Some(uid), _) | (None, ImageUser::Uid(uid)) => (Some(int64(uid)), String::new()),
        (None, ImageUser::Name(name)) => (None, name),
    };
    let unmasked = own.and_then(|c| c.proc_mount.as_deref()) == Some("Unmasked");
    let paths = |list: &[&str]| {
        if unmasked { Vec::new() } else { list.iter().map(|path| (*path).to_owned()).collect() }
    };
    Ok(v1::LinuxContainerSecurityContext {
        capabilities: own.and_then(|c| c.capabilities.as_ref()).map(|asked| v1::Capability {
            add_capabilities: asked.add.clone().unwrap_or_default(),
            drop_capabilities: asked.drop.clone().unwrap_or_default(),
            add_ambient_capabilities: Vec::new(),
        }),
        privileged: own.and_then(|c| c.privileged).unwrap_or(false),
        namespace_options: pod.spec.as_ref().map(|spec| namespaces(spec, context.config)),
        run_as_user,
        run_as_username,
        run_as_group: effective(pod, container, |c| c.run_as_group, |p| p.run_as_group).map(int64),
        readonly_rootfs: own.and_then(|c| c.read_only_root_filesystem).unwrap_or(false),
        supplemental_groups: supplemental_groups(pod, context, &VolumeGroups::Last),
        supplemental_groups_policy: policy(pod, context)?.into(),
        no_new_privs: own.and_then(|c| c.allow_privilege_escalation) == Some(false),
        masked_paths: paths(MASKED_PATHS),
        readonly_paths: paths(READ_ONLY_PATHS),
        seccomp: Some(seccomp(pod, container)),
        apparmor: app_armor(pod, container),
    })
}

/// What `procMount: Default` hides, in the kubelet's order.
const MASKED_PATHS: &[&str] = &[
    "/proc/asound",
    "/proc/acpi",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/sys/firmware",
    "/sys/devices/virtual/powercap",
];

/// What `procMount: Default` makes read-only, in the kubelet's order.
const READ_ONLY_PATHS: &[&str] =
    &["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/// Where kubelets look for seccomp profiles of their own.
const SECCOMP_FOLDER: &str = "/var/lib/kubelet/seccomp";

fn profile(profile_type: ProfileType, localhost_ref: String) -> v1::SecurityProfile {
    v1::SecurityProfile { profile_type: profile_type.into(), localhost_ref }
}

fn seccomp(pod: &Pod, container: &Container) -> v1::SecurityProfile {
    let asked: Option<SeccompProfile> =
        effective(pod, container, |c| c.seccomp_profile.clone(), |p| p.seccomp_profile.clone());
    match asked {
        Some(asked) if asked.type_ == "RuntimeDefault" => {
            profile(ProfileType::RuntimeDefault, String::new())
        }
        Some(asked) if asked.type_ == "Localhost" => {
            let file = asked.localhost_profile.unwrap_or_default();
            profile(ProfileType::Localhost, format!("{SECCOMP_FOLDER}/{file}"))
        }
        _ => profile(ProfileType::Unconfined, String::new()),
    }
}

fn app_armor(pod: &Pod, container: &Container) -> Option<v1::SecurityProfile> {
    let asked: AppArmorProfile = effective(
        pod,
        container,
        |c| c.app_armor_profile.clone(),
        |p| p.app_armor_profile.clone(),
    )?;
    Some(match asked.type_.as_str() {
        "Localhost" => profile(ProfileType::Localhost, asked.localhost_profile.unwrap_or_default()),
        "Unconfined" => profile(ProfileType::Unconfined, String::new()),
        _ => profile(ProfileType::RuntimeDefault, String::new()),
    })
}
