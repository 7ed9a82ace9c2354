//! What a pod asks of a node, and which pods ask for the same.

use std::sync::Arc;

use fake_kubelet::admission::resources::{Amounts, is_sidecar};
use k8s_openapi::api::core::v1::{Container, Pod};

/// What scoring counts for a container that asks for no CPU, in thousandths of a core
/// (`DefaultMilliCPURequest`).
const CPU_WITHOUT_REQUEST: i64 = 100;
/// What scoring counts for a container that asks for no memory, in bytes (`DefaultMemoryRequest`).
const MEMORY_WITHOUT_REQUEST: i64 = 200 * 1024 * 1024;

/// CPU (thousandths of a core) and memory (bytes) as scoring counts them: no container counts as
/// nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Scored {
    pub(super) cpu: i64,
    pub(super) memory: i64,
}

/// A port of the node that a pod takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HostPort {
    pub(super) protocol: String,
    pub(super) address: String,
    pub(super) port: i32,
}

/// What all pods of a class ask for.
#[derive(Debug)]
pub(super) struct Demand {
    /// One pod of the class.
    pub(super) pod: Arc<Pod>,
    pub(super) requested: Amounts,
    pub(super) scored: Scored,
    pub(super) ports: Vec<HostPort>,
    /// Whether no container asks for CPU or memory.
    pub(super) best_effort: bool,
}

impl Demand {
    /// What a pod asks for.
    pub(super) fn of(pod: &Arc<Pod>) -> Self {
        let requested = Amounts::requested_by(pod);
        let best_effort = requested.get("cpu") == 0 && requested.get("memory") == 0;
        Self {
            scored: scored(pod),
            ports: ports(pod),
            requested,
            best_effort,
            pod: Arc::clone(pod),
        }
    }

    /// Whether the pods wait rather than take others' place.
    pub(super) fn never_preempts(&self) -> bool {
        let spec = self.pod.spec.as_ref();
        spec.and_then(|spec| spec.preemption_policy.as_deref()) == Some("Never")
    }
}

/// What makes two pods ask for the same: everything that filters and scores look at, as text.
pub(super) fn class_of(pod: &Pod) -> String {
    let Some(spec) = &pod.spec else { return String::new() };
    let requests: Vec<_> = spec
        .containers
        .iter()
        .chain(spec.init_containers.iter().flatten())
        .map(|one| {
            let requests = one.resources.as_ref().and_then(|resources| resources.requests.as_ref());
            (requests, is_sidecar(one))
        })
        .collect();
    let ports = ports(pod);
    let ports: Vec<_> =
        ports.iter().map(|port| (&port.protocol, &port.address, port.port)).collect();
    let asked = (
        &spec.node_selector,
        spec.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref()),
        &spec.tolerations,
        (requests, spec.containers.len(), &spec.overhead, ports),
        &spec.preemption_policy,
    );
    serde_json::to_string(&asked).expect("parts of pods are always valid JSON")
}

/// The same where it also matters who else is where, and who the pod is to them.
pub(super) fn class_among_neighbours(pod: &Pod) -> String {
    let spec = pod.spec.as_ref();
    let asked = (
        class_of(pod),
        &pod.metadata.namespace,
        &pod.metadata.labels,
        spec.and_then(|spec| spec.affinity.as_ref()),
        spec.and_then(|spec| spec.topology_spread_constraints.as_ref()),
        claims_of(pod).collect::<Vec<_>>(),
    );
    serde_json::to_string(&asked).expect("parts of pods are always valid JSON")
}

/// The claims that a pod's volumes name.
pub(super) fn claims_of(pod: &Pod) -> impl Iterator<Item = &str> {
    let volumes = pod.spec.iter().flat_map(|spec| spec.volumes.iter().flatten());
    volumes
        .filter_map(|volume| volume.persistent_volume_claim.as_ref())
        .map(|claim| claim.claim_name.as_str())
}

/// Containers and sidecars add up; the largest other init container counts where it is more.
fn scored(pod: &Pod) -> Scored {
    let Some(spec) = &pod.spec else { return Scored::default() };
    let of = |container: &Container| {
        let asked = Amounts::requested_by_container(container).unwrap_or_default();
        let or = |amount: i64, default| if amount > 0 { amount } else { default };
        Scored {
            cpu: or(asked.get("cpu"), CPU_WITHOUT_REQUEST),
            memory: or(asked.get("memory"), MEMORY_WITHOUT_REQUEST),
        }
    };
    let mut running = Scored::default();
    let mut peak = Scored::default();
    for container in spec.init_containers.iter().flatten() {
        let asked = of(container);
        if is_sidecar(container) {
            running.add(asked);
        } else {
            peak.cpu = peak.cpu.max(running.cpu.saturating_add(asked.cpu));
            peak.memory = peak.memory.max(running.memory.saturating_add(asked.memory));
        }
    }
    for container in &spec.containers {
        running.add(of(container));
    }
    Scored { cpu: running.cpu.max(peak.cpu), memory: running.memory.max(peak.memory) }
}

impl Scored {
    /// Adds what another pod counts for.
    pub(super) fn add(&mut self, other: Self) {
        self.cpu = self.cpu.saturating_add(other.cpu);
        self.memory = self.memory.saturating_add(other.memory);
    }

    /// Takes away what another pod counted for.
    pub(super) fn subtract(&mut self, other: Self) {
        self.cpu = self.cpu.saturating_sub(other.cpu).max(0);
        self.memory = self.memory.saturating_sub(other.memory).max(0);
    }
}

fn ports(pod: &Pod) -> Vec<HostPort> {
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    containers
        .flat_map(|container| container.ports.iter().flatten())
        .filter_map(|port| {
            let number = port.host_port.filter(|number| *number > 0)?;
            let address = port.host_ip.clone().filter(|address| !address.is_empty());
            Some(HostPort {
                protocol: port.protocol.clone().unwrap_or_else(|| "TCP".to_owned()),
                address: address.unwrap_or_else(|| ANY_ADDRESS.to_owned()),
                port: number,
            })
        })
        .collect()
}

/// Every address of a node.
const ANY_ADDRESS: &str = "0.0.0.0";

impl HostPort {
    /// Whether both cannot be taken on one node.
    pub(super) fn conflicts(&self, other: &Self) -> bool {
        let address = self.address == other.address
            || self.address == ANY_ADDRESS
            || other.address == ANY_ADDRESS;
        self.port == other.port && self.protocol == other.protocol && address
    }
}
