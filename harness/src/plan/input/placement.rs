//! What a pod asks of a node.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Affinity, Container as KubernetesContainer, ContainerPort as KubernetesPort, NodeAffinity,
    PodSpec as KubernetesPodSpec, ResourceRequirements,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::fields::{Container, PodSpec};
use crate::input::Amount;
use crate::plan::snapshot::AmongPods;

/// A spec with nothing but what it asks of a node, and what it asks of other pods.
pub(super) fn asked_of_nodes(
    mut spec: PodSpec,
    is_of_daemon_set: bool,
) -> (KubernetesPodSpec, Option<AmongPods>) {
    let spread = spec.topology_spread_constraints.take().filter(|all| !all.is_empty());
    let mut among_pods = AmongPods { affinity: None, spread };
    if let Some(affinity) = &mut spec.affinity {
        let of_pods = Affinity {
            node_affinity: None,
            pod_affinity: affinity.pod_affinity.take(),
            pod_anti_affinity: affinity.pod_anti_affinity.take(),
        };
        among_pods.affinity = Some(of_pods).filter(|of_pods| *of_pods != Affinity::default());
        if is_of_daemon_set && let Some(nodes) = &mut affinity.node_affinity {
            forget_the_node(nodes);
        }
    }
    let all = |containers: Option<Vec<Container>>| -> Vec<_> {
        containers.unwrap_or_default().into_iter().map(asked_of_a_node).collect()
    };
    let init = all(spec.init_containers);
    let asked = KubernetesPodSpec {
        containers: all(spec.containers),
        init_containers: (!init.is_empty()).then_some(init),
        overhead: spec.overhead.map(quantities),
        node_selector: spec.node_selector.filter(|selector| !selector.is_empty()),
        affinity: spec.affinity.filter(|affinity| affinity.node_affinity.is_some()),
        tolerations: spec.tolerations.filter(|all| !all.is_empty()),
        ..KubernetesPodSpec::default()
    };
    (asked, Some(among_pods).filter(|asked| *asked != AmongPods::default()))
}

fn quantities(amounts: BTreeMap<String, Amount>) -> BTreeMap<String, Quantity> {
    amounts.into_iter().map(|(resource, amount)| (resource, Quantity(amount.0))).collect()
}

/// A container with nothing but what it asks of a node.
fn asked_of_a_node(container: Container) -> KubernetesContainer {
    let requests = container.resources.and_then(|all| all.requests).map(quantities);
    let ports = container.ports.unwrap_or_default();
    let ports = ports.into_iter().filter(|port| port.host_port.is_some_and(|port| port > 0));
    let ports: Vec<_> = ports
        .map(|port| KubernetesPort {
            container_port: port.container_port,
            host_port: port.host_port,
            host_ip: port.host_ip,
            protocol: port.protocol,
            name: None,
        })
        .collect();
    KubernetesContainer {
        name: "c".to_owned(),
        ports: (!ports.is_empty()).then_some(ports),
        resources: requests.filter(|all| !all.is_empty()).map(|requests| ResourceRequirements {
            requests: Some(requests),
            ..ResourceRequirements::default()
        }),
        restart_policy: container.restart_policy,
        ..KubernetesContainer::default()
    }
}

/// Takes out what ties each pod of a `DaemonSet` to its own node.
fn forget_the_node(affinity: &mut NodeAffinity) {
    let Some(required) = &mut affinity.required_during_scheduling_ignored_during_execution else {
        return;
    };
    for term in &mut required.node_selector_terms {
        term.match_fields = None;
    }
    required.node_selector_terms.retain(|term| {
        term.match_expressions.as_ref().is_some_and(|expressions| !expressions.is_empty())
    });
    if required.node_selector_terms.is_empty() {
        affinity.required_during_scheduling_ignored_during_execution = None;
    }
}
