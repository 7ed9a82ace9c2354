//! Removes pods that nobody else removes: those that ended, when there are too many, and those
//! whose node is gone.
//!
//! Rules: `pkg/controller/podgc` of 1.36.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use k8s_openapi::api::core::v1::{Pod, PodCondition};
use tokio::time::{Instant, sleep, sleep_until};

use super::super::DeleteOptions;
use super::super::object::Object;
use super::super::store::{Change, ChangeKind, ObjectName, has_ended, node_of};
use super::Kinds;
use super::client::Client;
use super::informer::Told;
use super::view::View;

/// The most pods that may stay though they ended (`--terminated-pod-gc-threshold`).
pub(super) const MOST_ENDED: usize = 12_500;
/// Between two looks.
const PERIOD: Duration = Duration::from_secs(20);
/// How long a node must be gone before its pods go too.
const QUARANTINE: Duration = Duration::from_secs(40);

/// Collects pods.
#[derive(Debug)]
pub(super) struct PodCollector {
    kinds: Kinds,
    view: Arc<View>,
    client: Client,
    start: Instant,
    looks: AtomicBool,
    /// The nodes that are away and whose pods are about to be collected.
    away: Mutex<BTreeSet<String>>,
}

impl PodCollector {
    pub(super) fn new(kinds: Kinds, view: &Arc<View>, client: Client) -> Arc<Self> {
        Arc::new(Self {
            kinds,
            view: Arc::clone(view),
            client,
            start: Instant::now(),
            looks: AtomicBool::new(false),
            away: Mutex::new(BTreeSet::new()),
        })
    }

    /// Whether a change puts a pod on a node that is not there.
    pub(super) fn concerns(&self, change: &Change) -> bool {
        let before = change.before.as_ref().and_then(|before| before.object.pod());
        change.kind != ChangeKind::Deleted
            && change.record.object.pod().is_some_and(|pod| self.is_lost(before, pod))
    }

    fn is_lost(&self, before: Option<&Arc<Pod>>, pod: &Pod) -> bool {
        let was_there = before.is_some_and(|before| node_of(before).is_some());
        let nodes = self.kinds.nodes;
        !was_there
            && node_of(pod).is_some_and(|node| self.client.api.object(nodes, "", node).is_none())
    }

    /// Takes in a change of which the view knows already.
    pub(super) fn hear(self: &Arc<Self>, told: &Told<'_>) {
        if told.is(self.kinds.nodes) && told.kind == ChangeKind::Deleted {
            self.wait_for(told.key().1);
        } else if told.kind != ChangeKind::Deleted
            && let Some(pod) = told.after.pod()
            && self.is_lost(told.before.and_then(Object::pod), pod)
        {
            self.wait_for(node_of(pod).unwrap_or_default().to_owned());
        } else if told.after.pod().is_some_and(|pod| has_ended(pod)) && self.surplus() > 0 {
            self.look_from_now_on();
        }
    }

    /// Gives a node time to come, and collects its pods if it does not.
    fn wait_for(self: &Arc<Self>, node: String) {
        let away = || self.away.lock().unwrap_or_else(PoisonError::into_inner);
        if !away().insert(node.clone()) {
            return;
        }
        let collector = Arc::clone(self);
        tokio::spawn(async move {
            sleep_until(collector.next_look()).await;
            sleep(QUARANTINE).await;
            // Pods that are put there from now on are for the next time.
            collector.away.lock().unwrap_or_else(PoisonError::into_inner).remove(&node);
            collector.collect_orphaned(&node).await;
        });
    }

    /// Looks at each period while there are too many; at other times nobody has to.
    fn look_from_now_on(self: &Arc<Self>) {
        if self.looks.swap(true, Ordering::AcqRel) {
            return;
        }
        let collector = Arc::clone(self);
        tokio::spawn(async move {
            while collector.surplus() > 0 {
                sleep_until(collector.next_look()).await;
                collector.collect_ended().await;
            }
            collector.looks.store(false, Ordering::Release);
        });
    }

    fn surplus(&self) -> usize {
        self.view.heard().ended.len().saturating_sub(MOST_ENDED)
    }

    fn next_look(&self) -> Instant {
        let periods = self.start.elapsed().as_secs() / PERIOD.as_secs() + 1;
        self.start + PERIOD * u32::try_from(periods).unwrap_or(u32::MAX)
    }

    /// Deletes the oldest of the pods that ended.
    async fn collect_ended(&self) {
        let surplus = self.surplus();
        let oldest: Vec<ObjectName> = {
            let heard = self.view.heard();
            heard.ended.iter().take(surplus).map(|(_, name)| name.clone()).collect()
        };
        join_all(oldest.iter().map(|name| self.delete(name))).await;
    }

    async fn delete(&self, (namespace, name): &ObjectName) {
        let options = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
        // One that is gone already, or that is held, is looked at again in the next period.
        let _ = self.client.delete(self.kinds.pods, namespace, name, &options).await;
    }

    /// Ends and deletes the pods of a node that stays away.
    async fn collect_orphaned(&self, node: &str) {
        if self.client.get(self.kinds.nodes, "", node).await.is_some() {
            return;
        }
        for pod in self.client.api.pods_on(node) {
            let name = super::super::store::name_of(&pod.metadata);
            if !has_ended(&pod) {
                let now = self.client.api.clock().now();
                let condition = PodCondition {
                    type_: "DisruptionTarget".to_owned(),
                    status: "True".to_owned(),
                    reason: Some("DeletionByPodGC".to_owned()),
                    message: Some("PodGC: node no longer exists".to_owned()),
                    last_transition_time: Some(now),
                    ..PodCondition::default()
                };
                let change = |object: &mut Object| {
                    if let Object::Pod(pod) = object {
                        let status = Arc::make_mut(pod).status.get_or_insert_default();
                        status.phase = Some("Failed".to_owned());
                        status.conditions.get_or_insert_default().push(condition);
                    }
                };
                // A pod that went in between needs no end.
                let _ =
                    self.client.patch(self.kinds.pods, "status", &name.0, &name.1, change).await;
            }
            self.delete(&name).await;
        }
    }
}
