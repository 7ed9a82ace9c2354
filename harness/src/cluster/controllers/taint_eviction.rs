//! Deletes pods that do not tolerate what a node's taints say, at once or when the time that
//! they tolerate it for is over.
//!
//! Rules: `pkg/controller/tainteviction` of 1.36.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fake_kubelet::admission::affinity::tolerates_taint;
use k8s_openapi::api::core::v1::{Node, Pod, PodCondition, Taint, Toleration};
use tokio::time::{Instant, sleep_until};

use super::super::DeleteOptions;
use super::super::object::Object;
use super::super::store::{ChangeKind, ObjectName, name_of, node_of};
use super::Kinds;
use super::client::Client;
use super::informer::Told;
use super::recorder::Recorder;
use super::view::View;

/// Deletes pods because of taints.
#[derive(Debug)]
pub(super) struct TaintEviction {
    kinds: Kinds,
    view: Arc<View>,
    client: Arc<Client>,
    recorder: Arc<Recorder>,
    /// The pods that are to go, since when they are, and when.
    planned: Mutex<HashMap<ObjectName, Eviction>>,
    /// Whether any node has driven pods away so far.
    at_work: AtomicBool,
}

#[derive(Debug, Clone, PartialEq)]
struct Eviction {
    uid: Option<String>,
    since: Instant,
    at: Instant,
}

/// How long a pod stays on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stays {
    Forever,
    For(Duration),
}

impl TaintEviction {
    pub(super) fn new(kinds: Kinds, view: &Arc<View>, client: Client) -> Arc<Self> {
        let client = Arc::new(client);
        Arc::new(Self {
            kinds,
            view: Arc::clone(view),
            recorder: Arc::new(Recorder::new(&client, "taint-eviction-controller")),
            client,
            planned: Mutex::default(),
            at_work: AtomicBool::new(false),
        })
    }

    fn planned(&self) -> MutexGuard<'_, HashMap<ObjectName, Eviction>> {
        self.planned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether changes of pods must be heard.
    pub(super) fn is_at_work(&self) -> bool {
        self.at_work.load(Ordering::Acquire)
    }

    /// Whether a change of a node must be heard.
    pub(super) fn concerns(&self, node: &Node) -> bool {
        self.is_at_work() || !driving_away(node).is_empty()
    }

    /// Takes in a change of which the view knows already.
    pub(super) fn hear(self: &Arc<Self>, told: &Told<'_>) {
        if let Some(node) = told.after.node() {
            let before = told.before.and_then(Object::node);
            let taints = driving_away(node);
            let same = before.is_some_and(|before| driving_away(before) == taints);
            if told.kind == ChangeKind::Deleted || same || (before.is_none() && taints.is_empty()) {
                return;
            }
            self.at_work.store(true, Ordering::Release);
            let name = node.metadata.name.as_deref().unwrap_or_default();
            for pod in self.client.api.pods_on(name) {
                self.consider(&pod, &taints);
            }
        } else if let Some(pod) = told.after.pod() {
            self.hear_pod(told, pod);
        }
    }

    fn hear_pod(self: &Arc<Self>, told: &Told<'_>, pod: &Arc<Pod>) {
        if told.kind == ChangeKind::Deleted {
            self.planned().remove(&told.key());
            return;
        }
        let tolerations = |pod: &Pod| pod.spec.as_ref().and_then(|spec| spec.tolerations.clone());
        let before = told.before.and_then(Object::pod);
        let Some(node) = node_of(pod) else { return };
        if before.is_some_and(|before| {
            node_of(before) == Some(node) && tolerations(before) == tolerations(pod)
        }) {
            return;
        }
        let node = (String::new(), node.to_owned());
        let node = self.view.object(self.kinds.nodes, &node);
        let taints = node.as_ref().and_then(Object::node).map(|node| driving_away(node));
        if let Some(taints) = taints.filter(|taints| !taints.is_empty()) {
            self.consider(pod, &taints);
        }
    }

    /// Decides when a pod is to go.
    fn consider(self: &Arc<Self>, pod: &Arc<Pod>, taints: &[Taint]) {
        let key = name_of(&pod.metadata);
        let now = Instant::now();
        let Stays::For(time) = stays(pod, taints) else {
            if self.planned().remove(&key).is_some() {
                let (namespace, name) = &key;
                let message = format!("Cancelling deletion of Pod {namespace}/{name}");
                self.say(pod, &message);
            }
            return;
        };
        let mut planned = self.planned();
        let known = planned.get(&key).filter(|known| known.uid == pod.metadata.uid);
        let since = known.map_or(now, |known| known.since);
        if known.is_some_and(|known| since + time < now + time && known.at <= since + time) {
            return;
        }
        let eviction = Eviction { uid: pod.metadata.uid.clone(), since, at: since + time };
        planned.insert(key.clone(), eviction.clone());
        drop(planned);
        let (this, pod) = (Arc::clone(self), Arc::clone(pod));
        tokio::spawn(async move {
            sleep_until(eviction.at).await;
            let due = this.planned().get(&key) == Some(&eviction);
            if due {
                this.planned().remove(&key);
                this.evict(&pod).await;
            }
        });
    }

    async fn evict(&self, pod: &Pod) {
        let (namespace, name) = name_of(&pod.metadata);
        self.say(pod, &format!("Marking for deletion Pod {namespace}/{name}"));
        let condition = PodCondition {
            type_: "DisruptionTarget".to_owned(),
            status: "True".to_owned(),
            reason: Some("DeletionByTaintManager".to_owned()),
            message: Some("Taint manager: deleting due to NoExecute taint".to_owned()),
            last_transition_time: Some(self.client.api.clock().now()),
            ..PodCondition::default()
        };
        let uid = pod.metadata.uid.clone();
        let change = |object: &mut Object| {
            if let Object::Pod(pod) = object
                && pod.metadata.uid == uid
            {
                let status = Arc::make_mut(pod).status.get_or_insert_default();
                let conditions = status.conditions.get_or_insert_default();
                conditions.retain(|one| one.type_ != condition.type_);
                conditions.push(condition);
            }
        };
        let options = DeleteOptions { uid: pod.metadata.uid.clone(), ..DeleteOptions::default() };
        // A pod that went in between needs neither.
        let _ = self.client.patch(self.kinds.pods, "status", &namespace, &name, change).await;
        let _ = self.client.delete(self.kinds.pods, &namespace, &name, &options).await;
    }

    fn say(&self, pod: &Pod, message: &str) {
        let (resource, metadata) = (self.kinds.pods, &pod.metadata);
        self.recorder.record(resource, metadata, "Normal", "TaintManagerEviction", message);
    }
}

/// A node's taints that drive pods away.
fn driving_away(node: &Node) -> Vec<Taint> {
    let taints = node.spec.iter().flat_map(|spec| spec.taints.iter().flatten());
    taints.into_iter().filter(|taint| taint.effect == "NoExecute").cloned().collect()
}

/// How long a pod stays on a node with these taints: no longer than the shortest of the
/// tolerations that it needs.
fn stays(pod: &Pod, taints: &[Taint]) -> Stays {
    let tolerations: Vec<&Toleration> =
        pod.spec.iter().flat_map(|spec| spec.tolerations.iter().flatten()).collect();
    let mut shortest = Stays::Forever;
    for taint in taints {
        let mut used = tolerations.iter().filter(|one| tolerates_taint(one, taint)).peekable();
        if used.peek().is_none() {
            return Stays::For(Duration::ZERO);
        }
        for seconds in used.filter_map(|one| one.toleration_seconds) {
            let time = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
            shortest = match shortest {
                Stays::For(known) => Stays::For(known.min(time)),
                Stays::Forever => Stays::For(time),
            };
        }
    }
    shortest
}
