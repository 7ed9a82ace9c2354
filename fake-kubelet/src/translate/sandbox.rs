//! A pod's sandbox in CRI's terms.

use cri_api::v1;
use k8s_openapi::api::core::v1::Pod;

use super::security::sandbox_context;
use super::{Context, TranslateError, labels, on_host_network};

/// The longest host name, in characters.
const LONGEST_HOSTNAME: usize = 63;

/// The sandbox config of a pod, for its `attempt`-th sandbox from 0.
///
/// # Errors
/// What of the pod CRI cannot express, in the kubelet's words.
pub fn sandbox_config(
    pod: &Pod,
    attempt: u32,
    context: &Context<'_>,
) -> Result<v1::PodSandboxConfig, TranslateError> {
    let metadata = &pod.metadata;
    let name = metadata.name.clone().unwrap_or_default();
    let namespace = metadata.namespace.clone().unwrap_or_default();
    let uid = metadata.uid.clone().unwrap_or_default();
    let log_directory = context
        .config
        .pod_logs_directory
        .as_ref()
        .map(|root| format!("{root}/{namespace}_{name}_{uid}"))
        .unwrap_or_default();
    let hostname = if on_host_network(pod, context.config) { String::new() } else { hostname(pod) };
    let sysctls = pod
        .spec
        .iter()
        .filter_map(|spec| spec.security_context.as_ref()?.sysctls.as_ref())
        .flatten()
        .map(|sysctl| (sysctl.name.clone(), sysctl.value.clone()))
        .collect();
    Ok(v1::PodSandboxConfig {
        metadata: Some(v1::PodSandboxMetadata { name, uid, namespace, attempt }),
        hostname,
        log_directory,
        labels: labels::sandbox_labels(pod, &context.config.extra_labels),
        annotations: labels::sandbox_annotations(pod),
        linux: Some(v1::LinuxPodSandboxConfig {
            cgroup_parent: String::new(),
            security_context: Some(sandbox_context(pod, context)?),
            sysctls,
        }),
    })
}

/// The manifest's host name, else the pod's name, cut to what a host name may be.
fn hostname(pod: &Pod) -> String {
    let asked = pod.spec.as_ref().and_then(|spec| spec.hostname.as_deref());
    let name =
        asked.filter(|name| !name.is_empty()).or(pod.metadata.name.as_deref()).unwrap_or_default();
    let cut: String = name.chars().take(LONGEST_HOSTNAME).collect();
    cut.trim_end_matches(['-', '.']).to_owned()
}
