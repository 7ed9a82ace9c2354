//! Binding every pod that waits for a node.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{Event, EventSource, Node, ObjectReference, Pod, PodCondition};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::writing::Write;
use super::{ApiServer, State, core, pods};
use crate::cluster::object::Object;
use crate::cluster::owners::Writer;
use crate::cluster::scheduler::{Candidate, Unschedulable, place};
use crate::cluster::store::{Record, Store, has_ended, name_of};

/// Who schedules.
const SCHEDULER: &str = "kube-scheduler";

impl ApiServer {
    /// Binds every pod that waits for a node, or says why it cannot be bound.
    pub fn schedule(&self) {
        let pending = self.state().store.unscheduled();
        if pending.is_empty() {
            return;
        }
        let now = self.clock.now();
        self.change(|state| {
            for pod in pending {
                let Some(record) = state.store.pod(&name_of(&pod.metadata)).cloned() else {
                    continue;
                };
                let store = &state.store;
                let candidates: Vec<_> = store
                    .nodes()
                    .map(|node| Candidate { node, pods: running_on(store, node) })
                    .collect();
                match place(&pod, &candidates).map(str::to_owned) {
                    Ok(node) => state.schedule_to(&record, &pod, &node, &now),
                    Err(reason) => state.report_unschedulable(&record, &pod, reason, &now),
                }
            }
        });
    }
}

impl State {
    fn schedule_to(&mut self, record: &Record, pod: &Pod, node: &str, now: &Time) {
        if self.bind(record, node, &Default::default(), now, false).is_err() {
            return;
        }
        let (namespace, name) = name_of(&pod.metadata);
        let message = format!("Successfully assigned {namespace}/{name} to {node}");
        self.store.put_event(event(pod, "Normal", "Scheduled", message, now), now);
    }

    fn report_unschedulable(
        &mut self,
        record: &Record,
        pod: &Pod,
        Unschedulable(message): Unschedulable,
        now: &Time,
    ) {
        let condition = PodCondition {
            type_: "PodScheduled".to_owned(),
            status: "False".to_owned(),
            reason: Some("Unschedulable".to_owned()),
            message: Some(message.clone()),
            last_transition_time: Some(now.clone()),
            ..PodCondition::default()
        };
        let known = pod
            .status
            .iter()
            .flat_map(|status| status.conditions.iter().flatten())
            .any(|known| known.type_ == condition.type_ && known.message == condition.message);
        if known {
            return;
        }
        let mut pending = pod.clone();
        pods::set_condition(pending.status.get_or_insert_default(), condition);
        let write = Write { writer: Writer::of(SCHEDULER, "status"), now, dry_run: false };
        // A condition is nothing that could be refused.
        let _ = self.write(core("pods"), record, Object::Pod(Arc::new(pending)), write);
        self.store.put_event(event(pod, "Warning", "FailedScheduling", message, now), now);
    }
}

fn running_on(store: &Store, node: &Node) -> usize {
    let name = node.metadata.name.as_deref().unwrap_or_default();
    store.pods_on(name).filter(|pod| !has_ended(pod)).count()
}

fn event(pod: &Pod, type_: &str, reason: &str, message: String, now: &Time) -> Event {
    Event {
        involved_object: ObjectReference {
            api_version: Some("v1".to_owned()),
            kind: Some("Pod".to_owned()),
            namespace: pod.metadata.namespace.clone(),
            name: pod.metadata.name.clone(),
            uid: pod.metadata.uid.clone(),
            ..ObjectReference::default()
        },
        type_: Some(type_.to_owned()),
        reason: Some(reason.to_owned()),
        message: Some(message),
        source: Some(EventSource {
            component: Some("default-scheduler".to_owned()),
            ..EventSource::default()
        }),
        first_timestamp: Some(now.clone()),
        last_timestamp: Some(now.clone()),
        ..Event::default()
    }
}
