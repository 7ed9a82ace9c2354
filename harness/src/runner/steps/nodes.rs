//! Steps that close, empty and open nodes.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kubernetes_objects::resource;
use serde_json::json;
use tokio::time::Instant;

use super::super::waiting::{Patience, until};
use super::Stop;
use crate::check::Difference;
use crate::cluster::{Cluster, Place, Refusal as ApiRefusal, Writing};

/// How soon an eviction that a disruption budget forbids is tried again (`kubectl drain`).
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// What the API server answers where a disruption budget is in the way.
const TOO_MANY_REQUESTS: u16 = 429;

/// The kubelet's mark of a pod that comes from a file on its node.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// How long the part of a step may take that is about one node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// In the cluster's time.
    pub(super) within: Duration,
    /// In wall time.
    pub(super) patience: Patience,
}

/// Marks a node unschedulable.
pub(super) fn cordon(node: &str, cluster: &Cluster) -> Result<(), ApiRefusal> {
    mark_unschedulable(node, true, cluster)
}

/// Marks a node schedulable.
pub(super) async fn uncordon(node: &str, cluster: &Cluster) -> Result<(), ApiRefusal> {
    mark_unschedulable(node, false, cluster)?;
    // Pods of the next step may go there.
    cluster.settle_taints().await;
    Ok(())
}

fn mark_unschedulable(node: &str, mark: bool, cluster: &Cluster) -> Result<(), ApiRefusal> {
    cluster.api.change_node(node, |node| {
        node.spec.get_or_insert_default().unschedulable = mark.then_some(true);
    })
}

/// Empties a node, as `kubectl drain --ignore-daemonsets --delete-emptydir-data --force` does:
/// marks it unschedulable, evicts the pods that are there, and waits until they are gone.
///
/// Where disruption budgets forbid an eviction it is tried again until the time is over; then the
/// step ends with the refusal.
pub(super) async fn drain(node: &str, limits: Limits, cluster: &Cluster) -> Result<(), Stop> {
    cordon(node, cluster)?;
    let deadline = Instant::now() + limits.within;
    let mut left: Vec<_> =
        cluster.api.pods_on(node).into_iter().filter(|pod| is_drained(pod)).collect();
    let mut evicted = BTreeSet::new();
    loop {
        let mut refusal = None;
        for pod in &left {
            if evicted.contains(uid(pod)) {
                continue;
            }
            match evict(pod, cluster) {
                Err(status) if status.code == TOO_MANY_REQUESTS => refusal = Some(status),
                Err(status) => return Err(status.into()),
                Ok(()) => {
                    evicted.insert(uid(pod).to_owned());
                }
            }
        }
        let time_left = deadline.saturating_duration_since(Instant::now());
        let look = match refusal {
            Some(_) => TRY_AGAIN.min(time_left),
            None => time_left,
        };
        let gone = |cluster: &Cluster| left.iter().all(|pod| is_gone(pod, cluster));
        if until(cluster, look, limits.patience, gone).await? {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(refusal.map_or_else(|| not_empty(node, &left, cluster), Stop::Refused));
        }
        left.retain(|pod| !is_gone(pod, cluster));
    }
}

/// Whether a drain evicts a pod: not those of DaemonSets, which would come back at once, unless
/// they have ended; nor those of files.
fn is_drained(pod: &Pod) -> bool {
    let metadata = &pod.metadata;
    if metadata.annotations.as_ref().is_some_and(|all| all.contains_key(MIRROR)) {
        return false;
    }
    let mut owners = metadata.owner_references.iter().flatten();
    let of_daemon_set =
        owners.any(|owner| owner.controller == Some(true) && owner.kind == "DaemonSet");
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    !of_daemon_set || matches!(phase, Some("Succeeded" | "Failed"))
}

fn uid(pod: &Pod) -> &str {
    pod.metadata.uid.as_deref().unwrap_or_default()
}

fn name_of(pod: &Pod) -> (&str, &str) {
    let metadata = &pod.metadata;
    (
        metadata.namespace.as_deref().unwrap_or_default(),
        metadata.name.as_deref().unwrap_or_default(),
    )
}

fn is_gone(pod: &Pod, cluster: &Cluster) -> bool {
    let (namespace, name) = name_of(pod);
    cluster.api.pod(namespace, name).is_none_or(|there| uid(&there) != uid(pod))
}

/// Asks for a pod's eviction. One that is gone already needs none.
fn evict(pod: &Pod, cluster: &Cluster) -> Result<(), ApiRefusal> {
    if is_gone(pod, cluster) {
        return Ok(());
    }
    let (namespace, name) = name_of(pod);
    let pods = resource::find("", "v1", "pods").expect("the table has the core resources");
    let place = Place { resource: pods, namespace, name, subresource: "eviction" };
    let eviction = json!({
        "apiVersion": "policy/v1", "kind": "Eviction",
        "metadata": {"namespace": namespace, "name": name},
    });
    let by = Writing { manager: "gidcheck", ..Writing::default() };
    cluster.api.create(&place, eviction, &by).map(drop)
}

fn not_empty(node: &str, pods: &[Arc<Pod>], cluster: &Cluster) -> Stop {
    let left = pods.iter().filter(|pod| !is_gone(pod, cluster)).count();
    let what = format!("node {node}");
    Stop::Different(vec![Difference::new(what, "no pods", format!("{left} pods are left"))])
}
