//! The controllers of kube-controller-manager: what makes, replaces and removes objects.
//!
//! Each has its own client with its own limit and its own work queue; all look
//! at one copy of the cluster, a watch's delay behind it. How fast a storm is
//! follows from that and from the order in which a controller does things.

mod adoption;
mod claims;
mod client;
mod cron_job;
mod daemon_set;
mod deployment;
mod disruption;
mod endpoints;
mod expectations;
mod finished_jobs;
mod garbage_collector;
mod informer;
mod job;
mod namespace_contents;
mod namespaces;
mod node_lifecycle;
mod pod_collector;
mod pods;
mod queue;
mod recorder;
mod replica_set;
mod revisions;
mod slow_start;
mod stateful_set;
mod taint_eviction;
mod template_hash;
mod view;

use std::sync::Arc;

use kubernetes_objects::resource::{self, Resource};
use tokio::task::JoinHandle;

use super::ApiServer;
use super::delays::{CONTROLLER, GARBAGE_COLLECTOR, NAMESPACES};
use super::store::{Change, ChangeKind};
use claims::Claims;
use client::Client;
use cron_job::CronJobs;
use daemon_set::DaemonSets;
use deployment::Deployments;
use disruption::Disruptions;
use endpoints::AllEndpoints;
use finished_jobs::FinishedJobs;
use garbage_collector::GarbageCollector;
use informer::{Changes, Told};
use job::Jobs;
use namespace_contents::NamespaceContents;
use namespaces::Namespaces;
use node_lifecycle::NodeLifecycle;
pub(super) use node_lifecycle::{has_right_taints, set_right_taints};
use pod_collector::{MOST_ENDED, PodCollector};
use queue::Controller;
pub(super) use queue::QueueCounts;
use replica_set::ReplicaSets;
use stateful_set::StatefulSets;
use taint_eviction::TaintEviction;
use view::View;

/// The resources that controllers work with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kinds {
    pods: &'static Resource,
    nodes: &'static Resource,
    namespaces: &'static Resource,
    replica_sets: &'static Resource,
    deployments: &'static Resource,
    daemon_sets: &'static Resource,
    stateful_sets: &'static Resource,
    controller_revisions: &'static Resource,
    claims: &'static Resource,
    jobs: &'static Resource,
    cron_jobs: &'static Resource,
    leases: &'static Resource,
    services: &'static Resource,
    endpoints: &'static Resource,
    slices: &'static Resource,
    storage_classes: &'static Resource,
    budgets: &'static Resource,
}

impl Kinds {
    fn new() -> Self {
        let of = |group, plural| {
            resource::find(group, "v1", plural).expect("the table has what controllers work with")
        };
        Self {
            pods: of("", "pods"),
            nodes: of("", "nodes"),
            namespaces: of("", "namespaces"),
            replica_sets: of("apps", "replicasets"),
            deployments: of("apps", "deployments"),
            daemon_sets: of("apps", "daemonsets"),
            stateful_sets: of("apps", "statefulsets"),
            controller_revisions: of("apps", "controllerrevisions"),
            claims: of("", "persistentvolumeclaims"),
            jobs: of("batch", "jobs"),
            cron_jobs: of("batch", "cronjobs"),
            leases: of("coordination.k8s.io", "leases"),
            services: of("", "services"),
            endpoints: of("", "endpoints"),
            slices: of("discovery.k8s.io", "endpointslices"),
            storage_classes: of("storage.k8s.io", "storageclasses"),
            budgets: of("policy", "poddisruptionbudgets"),
        }
    }
}

/// All controllers.
#[derive(Debug)]
pub(super) struct All {
    kinds: Kinds,
    view: Arc<View>,
    replica_sets: Arc<ReplicaSets>,
    deployments: Arc<Deployments>,
    daemon_sets: Arc<DaemonSets>,
    stateful_sets: Arc<StatefulSets>,
    jobs: Arc<Jobs>,
    cron_jobs: Arc<CronJobs>,
    finished_jobs: Arc<FinishedJobs>,
    node_lifecycle: Arc<NodeLifecycle>,
    taint_eviction: Arc<TaintEviction>,
    disruptions: Arc<Disruptions>,
    endpoints: AllEndpoints,
    claims: Arc<Claims>,
    garbage_collector: Arc<GarbageCollector>,
    namespaces: Arc<Namespaces>,
    namespace_contents: Arc<NamespaceContents>,
    pod_collector: Arc<PodCollector>,
}

impl All {
    fn new(api: &Arc<ApiServer>) -> Self {
        let kinds = Kinds::new();
        let view = Arc::new(View::default());
        let client = |name| Client::new(api, name, CONTROLLER);
        let garbage = Client::new(api, "generic-garbage-collector", GARBAGE_COLLECTOR);
        let emptying = Client::new(api, "namespace-controller", NAMESPACES);
        Self {
            kinds,
            replica_sets: ReplicaSets::new(kinds, &view, client("replicaset-controller")),
            deployments: Deployments::new(kinds, &view, client("deployment-controller")),
            daemon_sets: DaemonSets::new(kinds, &view, client("daemon-set-controller")),
            stateful_sets: StatefulSets::new(kinds, &view, client("statefulset-controller")),
            jobs: Jobs::new(kinds, &view, client("job-controller")),
            cron_jobs: CronJobs::new(kinds, &view, client("cronjob-controller")),
            finished_jobs: FinishedJobs::new(kinds, client("ttl-after-finished-controller")),
            node_lifecycle: NodeLifecycle::new(kinds, &view, client("node-controller")),
            taint_eviction: TaintEviction::new(kinds, &view, client("taint-eviction-controller")),
            disruptions: Disruptions::new(kinds, &view, client("disruption-controller")),
            endpoints: AllEndpoints::new(kinds, &view, client),
            claims: Claims::new(kinds, &view, client("persistent-volume-binder")),
            garbage_collector: GarbageCollector::new(kinds, &view, garbage),
            namespaces: Namespaces::new(kinds, &view, emptying),
            namespace_contents: NamespaceContents::new(kinds, client("service-account-controller")),
            pod_collector: PodCollector::new(kinds, &view, client("pod-garbage-collector")),
            view,
        }
    }

    /// Whether any controller has to hear of a change at all. Most clusters have pods only.
    fn concerns(&self, resource: &'static Resource, change: &Change) -> bool {
        if change.record.object.lease().is_some() && change.kind == ChangeKind::Modified {
            return false;
        }
        let metadata = change.record.object.metadata();
        if metadata.owner_references.is_some() || metadata.deletion_timestamp.is_some() {
            return true;
        }
        if std::ptr::eq(resource, self.kinds.pods) {
            let heard = self.view.heard();
            let claiming = [self.kinds.replica_sets, self.kinds.stateful_sets, self.kinds.budgets];
            return heard.ended.len() > MOST_ENDED
                || heard.any(&claiming)
                || self.taint_eviction.is_at_work()
                || self.endpoints.look_at_pods()
                || self.pod_collector.concerns(change);
        }
        if let Some(node) = change.record.object.node()
            && (self.node_lifecycle.concerns(node) || self.taint_eviction.concerns(node))
        {
            return true;
        }
        let daemons = || self.view.heard().any(&[self.kinds.daemon_sets]);
        let read = [self.kinds.services, self.kinds.claims, self.kinds.namespaces];
        change.kind == ChangeKind::Deleted
            || read.iter().any(|one| std::ptr::eq(resource, *one))
            || resource.plural == "configmaps"
            || matches!(resource.group, "apps" | "batch" | "policy")
            || (std::ptr::eq(resource, self.kinds.nodes) && daemons())
    }

    fn hear(&self, told: &Told<'_>) {
        self.replica_sets.hear(told);
        self.deployments.hear(told);
        self.daemon_sets.hear(told);
        self.stateful_sets.hear(told);
        self.jobs.hear(told);
        self.cron_jobs.hear(told);
        self.finished_jobs.hear(told);
        self.node_lifecycle.hear(told);
        self.taint_eviction.hear(told);
        self.disruptions.hear(told);
        self.endpoints.hear(told);
        self.claims.hear(told);
        self.garbage_collector.hear(told);
        self.namespaces.hear(told);
        self.namespace_contents.hear(told);
        self.pod_collector.hear(told);
    }

    /// What the work queues have done, by their names.
    fn queues(&self) -> Vec<(&'static str, QueueCounts)> {
        vec![
            ("cronjob", self.cron_jobs.queue().counts()),
            ("claims", self.claims.queue().counts()),
            ("daemonset", self.daemon_sets.queue().counts()),
            ("deployment", self.deployments.queue().counts()),
            ("disruption", self.disruptions.queue().counts()),
            ("endpoint", self.endpoints.endpoints.queue().counts()),
            ("endpoint_slice", self.endpoints.slices.queue().counts()),
            ("garbage_collector_attempt_to_delete", self.garbage_collector.queue().counts()),
            ("job", self.jobs.queue().counts()),
            ("namespace", self.namespaces.queue().counts()),
            ("node_lifecycle_controller", self.node_lifecycle.queue().counts()),
            ("replicaset", self.replica_sets.queue().counts()),
            ("statefulset", self.stateful_sets.queue().counts()),
        ]
    }
}

/// The running controllers; dropping them ends them.
#[derive(Debug)]
pub(super) struct Controllers {
    all: Arc<All>,
    informer: JoinHandle<()>,
}

impl Controllers {
    /// Starts all controllers of a cluster that is still empty.
    pub(super) fn start(api: &Arc<ApiServer>) -> Self {
        let all = Arc::new(All::new(api));
        let informer = tokio::spawn(informer::run(Changes::of(api), Arc::clone(&all)));
        Self { all, informer }
    }

    /// What the work queues have done, by their names.
    pub(super) fn queues(&self) -> Vec<(&'static str, QueueCounts)> {
        self.all.queues()
    }
}

impl Drop for Controllers {
    fn drop(&mut self) {
        self.informer.abort();
    }
}
