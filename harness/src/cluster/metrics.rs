//! What the control plane counts, by the names that its components give it.
//!
//! The scheduler's, the controllers' and the API server's metrics are those of
//! 1.36; pods by phase have the name and labels that kube-state-metrics gives
//! them.

use std::fmt::Write;

use k8s_openapi::api::core::v1::Pod;
use kubernetes_objects::resource::RESOURCES;

use super::Cluster;
use super::scheduler::QueueName;

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
    let mut text = String::new();
    let scheduler = cluster.scheduler_metrics.counts();
    let queues = cluster.controllers.queues();
    let of_queues = |of: fn(&super::controllers::QueueCounts) -> u64| {
        queues.iter().map(|(name, counts)| (format!("{{name=\"{name}\"}}"), of(counts))).collect()
    };
    let attempt = |result| format!("{{profile=\"default-scheduler\",result=\"{result}\"}}");
    let pending = QueueName::ALL.map(|queue| {
        (format!("{{queue=\"{}\"}}", queue.label()), scheduler.pending[queue as usize] as u64)
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
    for (name, help, series) in families {
        let kind = if name.ends_with("_total") { "counter" } else { "gauge" };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in series {
            let _ = writeln!(text, "{name}{labels} {value}");
        }
    }
    text
}

fn stored(cluster: &Cluster) -> Vec<Series> {
    RESOURCES
        .iter()
        .map(|one| (one, cluster.api.count(one) as u64))
        .filter(|(_, count)| *count > 0)
        .map(|(one, count)| (format!("{{resource=\"{}\"}}", one.qualified()), count))
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
        .map(move |phase| (format!("{{{labels},phase=\"{phase}\"}}"), u64::from(current == *phase)))
}
