//! What the control plane counts, by the names that its components give it.
//!
//! The scheduler's, the controllers' and the API server's metrics are those of
//! 1.36; pods by phase have the name and labels that kube-state-metrics gives
//! them. Whoever looks at the whole cluster at once sees the kubelets' too, told
//! apart by a label as Prometheus would.

use fake_kubelet::metrics::Family;
use k8s_openapi::api::core::v1::Pod;
use kubernetes_objects::resource::RESOURCES;

use super::scheduler::QueueName;
use super::{Cluster, ClusterNode};

/// The names of everything that is counted.
pub const NAMES: &[&str] = &[
    "apiserver_storage_objects",
    "kube_pod_status_phase",
    "scheduler_pending_pods",
    "scheduler_schedule_attempts_total",
    "workqueue_adds_total",
    "workqueue_depth",
    "workqueue_retries_total",
];

/// The phases of pods, in the exporter's order.
const PHASES: &[&str] = &["Pending", "Succeeded", "Failed", "Unknown", "Running"];

/// A metric's labels and value.
type Series = (String, u64);

/// Every metric in the Prometheus text format, in a fixed order.
pub(super) fn render(cluster: &Cluster) -> String {
    let scheduler = cluster.scheduler_metrics.counts();
    let queues = cluster.controllers.queues();
    let of_queues = |of: fn(&super::controllers::QueueCounts) -> u64| {
        queues.iter().map(|(name, counts)| (format!("name=\"{name}\""), of(counts))).collect()
    };
    let attempt = |result| format!("profile=\"default-scheduler\",result=\"{result}\"");
    let pending = QueueName::ALL.map(|queue| {
        (format!("queue=\"{}\"", queue.label()), scheduler.pending[queue as usize] as u64)
    });
    let families: [(&str, &str, Vec<Series>); 7] = [
        (
            "apiserver_storage_objects",
            "[STABLE] Number of stored objects at the time of last check split by kind.",
            stored(cluster),
        ),
        (
            "kube_pod_status_phase",
            "[STABLE] The pods current phase.",
            cluster.api.pods().iter().flat_map(|pod| phases(pod)).collect(),
        ),
        (
            "scheduler_pending_pods",
            "[STABLE] Number of pending pods, by the queue type.",
            pending.into(),
        ),
        (
            "scheduler_schedule_attempts_total",
            "[STABLE] Number of attempts to schedule pods, by the result.",
            vec![
                (attempt("scheduled"), scheduler.scheduled),
                (attempt("unschedulable"), scheduler.unschedulable),
            ],
        ),
        (
            "workqueue_adds_total",
            "[ALPHA] Total number of adds handled by workqueue",
            of_queues(|counts| counts.adds),
        ),
        (
            "workqueue_depth",
            "[ALPHA] Current depth of workqueue",
            of_queues(|counts| counts.depth as u64),
        ),
        (
            "workqueue_retries_total",
            "[ALPHA] Total number of retries handled by workqueue",
            of_queues(|counts| counts.retries),
        ),
    ];
    families.map(|(name, help, series)| Family { name, help, series }.render()).concat()
}

/// Every metric of the nodes' kubelets, with the node as a label.
pub(super) fn render_nodes(cluster: &Cluster) -> String {
    let mut families: Vec<Family> = Vec::new();
    let kubelets = cluster.nodes().filter_map(|node| Some((node, node.kubelet()?)));
    for (node, kubelet) in kubelets {
        for family in kubelet.metrics().families() {
            let of_node =
                family.series.into_iter().map(|(labels, value)| with_node(node, &labels, value));
            match families.iter_mut().find(|known| known.name == family.name) {
                Some(known) => known.series.extend(of_node),
                None => families.push(Family { series: of_node.collect(), ..family }),
            }
        }
    }
    families.sort_by_key(|family| family.name);
    families.iter().map(Family::render).collect()
}

fn with_node(node: &ClusterNode, labels: &str, value: u64) -> Series {
    let comma = if labels.is_empty() { "" } else { "," };
    (format!("{labels}{comma}node=\"{}\"", node.name()), value)
}

fn stored(cluster: &Cluster) -> Vec<Series> {
    RESOURCES
        .iter()
        .map(|one| (one, cluster.api.count(one) as u64))
        .filter(|(_, count)| *count > 0)
        .map(|(one, count)| (format!("resource=\"{}\"", one.qualified()), count))
        .collect()
}

/// One series for each phase; the pod's own is 1.
fn phases(pod: &Pod) -> impl Iterator<Item = Series> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let labels = format!(
        "namespace=\"{}\",pod=\"{}\",uid=\"{}\"",
        text(&pod.metadata.namespace),
        text(&pod.metadata.name),
        text(&pod.metadata.uid)
    );
    let current = pod.status.as_ref().and_then(|status| status.phase.clone()).unwrap_or_default();
    PHASES
        .iter()
        .map(move |phase| (format!("{labels},phase=\"{phase}\""), u64::from(current == *phase)))
}
