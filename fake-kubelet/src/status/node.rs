//! What the kubelet writes into its node object.

use std::collections::BTreeMap;
use std::sync::Arc;

use cri_api::{CriError, v1};
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::api::core::v1::{
    ContainerImage, DaemonEndpoint, Node, NodeAddress, NodeCondition, NodeDaemonEndpoints,
    NodeFeatures, NodeRuntimeHandler, NodeRuntimeHandlerFeatures, NodeSpec, NodeStatus,
    NodeSystemInfo,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta, OwnerReference, Time};

use crate::config::KubeletConfig;
use crate::version::{FeatureGates, Gate};

/// How many images a node shows (`nodeStatusMaxImages`).
const MAX_IMAGES: usize = 50;

/// How many names of an image a node shows.
const MAX_IMAGE_NAMES: usize = 5;

/// What a runtime said of itself when last asked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RuntimeView {
    /// The runtime's name and release, as in `nodeInfo.containerRuntimeVersion`.
    pub version: String,
    /// The runtime's name, the scheme of container ids.
    pub name: String,
    /// Its answer to CRI `Status`, if there was one.
    pub status: Option<v1::StatusResponse>,
    /// Its images, as the node shows them.
    pub images: Arc<[ContainerImage]>,
}

impl RuntimeView {
    /// The view after the two calls; a failed call leaves the version as it was. The images are
    /// those known before.
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
        Self { version, name, status: status.ok(), images: Arc::clone(&previous.images) }
    }

    /// The images to show: the largest first, and not all of them.
    #[must_use]
    pub fn with_images(mut self, mut images: Vec<v1::Image>) -> Self {
        images.sort_by_key(|image| std::cmp::Reverse(image.size));
        let shown = images.into_iter().take(MAX_IMAGES).map(|image| {
            let names = image.repo_digests.into_iter().chain(image.repo_tags);
            ContainerImage {
                names: Some(names.take(MAX_IMAGE_NAMES).collect()),
                size_bytes: i64::try_from(image.size).ok(),
            }
        });
        self.images = shown.collect();
        self
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
            annotations: Some(BTreeMap::from([ATTACH_DETACH.map(str::to_owned).into()])),
            ..ObjectMeta::default()
        },
        spec: Some(NodeSpec { taints, ..NodeSpec::default() }),
        status: None,
    }
}

/// Says that the controller manager attaches volumes, as it does by default.
const ATTACH_DETACH: [&str; 2] = ["volumes.kubernetes.io/controller-managed-attach-detach", "true"];

/// The operating system of every node here.
pub const OPERATING_SYSTEM: &str = "linux";

/// The architecture in the names that Go gives it.
const ARCHITECTURE: &str = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };

/// What every node here runs on, as the recorded nodes do (`api-1.36.2.json`).
const KERNEL_VERSION: &str = "6.18.0";
const OS_IMAGE: &str = "Debian GNU/Linux 12 (bookworm)";

/// The features that a kubelet declares (KEP-5328), from the minor version on that they come
/// with; recorded on 1.36.2.
const DECLARED_FEATURES: &[(u8, &str)] = &[
    (36, "ExtendWebSocketsToKubelet"),
    (36, "InPlacePodLevelResourcesVerticalScaling"),
    (36, "InPlacePodVerticalScalingInitContainers"),
    (36, "RestartAllContainersOnContainerExits"),
];

/// The port of a kubelet's own server.
const KUBELET_PORT: i32 = 10250;

/// The status to write, made from what the node object says already.
///
/// `features` is written only if the gate is on **and** the runtime sent a
/// `features` message; otherwise what the object says stays (measured on
/// kubelets 1.33.13 and 1.36.2, behaviour.md §4). All conditions were looked at `now`; see
/// [`differs`] for whether the status is worth writing.
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
    status.conditions = Some(conditions(config, runtime, previous, now));
    status.daemon_endpoints =
        Some(NodeDaemonEndpoints { kubelet_endpoint: Some(DaemonEndpoint { port: KUBELET_PORT }) });
    status.node_info = Some(node_info(config, runtime));
    status.images = (!runtime.images.is_empty()).then(|| runtime.images.to_vec());
    let gates = &config.feature_gates;
    status.declared_features =
        gates.enabled(Gate::NodeDeclaredFeatures).then(|| declared_features(gates));
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

fn declared_features(gates: &FeatureGates) -> Vec<String> {
    let version = gates.version();
    let declared = DECLARED_FEATURES.iter().filter(|(since, _)| version.at_least(*since));
    declared.map(|(_, name)| (*name).to_owned()).collect()
}

fn node_info(config: &KubeletConfig, runtime: &RuntimeView) -> NodeSystemInfo {
    let kubelet_version = config.version().to_string();
    let says_proxy = !config.feature_gates.enabled(Gate::DisableNodeKubeProxyVersion);
    NodeSystemInfo {
        architecture: ARCHITECTURE.to_owned(),
        boot_id: machine_uuid(&config.node_name, "boot"),
        container_runtime_version: runtime.version.clone(),
        kernel_version: KERNEL_VERSION.to_owned(),
        kube_proxy_version: if says_proxy { kubelet_version.clone() } else { String::new() },
        kubelet_version,
        machine_id: machine_uuid(&config.node_name, "machine").replace('-', ""),
        operating_system: OPERATING_SYSTEM.to_owned(),
        os_image: OS_IMAGE.to_owned(),
        system_uuid: machine_uuid(&config.node_name, "system"),
        ..NodeSystemInfo::default()
    }
}

/// A uuid for one of a machine's ids, the same for the same node.
fn machine_uuid(node: &str, what: &str) -> String {
    // FNV-1a, 128 bits.
    let hash = node
        .bytes()
        .chain([b'/'])
        .chain(what.bytes())
        .fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, |hash, byte| {
            (hash ^ u128::from(byte)).wrapping_mul(0x0100_0000_0000_0000_0000_013b)
        });
    // The version and the variant of random uuids.
    let marked = hash & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let text = format!("{marked:032x}");
    format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..])
}

/// A node's lease, by which the control plane knows that its kubelet lives.
#[must_use]
pub fn node_lease(node: &Node, now: &Time) -> Lease {
    let name = node.metadata.name.clone();
    Lease {
        metadata: ObjectMeta {
            name: name.clone(),
            namespace: Some(LEASE_NAMESPACE.to_owned()),
            owner_references: Some(vec![OwnerReference {
                api_version: "v1".to_owned(),
                kind: "Node".to_owned(),
                name: name.clone().unwrap_or_default(),
                uid: node.metadata.uid.clone().unwrap_or_default(),
                ..OwnerReference::default()
            }]),
            ..ObjectMeta::default()
        },
        spec: Some(LeaseSpec {
            holder_identity: name,
            lease_duration_seconds: Some(LEASE_SECONDS),
            renew_time: Some(MicroTime(now.0)),
            ..LeaseSpec::default()
        }),
    }
}

/// Where nodes have their leases.
pub const LEASE_NAMESPACE: &str = "kube-node-lease";

/// How long a lease holds (`nodeLeaseDurationSeconds`); it is renewed four times as often.
const LEASE_SECONDS: i32 = 40;

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

fn conditions_of(status: Option<&NodeStatus>) -> &[NodeCondition] {
    status.and_then(|status| status.conditions.as_deref()).unwrap_or_default()
}

/// Whether a status says anything else than the one before, apart from when it was looked at.
#[must_use]
pub fn differs(status: &NodeStatus, previous: Option<&NodeStatus>) -> bool {
    let mut same = status.clone();
    for condition in same.conditions.iter_mut().flatten() {
        let before = conditions_of(previous).iter().find(|old| old.type_ == condition.type_);
        condition.last_heartbeat_time =
            before.and_then(|before| before.last_heartbeat_time.clone());
    }
    previous != Some(&same)
}

fn conditions(
    config: &KubeletConfig,
    runtime: &RuntimeView,
    previous: Option<&NodeStatus>,
    now: &Time,
) -> Vec<NodeCondition> {
    // Where every pod shares the node's network, the lack of another keeps none from running.
    let network = (!config.host_network_only).then(|| runtime.network_error()).flatten();
    let errors: Vec<String> = runtime.runtime_error().into_iter().chain(network).collect();
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
    let before = conditions_of(previous);
    wanted
        .into_iter()
        .map(|(type_, value, reason, message)| {
            let value = if value { "True" } else { "False" };
            let same = before.iter().find(|old| old.type_ == type_ && old.status == value);
            NodeCondition {
                type_: type_.to_owned(),
                status: value.to_owned(),
                reason: Some(reason.to_owned()),
                message: Some(message),
                last_transition_time: same
                    .and_then(|old| old.last_transition_time.clone())
                    .or_else(|| Some(now.clone())),
                last_heartbeat_time: Some(now.clone()),
            }
        })
        .collect()
}
