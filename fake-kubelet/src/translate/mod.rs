//! Pod to CRI: what a kubelet sends to a runtime for a pod and its containers.
//!
//! Pure; what is sent follows `pkg/kubelet/kuberuntime` in Kubernetes 1.30 to
//! 1.36 and is compared with recordings of kubelet 1.36.2.

pub mod container;
pub(crate) mod downward;
pub mod environment;
pub mod labels;
pub mod resources;
pub mod sandbox;
pub mod security;

use k8s_openapi::api::core::v1::{Container, EphemeralContainer, Pod};

use crate::volumes::MountedVolume;

/// Why a pod cannot be put into CRI's terms; the kubelet's own words.
pub type TranslateError = String;

/// What a pod's translation needs besides the pod.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The kubelet's configuration.
    pub config: &'a crate::config::KubeletConfig,
    /// The pod's mounted volumes, by name.
    pub volumes: &'a [(String, MountedVolume)],
    /// The pod's address; empty before it has one.
    pub pod_ip: &'a str,
}

/// How the kubelet names a pod in messages: `name_namespace(uid)`.
#[must_use]
pub fn pod_format(pod: &Pod) -> String {
    let metadata = &pod.metadata;
    format!(
        "{}_{}({})",
        metadata.name.as_deref().unwrap_or_default(),
        metadata.namespace.as_deref().unwrap_or_default(),
        metadata.uid.as_deref().unwrap_or_default()
    )
}

/// Whether the pod shares the node's network: it asks for that, or the node has no other.
#[must_use]
pub fn on_host_network(pod: &Pod, config: &crate::config::KubeletConfig) -> bool {
    let asked = pod.spec.as_ref().and_then(|spec| spec.host_network);
    config.host_network_only || asked.unwrap_or(false)
}

/// An ephemeral container in the form of the others.
#[must_use]
pub fn ephemeral_as_container(container: &EphemeralContainer) -> Container {
    let EphemeralContainer {
        name,
        image,
        image_pull_policy,
        command,
        args,
        env,
        env_from,
        resources,
        security_context,
        stdin,
        stdin_once,
        tty,
        termination_message_path,
        termination_message_policy,
        volume_mounts,
        working_dir,
        ..
    } = container.clone();
    Container {
        name,
        image,
        image_pull_policy,
        command,
        args,
        env,
        env_from,
        resources,
        security_context,
        stdin,
        stdin_once,
        tty,
        termination_message_path,
        termination_message_policy,
        volume_mounts,
        working_dir,
        ..Container::default()
    }
}

/// The groups that volumes demand and the pod does not ask for itself, in the
/// order kubelets give them: sorted as text, each once.
#[must_use]
pub fn groups_from_volumes(pod: &Pod, volumes: &[(String, MountedVolume)]) -> Vec<i64> {
    let own = pod
        .spec
        .as_ref()
        .and_then(|spec| spec.security_context.as_ref())
        .and_then(|context| context.supplemental_groups.as_deref())
        .unwrap_or_default();
    let mut groups: Vec<i64> = volumes
        .iter()
        .filter_map(|(_, volume)| volume.supplemental_group)
        .filter(|group| !own.contains(group))
        .collect();
    groups.sort_by_key(i64::to_string);
    groups.dedup();
    groups
}
