//! The labels and annotations by which a kubelet finds its own again.

use std::collections::BTreeMap;

use cri_api::v1;
use k8s_openapi::api::core::v1::{Container, Pod};

/// The pod's name, on sandboxes and containers.
pub const POD_NAME: &str = "io.kubernetes.pod.name";
/// The pod's namespace, on sandboxes and containers.
pub const POD_NAMESPACE: &str = "io.kubernetes.pod.namespace";
/// The pod's uid, on sandboxes and containers.
pub const POD_UID: &str = "io.kubernetes.pod.uid";
/// The container's name, on containers.
pub const CONTAINER_NAME: &str = "io.kubernetes.container.name";
/// What of the container's definition would make it restart when changed.
pub const CONTAINER_HASH: &str = "io.kubernetes.container.hash";
/// How often the container was restarted before.
pub const RESTART_COUNT: &str = "io.kubernetes.container.restartCount";

const TERMINATION_PATH: &str = "io.kubernetes.container.terminationMessagePath";
const TERMINATION_POLICY: &str = "io.kubernetes.container.terminationMessagePolicy";
const TERMINATION_GRACE: &str = "io.kubernetes.pod.terminationGracePeriod";
const PORTS: &str = "io.kubernetes.container.ports";
const CONFIG_SEEN: &str = "kubernetes.io/config.seen";
const CONFIG_SOURCE: &str = "kubernetes.io/config.source";

type Map = BTreeMap<String, String>;

fn insert(map: &mut Map, name: &str, value: impl Into<String>) {
    map.insert(name.to_owned(), value.into());
}

fn pod_labels(pod: &Pod, map: &mut Map) {
    let metadata = &pod.metadata;
    insert(map, POD_NAME, metadata.name.clone().unwrap_or_default());
    insert(map, POD_NAMESPACE, metadata.namespace.clone().unwrap_or_default());
    insert(map, POD_UID, metadata.uid.clone().unwrap_or_default());
}

/// A sandbox's labels: the pod's, the configured ones, the kubelet's.
#[must_use]
pub fn sandbox_labels(pod: &Pod, extra: &BTreeMap<String, String>) -> Map {
    let own = pod.metadata.labels.iter().flatten();
    let mut map: Map =
        own.chain(extra).map(|(name, value)| (name.clone(), value.clone())).collect();
    pod_labels(pod, &mut map);
    map
}

/// A sandbox's annotations: the pod's and where its manifest came from.
#[must_use]
pub fn sandbox_annotations(pod: &Pod) -> Map {
    let own = pod.metadata.annotations.iter().flatten();
    let mut map: Map = own.map(|(name, value)| (name.clone(), value.clone())).collect();
    if let Some(created) = &pod.metadata.creation_timestamp {
        insert(&mut map, CONFIG_SEEN, created.0.to_string());
    }
    insert(&mut map, CONFIG_SOURCE, "api");
    map
}

/// A container's labels.
#[must_use]
pub fn container_labels(pod: &Pod, container: &Container) -> Map {
    let mut map = Map::new();
    pod_labels(pod, &mut map);
    insert(&mut map, CONTAINER_NAME, container.name.clone());
    map
}

/// A container's annotations.
#[must_use]
pub fn container_annotations(pod: &Pod, container: &Container, restart_count: u32) -> Map {
    let mut map = Map::new();
    insert(&mut map, CONTAINER_HASH, definition_hash(container));
    insert(&mut map, RESTART_COUNT, restart_count.to_string());
    let path = container.termination_message_path.as_deref().unwrap_or("/dev/termination-log");
    insert(&mut map, TERMINATION_PATH, path);
    let policy = container.termination_message_policy.as_deref().unwrap_or("File");
    insert(&mut map, TERMINATION_POLICY, policy);
    let grace = pod.spec.as_ref().and_then(|spec| spec.termination_grace_period_seconds);
    if let Some(grace) = grace {
        insert(&mut map, TERMINATION_GRACE, grace.to_string());
    }
    let ports = container.ports.as_ref().and_then(|ports| serde_json::to_string(ports).ok());
    if let Some(ports) = ports {
        insert(&mut map, PORTS, ports);
    }
    map
}

/// Changes when the container must be made anew: with its name or image.
#[must_use]
pub fn definition_hash(container: &Container) -> String {
    let image = container.image.as_deref().unwrap_or_default();
    let bytes = container.name.bytes().chain([0]).chain(image.bytes());
    // FNV-1a in 32 bits, as long as the kubelet's own hash.
    let hash = bytes
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("{hash:x}")
}

/// The restart count that a container's annotations carry; 0 if unreadable.
#[must_use]
pub fn restart_count(annotations: &Map) -> u32 {
    annotations.get(RESTART_COUNT).and_then(|count| count.parse().ok()).unwrap_or(0)
}

/// Whether a sandbox carries all these labels.
#[must_use]
pub fn carries(sandbox: &v1::PodSandbox, labels: &BTreeMap<String, String>) -> bool {
    labels.iter().all(|(name, value)| sandbox.labels.get(name) == Some(value))
}
