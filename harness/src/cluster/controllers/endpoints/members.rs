//! Which pods a service leads to, and on which ports.

use k8s_openapi::api::core::v1::{Pod, Service, ServicePort};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::super::super::store::{has_ended, node_of};
use super::super::pods::is_ready;
use super::HEADLESS;

/// A port on which a pod is reached.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Port {
    pub(super) name: String,
    pub(super) number: i32,
    pub(super) protocol: String,
    pub(super) app_protocol: Option<String>,
}

/// Whether nothing about a pod has changed that its endpoints show.
pub(super) fn same(before: &Pod, after: &Pod) -> bool {
    let shown = |pod: &Pod| {
        (
            address(pod).map(str::to_owned),
            is_ready(pod),
            has_ended(pod),
            pod.metadata.deletion_timestamp.is_some(),
            node_of(pod).map(str::to_owned),
        )
    };
    before.metadata.labels == after.metadata.labels && shown(before) == shown(after)
}

/// A pod's address.
pub(super) fn address(pod: &Pod) -> Option<&str> {
    pod.status.as_ref()?.pod_ip.as_deref().filter(|address| !address.is_empty())
}

/// Whether a pod belongs to a service's endpoints at all.
pub(super) fn is_member(pod: &Pod) -> bool {
    !has_ended(pod) && address(pod).is_some()
}

/// Whether a service leads to pods that are not ready, too.
pub(super) fn leads_to_all(service: &Service) -> bool {
    service.spec.as_ref().and_then(|spec| spec.publish_not_ready_addresses).unwrap_or(false)
}

/// Whether a service has no address of its own.
pub(super) fn is_headless(service: &Service) -> bool {
    let spec = service.spec.as_ref();
    spec.and_then(|spec| spec.cluster_ip.as_deref()) == Some("None")
}

/// The labels that a service hands on to its endpoints.
pub(super) fn labels(service: &Service) -> std::collections::BTreeMap<String, String> {
    let mut labels = service.metadata.labels.clone().unwrap_or_default();
    labels.remove(HEADLESS);
    if is_headless(service) {
        labels.insert(HEADLESS.to_owned(), String::new());
    }
    labels
}

/// The ports of a service on a pod; those whose names no container knows are left out.
pub(super) fn ports(service: &Service, pod: &Pod) -> Vec<Port> {
    let ports = service.spec.iter().flat_map(|spec| spec.ports.iter().flatten());
    ports
        .filter_map(|port| {
            let protocol = port.protocol.clone().unwrap_or_else(|| "TCP".to_owned());
            Some(Port {
                name: port.name.clone().unwrap_or_default(),
                number: target(port, pod, &protocol)?,
                protocol,
                app_protocol: port.app_protocol.clone(),
            })
        })
        .collect()
}

fn target(port: &ServicePort, pod: &Pod, protocol: &str) -> Option<i32> {
    let name = match &port.target_port {
        None => return Some(port.port),
        Some(IntOrString::Int(0)) => return Some(port.port),
        Some(IntOrString::Int(number)) => return Some(*number),
        Some(IntOrString::String(name)) => name,
    };
    let spec = pod.spec.as_ref()?;
    let sidecars = spec.init_containers.iter().flatten();
    let sidecars = sidecars.filter(|one| one.restart_policy.as_deref() == Some("Always"));
    let containers = spec.containers.iter().chain(sidecars);
    containers
        .flat_map(|container| container.ports.iter().flatten())
        .find(|port| {
            port.name.as_ref() == Some(name)
                && port.protocol.as_deref().unwrap_or("TCP") == protocol
        })
        .map(|port| port.container_port)
}
