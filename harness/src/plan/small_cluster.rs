//! The cluster in small: of each group of equal nodes and of each controller some that stand for
//! all.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kubernetes_objects::resource;
use serde_json::{Value as Json, json};
use tokio::sync::mpsc::UnboundedReceiver;

use super::Groups;
use super::assess::Making;
use super::images::Images;
use super::order::{LABEL, LABEL_VALUE};
use super::snapshot::{Snapshot, Workload};
use super::trial::{Moment, TrialError, ample, pod_of};
use crate::cluster::{ChangeKind, Cluster, NodeSetup, ObjectChange};
use crate::nodes::Component;
use crate::scenario::RuntimeName;
use crate::target::Simulation;

/// The kinds of controllers, and those by which the simulation stands for them: a
/// ReplicationController is worked on as a ReplicaSet is, and a CronJob's pods are its jobs'.
const SIMULATED: &[(&str, &str, &str)] = &[
    ("Deployment", "apps/v1", "Deployment"),
    ("ReplicaSet", "apps/v1", "ReplicaSet"),
    ("ReplicationController", "apps/v1", "ReplicaSet"),
    ("DaemonSet", "apps/v1", "DaemonSet"),
    ("StatefulSet", "apps/v1", "StatefulSet"),
    ("Job", "batch/v1", "Job"),
    ("CronJob", "batch/v1", "Job"),
];
/// The label by which the pods of a controller are told apart.
const WORKLOAD: &str = "workload";

/// A node of the small cluster.
pub(super) struct Member {
    pub(super) name: String,
    pub(super) group: usize,
}

/// The cluster in small.
pub(super) struct Small<'a> {
    pub(super) cluster: Cluster,
    changes: UnboundedReceiver<ObjectChange>,
    /// How many pods of each controller have failed so far, those that are gone again among them.
    failed: BTreeMap<String, usize>,
    pub(super) members: Vec<Member>,
    pub(super) snapshot: &'a Snapshot,
    pub(super) groups: &'a Groups,
    images: &'a Images,
}

impl<'a> Small<'a> {
    /// Starts it, with so many nodes of each group.
    pub(super) async fn start(
        snapshot: &'a Snapshot,
        groups: &'a Groups,
        images: &'a Images,
        moment: &Moment,
        nodes: &[usize],
    ) -> Result<Self, TrialError> {
        let Component { version, gates } = &moment.api_server;
        let mut cluster = Cluster::without_nodes(*version, gates, &Simulation)?;
        let pods = resource::find("", "v1", "pods").expect("the table has the core resources");
        let changes = cluster.api.changes_of(pods);
        let store = Arc::new(images.store());
        let mut members = Vec::new();
        for ((place, group), nodes) in groups.groups.iter().enumerate().zip(nodes) {
            for at in group.nodes.iter().take(*nodes) {
                let state = &moment.nodes[group.state];
                let mut object = group.object.clone();
                // Affinity may name nodes; else their own names would only be in the way.
                let own = object.metadata.name.clone().unwrap_or_default();
                let name = if own.is_empty() { format!("node-{at}") } else { own };
                object.metadata.name = Some(name.clone());
                if let Some(feature) = state.feature {
                    let status = object.status.get_or_insert_default();
                    status.features.get_or_insert_default().supplemental_groups_policy =
                        Some(feature);
                }
                let setup = NodeSetup {
                    object,
                    kubernetes: state.kubelet.version,
                    feature_gates: state.kubelet.gates.clone(),
                    runtime: RuntimeName::Release(state.profile()),
                    capacity: ample(),
                };
                cluster.join(setup, &store, &Simulation).await?;
                members.push(Member { name, group: place });
            }
        }
        let failed = BTreeMap::new();
        Ok(Self { cluster, changes, failed, members, snapshot, groups, images })
    }

    /// The object of a controller, with so many pods at most; none for kinds that are not
    /// simulated.
    pub(super) fn controller(
        &self,
        place: usize,
        making: &Making,
        most: usize,
        pinned: bool,
    ) -> Option<Json> {
        let workload = &self.snapshot.workloads[making.workload];
        let (_, api_version, kind) =
            SIMULATED.iter().find(|(kind, ..)| *kind == workload.kind.as_str())?;
        let name = name_of(place);
        let (_, placement) = workload.template.or_else(|| {
            let pod = self.snapshot.pods.get(*workload.pods.first()?)?;
            Some((pod.identity, pod.placement))
        })?;
        let mut pod = pod_of(&self.snapshot.identities[making.identity], self.images);
        let spec = pod.spec.get_or_insert_default();
        let where_ = self.snapshot.placements[placement].pod.spec.clone().unwrap_or_default();
        spec.node_selector = where_.node_selector;
        spec.affinity = where_.affinity;
        spec.tolerations = where_.tolerations;
        if pinned {
            spec.node_selector
                .get_or_insert_default()
                .insert(LABEL.to_owned(), LABEL_VALUE.to_owned());
        }
        let labels = pod.metadata.labels.get_or_insert_default();
        labels.insert(WORKLOAD.to_owned(), name.clone());
        let pods = replicas_of(workload, making, most);
        let mut spec = json!({"template": {"metadata": {"labels": labels}, "spec": pod.spec}});
        match *kind {
            "Job" => {
                spec["template"]["spec"]["restartPolicy"] = "Never".into();
                spec["parallelism"] = pods.into();
                spec["completions"] = pods.into();
            }
            kind => {
                spec["selector"] = json!({"matchLabels": {WORKLOAD: name}});
                if kind != "DaemonSet" {
                    spec["replicas"] = pods.into();
                }
            }
        }
        let metadata = json!({"name": name});
        let object =
            json!({"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec});
        Some(object)
    }

    pub(super) fn pods_of(&self, place: usize) -> impl Iterator<Item = Arc<Pod>> {
        let name = name_of(place);
        self.cluster.api.pods().into_iter().filter(move |pod| workload_of(pod) == Some(&name))
    }

    /// Lets time pass, and counts what fails in it.
    pub(super) async fn pass(&mut self, time: Duration) {
        tokio::time::sleep(time).await;
        while let Ok(change) = self.changes.try_recv() {
            let Some(pod) = change.record.object.pod() else { continue };
            // One that is deleted may fail on its way out.
            let leaves = |pod: &Pod| pod.metadata.deletion_timestamp.is_some();
            let failed = |pod: &Pod| phase(pod) == "Failed" && !leaves(pod);
            let before = change.before.as_ref().and_then(|before| before.object.pod());
            if let Some(workload) = workload_of(pod)
                && change.kind != ChangeKind::Deleted
                && failed(pod)
                && !before.is_some_and(|before| failed(before))
            {
                *self.failed.entry(workload.clone()).or_default() += 1;
            }
        }
    }

    /// How many pods of a controller have failed so far.
    pub(super) fn rejected(&self, place: usize) -> usize {
        self.failed.get(&name_of(place)).copied().unwrap_or(0)
    }
}

/// How many pods of a controller take part.
pub(super) fn replicas_of(workload: &Workload, making: &Making, most: usize) -> usize {
    workload.replicas.unwrap_or(making.pods).clamp(1, most)
}

/// What a controller is called here.
fn name_of(place: usize) -> String {
    format!("workload-{place}")
}

fn workload_of(pod: &Pod) -> Option<&String> {
    pod.metadata.labels.as_ref()?.get(WORKLOAD)
}

pub(super) fn phase(pod: &Pod) -> &str {
    pod.status.as_ref().and_then(|status| status.phase.as_deref()).unwrap_or("Pending")
}
