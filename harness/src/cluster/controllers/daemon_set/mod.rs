//! Keeps one pod of a DaemonSet on every node that it fits.
//!
//! A failed pod is deleted and made anew, each time after a longer wait. Rules:
//! `pkg/controller/daemon` of 1.36. Each template is kept as a revision, whose
//! hash its pods carry.

mod rolling;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fake_kubelet::admission::affinity::{node_matches, untolerated};
use futures_util::future::join_all;
use k8s_openapi::api::apps::v1::{ControllerRevision, DaemonSet, DaemonSetStatus};
use k8s_openapi::api::core::v1::{
    Node, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, Pod, Toleration,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kubernetes_objects::Status;
use tokio::time::Instant;

use super::super::DeleteOptions;
use super::super::object::Object;
use super::super::store::{ObjectName, has_ended, node_of};
use super::Kinds;
use super::client::Client;
use super::informer::Told;
use super::pods::{controller_of, from_template, is_ready};
use super::queue::{Controller, Queue, enqueue, enqueue_at};
use super::recorder::Recorder;
use super::revisions::{History, Keeper};
use super::view::View;
use rolling::Rollout;

/// How many DaemonSets are worked on at once (`--concurrent-daemonset-syncs`).
const WORKERS: usize = 2;
/// The most pods that are made or deleted in one go.
const BURST_REPLICAS: usize = 250;
/// The wait after a node's first failed pod; it doubles with each.
const FIRST_BACKOFF: Duration = Duration::from_secs(1);
/// The longest wait after a failed pod.
const LONGEST_BACKOFF: Duration = Duration::from_secs(15 * 60);
/// Tells a DaemonSet's pods of one template from those of another.
const HASH: &str = "controller-revision-hash";

/// Taints that all pods of DaemonSets tolerate: key and effect.
const TOLERATED: &[(&str, &str)] = &[
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
];

/// The controller of DaemonSets.
#[derive(Debug)]
pub(super) struct DaemonSets {
    kinds: Kinds,
    view: Arc<View>,
    client: Arc<Client>,
    recorder: Arc<Recorder>,
    queue: Queue,
    /// By DaemonSet and node: the wait after the next failure, and until when it lasts now.
    backoffs: Mutex<HashMap<(ObjectName, String), (Duration, Instant)>>,
}

/// What is to be done.
#[derive(Default)]
struct Plan {
    create: Vec<String>,
    delete: Vec<Arc<Pod>>,
    /// When failed pods that wait may go.
    come_back: Option<Instant>,
}

impl DaemonSets {
    pub(super) fn new(kinds: Kinds, view: &Arc<View>, client: Client) -> Arc<Self> {
        let client = Arc::new(client);
        Arc::new(Self {
            kinds,
            view: Arc::clone(view),
            recorder: Arc::new(Recorder::new(&client, "daemonset-controller")),
            client,
            queue: Queue::new(WORKERS),
            backoffs: Mutex::default(),
        })
    }

    /// Takes in a change of which the view knows already.
    pub(super) fn hear(self: &Arc<Self>, told: &Told<'_>) {
        if told.is(self.kinds.daemon_sets) {
            enqueue(self, &told.key());
        } else if told.is(self.kinds.nodes) {
            let same =
                |a: &Node, b: &Node| a.metadata.labels == b.metadata.labels && a.spec == b.spec;
            let before = told.before.and_then(Object::node);
            if let (Some(before), Some(after)) = (before, told.after.node())
                && same(before, after)
            {
                return;
            }
            let keys: Vec<_> = {
                let heard = self.view.heard();
                heard.objects(self.kinds.daemon_sets).map(|(key, _)| key.clone()).collect()
            };
            for key in keys {
                enqueue(self, &key);
            }
        } else if let Some(pod) = told.after.pod()
            && let Some(owner) = controller_of(&pod.metadata).filter(|one| one.kind == "DaemonSet")
        {
            let namespace = pod.metadata.namespace.clone().unwrap_or_default();
            enqueue(self, &(namespace, owner.name.clone()));
        }
    }

    /// The pod of a DaemonSet for a node.
    fn pod_for(&self, set: &DaemonSet, node: &str, hash: &str) -> Pod {
        let template = set.spec.as_ref().map(|spec| spec.template.clone()).unwrap_or_default();
        let mut pod = from_template(&template, self.kinds.daemon_sets, &set.metadata, None);
        pod.metadata.labels.get_or_insert_default().insert(HASH.to_owned(), hash.to_owned());
        let spec = pod.spec.get_or_insert_default();
        let tolerations = spec.tolerations.get_or_insert_default();
        tolerations.extend(TOLERATED.iter().map(|(key, effect)| Toleration {
            key: Some((*key).to_owned()),
            operator: Some("Exists".to_owned()),
            effect: Some((*effect).to_owned()),
            ..Toleration::default()
        }));
        let field = NodeSelectorRequirement {
            key: "metadata.name".to_owned(),
            operator: "In".to_owned(),
            values: Some(vec![node.to_owned()]),
        };
        let affinity = spec.affinity.get_or_insert_default().node_affinity.get_or_insert_default();
        let required = affinity
            .required_during_scheduling_ignored_during_execution
            .get_or_insert_with(|| NodeSelector { node_selector_terms: Vec::new() });
        if required.node_selector_terms.is_empty() {
            required.node_selector_terms.push(NodeSelectorTerm::default());
        }
        for term in &mut required.node_selector_terms {
            term.match_fields = Some(vec![field.clone()]);
        }
        pod
    }

    /// The nodes that are to have a pod.
    fn wanted_nodes(&self, set: &DaemonSet) -> Vec<Arc<Node>> {
        let heard = self.view.heard();
        let nodes = heard.objects(self.kinds.nodes).filter_map(|(_, object)| object.node());
        nodes
            .filter(|node| {
                let name = node.metadata.name.as_deref().unwrap_or_default();
                let pod = self.pod_for(set, name, "");
                node_matches(&pod, node)
                    && untolerated(&pod, node, &["NoSchedule", "NoExecute"]).next().is_none()
            })
            .cloned()
            .collect()
    }

    fn plan(&self, key: &ObjectName, work: &Work<'_>) -> Plan {
        let (set, pods) = (work.set, &work.pods);
        let mut plan = Plan::default();
        let names: Vec<&str> =
            work.wanted.iter().filter_map(|node| node.metadata.name.as_deref()).collect();
        let surges = work.rollout().most_surge(names.len()) > 0;
        for name in &names {
            let here = pods.get(*name).map(Vec::as_slice).unwrap_or_default();
            let live: Vec<_> = here.iter().filter(|pod| !has_ended(pod)).collect();
            let mut kept = live.len();
            for pod in here.iter().filter(|pod| has_ended(pod)) {
                if pod.metadata.deletion_timestamp.is_some() {
                    kept += 1;
                    continue;
                }
                match self.wait_after_failure(key, name) {
                    Some(until) => {
                        kept += 1;
                        let known = plan.come_back.unwrap_or(until);
                        plan.come_back = Some(known.min(until));
                    }
                    None => {
                        self.say_failed(set, pod, name);
                        plan.delete.push(Arc::clone(pod));
                        kept += 1;
                    }
                }
            }
            plan.delete.extend(work.surplus(&live, surges));
            if kept == 0 {
                plan.create.push((*name).to_owned());
            }
        }
        for (node, pods) in pods.iter().filter(|(node, _)| !names.contains(&node.as_str())) {
            let gone = !node.is_empty();
            let leaving =
                pods.iter().filter(|pod| gone && pod.metadata.deletion_timestamp.is_none());
            plan.delete.extend(leaving.cloned());
        }
        let rolling = work.rollout().next(&work.wanted, pods);
        let known: Vec<_> = plan.delete.iter().map(|pod| pod.metadata.uid.clone()).collect();
        plan.delete
            .extend(rolling.delete.into_iter().filter(|pod| !known.contains(&pod.metadata.uid)));
        plan.create.extend(rolling.create);
        plan.create.truncate(BURST_REPLICAS);
        plan.delete.truncate(BURST_REPLICAS);
        plan
    }

    /// Until when a node's failed pod stays; nothing when it may go, which makes the next wait
    /// longer.
    fn wait_after_failure(&self, key: &ObjectName, node: &str) -> Option<Instant> {
        let now = Instant::now();
        let mut backoffs = self.backoffs.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (key.clone(), node.to_owned());
        let (wait, until) = backoffs.get(&place).copied().unwrap_or((Duration::ZERO, now));
        if until > now {
            return Some(until);
        }
        // A node without failures for twice the longest wait begins anew.
        let rested = now.duration_since(until) > LONGEST_BACKOFF * 2;
        let wait =
            if wait.is_zero() || rested { FIRST_BACKOFF } else { (wait * 2).min(LONGEST_BACKOFF) };
        backoffs.insert(place, (wait, now + wait));
        None
    }

    fn say_failed(&self, set: &DaemonSet, pod: &Pod, node: &str) {
        let name = pod.metadata.name.as_deref().unwrap_or_default();
        let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
        let message = format!(
            "Found failed daemon pod {namespace}/{name} on node {node}, will try to kill it"
        );
        self.say(set, "Warning", "FailedDaemonPod", &message);
    }

    fn say(&self, set: &DaemonSet, type_: &str, reason: &str, message: &str) {
        self.recorder.record(self.kinds.daemon_sets, &set.metadata, type_, reason, message);
    }

    async fn create(&self, work: &Work<'_>, node: &str) -> Result<(), Status> {
        let set = work.set;
        let namespace = set.metadata.namespace.as_deref().unwrap_or_default();
        let pod = Object::Pod(Arc::new(self.pod_for(set, node, &work.hash)));
        let made = self.client.create(self.kinds.pods, namespace, pod).await?;
        let name = made.metadata().name.as_deref().unwrap_or_default();
        self.say(set, "Normal", "SuccessfulCreate", &format!("Created pod: {name}"));
        Ok(())
    }

    async fn delete(&self, set: &DaemonSet, pod: &Pod) -> Result<(), Status> {
        let namespace = set.metadata.namespace.as_deref().unwrap_or_default();
        let name = pod.metadata.name.as_deref().unwrap_or_default();
        let options = DeleteOptions::default();
        match self.client.delete(self.kinds.pods, namespace, name, &options).await {
            Err(status) if status.code != 404 => Err(status),
            _ => {
                self.say(set, "Normal", "SuccessfulDelete", &format!("Deleted pod: {name}"));
                Ok(())
            }
        }
    }

    fn keeper<'a>(&'a self, set: &'a DaemonSet) -> Option<Keeper<'a>> {
        let spec = set.spec.as_ref()?;
        Some(Keeper {
            kinds: self.kinds,
            client: &self.client,
            view: &self.view,
            resource: self.kinds.daemon_sets,
            metadata: &set.metadata,
            selector: &spec.selector,
            template: &spec.template,
            hash_label: HASH,
            annotations: set.metadata.annotations.clone(),
            collisions: set.status.as_ref().and_then(|status| status.collision_count),
        })
    }
}

/// A DaemonSet while it is worked on.
struct Work<'a> {
    set: &'a DaemonSet,
    wanted: Vec<Arc<Node>>,
    pods: Pods,
    /// The hash of the template as it is.
    hash: String,
    now: Time,
    collisions: Option<i32>,
}

fn has_hash(pod: &Pod, hash: &str) -> bool {
    let labels = pod.metadata.labels.as_ref();
    labels.and_then(|labels| labels.get(HASH)).is_some_and(|known| known == hash)
}

impl Work<'_> {
    fn rollout(&self) -> Rollout<'_> {
        static NO_SPEC: std::sync::LazyLock<k8s_openapi::api::apps::v1::DaemonSetSpec> =
            std::sync::LazyLock::new(Default::default);
        let spec = self.set.spec.as_ref().unwrap_or(&NO_SPEC);
        Rollout { spec, hash: &self.hash, now: &self.now }
    }

    /// The pods of a node beyond the oldest; with surge, beyond the oldest of either template,
    /// and the older template's once the newer's is available.
    fn surplus(&self, live: &[&Arc<Pod>], surges: bool) -> Vec<Arc<Pod>> {
        let rollout = self.rollout();
        let mut kept: Vec<&Arc<Pod>> = Vec::new();
        let mut surplus = Vec::new();
        for pod in live {
            let is_new = has_hash(pod, &self.hash);
            let stays = match kept[..] {
                [] => true,
                [first] if surges => {
                    has_hash(first, &self.hash) != is_new
                        && !(has_hash(first, &self.hash) && rollout.is_available(first))
                }
                _ => false,
            };
            if stays {
                kept.push(pod);
            } else if pod.metadata.deletion_timestamp.is_none() {
                surplus.push(Arc::clone(pod));
            }
        }
        surplus
    }

    fn status(&self) -> DaemonSetStatus {
        let rollout = self.rollout();
        let mut status = DaemonSetStatus {
            desired_number_scheduled: i32::try_from(self.wanted.len()).unwrap_or(i32::MAX),
            observed_generation: self.set.metadata.generation,
            collision_count: self.collisions,
            ..DaemonSetStatus::default()
        };
        let (mut updated, mut available) = (0, 0);
        for node in &self.wanted {
            let name = node.metadata.name.as_deref().unwrap_or_default();
            let Some(pod) = self.pods.get(name).and_then(|pods| pods.first()) else { continue };
            status.current_number_scheduled += 1;
            status.number_ready += i32::from(is_ready(pod));
            available += i32::from(rollout.is_available(pod));
            updated += i32::from(has_hash(pod, &self.hash));
        }
        let is_wanted =
            |name: &str| self.wanted.iter().any(|node| node.metadata.name.as_deref() == Some(name));
        let pods = self.pods.keys();
        let elsewhere = pods.filter(|name| !name.is_empty() && !is_wanted(name)).count();
        status.number_misscheduled = i32::try_from(elsewhere).unwrap_or(i32::MAX);
        let some = |count: i32| (count > 0).then_some(count);
        status.updated_number_scheduled = some(updated);
        status.number_available = some(available);
        status.number_unavailable = some(status.desired_number_scheduled - available);
        status
    }
}

/// A DaemonSet's pods by the node that they are meant for; live ones first, the oldest before.
type Pods = BTreeMap<String, Vec<Arc<Pod>>>;

/// The node that a pod is on, or meant for.
fn meant_for(pod: &Pod) -> String {
    if let Some(node) = node_of(pod) {
        return node.to_owned();
    }
    let required = pod
        .spec
        .as_ref()
        .and_then(|spec| spec.affinity.as_ref()?.node_affinity.as_ref())
        .and_then(|one| one.required_during_scheduling_ignored_during_execution.as_ref());
    let fields = required.into_iter().flat_map(|one| &one.node_selector_terms);
    fields
        .flat_map(|term| term.match_fields.iter().flatten())
        .find_map(|field| field.values.as_ref()?.first().cloned())
        .unwrap_or_default()
}

impl Controller for DaemonSets {
    fn queue(&self) -> &Queue {
        &self.queue
    }

    async fn sync(self: &Arc<Self>, key: &ObjectName) -> Result<(), Status> {
        let Some(set) = self.view.get::<DaemonSet>(self.kinds.daemon_sets, key) else {
            return Ok(());
        };
        if set.metadata.deletion_timestamp.is_some() {
            return Ok(());
        }
        let Some(keeper) = self.keeper(&set) else { return Ok(()) };
        let history = keeper.history().await?;
        // What was written is seen before the next look, so that nothing is made twice.
        let uid = set.metadata.uid.as_deref().unwrap_or_default();
        let created = |pod: &Arc<Pod>| pod.metadata.creation_timestamp.as_ref().map(|at| at.0);
        let mut active = self.client.api.active_pods_of(uid);
        active.sort_by(|a, b| (created(a), &a.metadata.name).cmp(&(created(b), &b.metadata.name)));
        let mut pods = Pods::new();
        for pod in active.into_iter().chain(self.client.api.ended_pods_of(uid)) {
            pods.entry(meant_for(&pod)).or_default().push(pod);
        }
        let work = Work {
            wanted: self.wanted_nodes(&set),
            pods,
            hash: hash_of(&history.update),
            now: self.client.api.clock().now(),
            collisions: history.collisions,
            set: &set,
        };
        let plan = self.plan(key, &work);
        if let Some(at) = plan.come_back {
            enqueue_at(self, key, at);
        }
        let deletions = plan.delete.iter().map(|pod| self.delete(&set, pod));
        join_all(deletions).await.into_iter().collect::<Result<(), _>>()?;
        let creations = plan.create.iter().map(|node| self.create(&work, node));
        join_all(creations).await.into_iter().collect::<Result<(), _>>()?;
        self.truncate(&keeper, &history, &work).await?;
        let status = work.status();
        let ripens = status.number_available.unwrap_or(0) < status.number_ready;
        if ripens && let Some(seconds) = set.spec.as_ref().and_then(|spec| spec.min_ready_seconds) {
            let wait = Duration::from_secs(u64::from(seconds.unsigned_abs()));
            enqueue_at(self, key, Instant::now() + wait);
        }
        if set.status.as_ref() != Some(&status) {
            let set = DaemonSet { status: Some(status), ..set.clone() };
            self.client.update_typed(self.kinds.daemon_sets, "status", &set).await?;
        }
        Ok(())
    }
}

impl DaemonSets {
    /// Deletes the oldest revisions that no pod has, beyond those that are kept.
    async fn truncate(
        &self,
        keeper: &Keeper<'_>,
        history: &History,
        work: &Work<'_>,
    ) -> Result<(), Status> {
        let limit = work.set.spec.as_ref().and_then(|spec| spec.revision_history_limit);
        let is_live = |one: &ControllerRevision| {
            let hash = hash_of(one);
            hash == work.hash || work.pods.values().flatten().any(|pod| has_hash(pod, &hash))
        };
        keeper.truncate(history, limit, is_live).await
    }
}

/// The hash that a revision's pods carry.
fn hash_of(revision: &ControllerRevision) -> String {
    let labels = revision.metadata.labels.as_ref();
    labels.and_then(|labels| labels.get(HASH)).cloned().unwrap_or_default()
}
