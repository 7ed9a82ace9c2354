//! What the kubelet writes into its node object.

use std::collections::BTreeMap;

use cri_api::{CriError, v1};
use k8s_openapi::api::core::v1::{
    DaemonEndpoint, Node, NodeAddress, NodeCondition, NodeDaemonEndpoints, NodeFeatures,
    NodeRuntimeHandler, NodeRuntimeHandlerFeatures, NodeSpec, NodeStatus, NodeSystemInfo,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};

use crate::config::KubeletConfig;
use crate::version::{FeatureGates, Gate};

/// What a runtime said of itself when last asked.
#[derive(Debug, Clone, Default)]
pub struct RuntimeView {
    /// The runtime's name and release, as in `nodeInfo.containerRuntimeVersion`.
    pub version: String,
    /// The runtime's name, the scheme of container ids.
    pub name: String,
    /// Its answer to CRI `Status`, or why there was none.
    pub status: Option<v1::StatusResponse>,
}

impl RuntimeView {
    /// The view after the two calls; a failed call leaves the version as it was.
    #[must_use]
    pub fn new(
        version: Result<v1::VersionResponse, CriError>,
        status: Result<v1::StatusResponse, CriError>,
        previous: &Self,
    ) -> Self {
        let (name, version) = match version {
            Ok(answer) => {
                let version = format!("{}://{}", answer.runtime_name, answer.runtime_version);
                (answer.runtime_name, version)
            }
            Err(_) => (previous.name.clone(), previous.version.clone()),
        };
        Self { version, name, status: status.ok() }
    }

    /// What is wrong with one of the runtime's conditions, in the kubelet's words.
    fn condition_error(&self, condition: &str, what: &str) -> Option<String> {
        let conditions = &self.status.as_ref()?.status.as_ref()?.conditions;
        let found = conditions.iter().find(|found| found.r#type == condition)?;
        (!found.status).then(|| {
            format!(
                "{what} not ready: {condition}=false reason:{} message:{}",
                found.reason, found.message
            )
        })
    }

    /// Why pods on the pod network cannot start; `None` when they can.
    ///
    /// Text measured on kubelet 1.36.2 with containerd 2.1.9 and no CNI plugin.
    #[must_use]
    pub fn network_error(&self) -> Option<String> {
        self.condition_error("NetworkReady", "container runtime network")
    }

    /// Why no pod can start; `None` when they can.
    #[must_use]
    pub fn runtime_error(&self) -> Option<String> {
        if self.status.is_none() {
            return Some("container runtime is down".to_owned());
        }
        self.condition_error("RuntimeReady", "container runtime")
    }
}

/// A node object to register, without status.
#[must_use]
pub fn new_node(config: &KubeletConfig) -> Node {
    let mut labels = BTreeMap::from(
        [
            ("beta.kubernetes.io/arch", ARCHITECTURE),
            ("beta.kubernetes.io/os", OPERATING_SYSTEM),
            ("kubernetes.io/arch", ARCHITECTURE),
            ("kubernetes.io/hostname", config.node_name.as_str()),
            ("kubernetes.io/os", OPERATING_SYSTEM),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    labels.extend(config.node_labels.clone());
    let taints = (!config.node_taints.is_empty()).then(|| config.node_taints.clone());
    Node {
        metadata: ObjectMeta {
            name: Some(config.node_name.clone()),
            labels: Some(labels),
            ..ObjectMeta::default()
        },
        spec: Some(NodeSpec { taints, ..NodeSpec::default() }),
        status: None,
    }
}

/// The operating system of every node here.
pub const OPERATING_SYSTEM: &str = "linux";

/// The architecture in the names that Go gives it.
const ARCHITECTURE: &str = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };

/// The port of a kubelet's own server.
const KUBELET_PORT: i32 = 10250;

/// The status to write, made from what the node object says already.
///
/// `features` is written only if the gate is on **and** the runtime sent a
/// `features` message; otherwise what the object says stays (measured on
/// kubelets 1.33.13 and 1.36.2, behaviour.md §4).
#[must_use]
pub fn node_status(
    config: &KubeletConfig,
    runtime: &RuntimeView,
    previous: Option<&NodeStatus>,
    now: &Time,
) -> NodeStatus {
    let mut status = previous.cloned().unwrap_or_default();
    let address = |type_: &str, address: &str| NodeAddress {
        type_: type_.to_owned(),
        address: address.to_owned(),
    };
    status.addresses =
        Some(vec![address("InternalIP", &config.node_ip), address("Hostname", &config.node_name)]);
    status.capacity = Some(config.capacity.clone());
    status.allocatable = Some(config.capacity.clone());
    status.conditions = Some(conditions(runtime, previous, now));
    status.daemon_endpoints =
        Some(NodeDaemonEndpoints { kubelet_endpoint: Some(DaemonEndpoint { port: KUBELET_PORT }) });
    status.node_info = Some(node_info(config, runtime));
    let gates = &config.feature_gates;
    if let Some(answer) = &runtime.status {
        if let Some(handlers) = runtime_handlers(gates, answer) {
            status.runtime_handlers = Some(handlers);
        }
        if gates.enabled(Gate::SupplementalGroupsPolicy)
            && let Some(features) = &answer.features
        {
            status.features = Some(NodeFeatures {
                supplemental_groups_policy: Some(features.supplemental_groups_policy),
            });
        }
    }
    status
}

fn node_info(config: &KubeletConfig, runtime: &RuntimeView) -> NodeSystemInfo {
    NodeSystemInfo {
        architecture: ARCHITECTURE.to_owned(),
        container_runtime_version: runtime.version.clone(),
        kubelet_version: config.version().to_string(),
        operating_system: OPERATING_SYSTEM.to_owned(),
        os_image: "gidcheck".to_owned(),
        ..NodeSystemInfo::default()
    }
}

/// The handlers to show; `None` where the version shows none.
fn runtime_handlers(
    gates: &FeatureGates,
    answer: &v1::StatusResponse,
) -> Option<Vec<NodeRuntimeHandler>> {
    let read_only = gates.enabled(Gate::RecursiveReadOnlyMounts);
    let user_namespaces = gates.enabled(Gate::UserNamespacesSupport);
    if (!read_only && !user_namespaces) || answer.runtime_handlers.is_empty() {
        return None;
    }
    let shown = answer.runtime_handlers.iter().map(|handler| {
        let features = handler.features.unwrap_or_default();
        NodeRuntimeHandler {
            name: Some(handler.name.clone()),
            features: Some(NodeRuntimeHandlerFeatures {
                recursive_read_only_mounts: read_only
                    .then_some(features.recursive_read_only_mounts),
                user_namespaces: user_namespaces.then_some(features.user_namespaces),
            }),
        }
    });
    Some(shown.collect())
}

fn conditions(
    runtime: &RuntimeView,
    previous: Option<&NodeStatus>,
    now: &Time,
) -> Vec<NodeCondition> {
    let errors: Vec<String> =
        [runtime.runtime_error(), runtime.network_error()].into_iter().flatten().collect();
    let ready = match errors.as_slice() {
        [] => ("Ready", true, "KubeletReady", "kubelet is posting ready status".to_owned()),
        [only] => ("Ready", false, "KubeletNotReady", only.clone()),
        several => ("Ready", false, "KubeletNotReady", format!("[{}]", several.join(", "))),
    };
    let fine = |type_, reason, message: &str| (type_, false, reason, message.to_owned());
    let wanted = [
        fine(
            "MemoryPressure",
            "KubeletHasSufficientMemory",
            "kubelet has sufficient memory available",
        ),
        fine("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        fine("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ready,
    ];
    let before = previous.and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    wanted
        .into_iter()
        .map(|(type_, value, reason, message)| {
            let value = if value { "True" } else { "False" };
            let same = before.iter().find(|old| old.type_ == type_ && old.status == value);
            let unchanged = same.filter(|old| {
                old.reason.as_deref() == Some(reason) && old.message.as_ref() == Some(&message)
            });
            NodeCondition {
                type_: type_.to_owned(),
                status: value.to_owned(),
                reason: Some(reason.to_owned()),
                message: Some(message),
                last_transition_time: same
                    .and_then(|old| old.last_transition_time.clone())
                    .or_else(|| Some(now.clone())),
                last_heartbeat_time: unchanged
                    .and_then(|old| old.last_heartbeat_time.clone())
                    .or_else(|| Some(now.clone())),
            }
        })
        .collect()
}
