//! What has been decided, and how it is written: bindings, conditions, events.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{Event, EventSource, ObjectReference, Pod, PodCondition};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use tokio::time::Instant;

use super::{MANAGER, NAME, Scheduler};

/// Something decided that is still to be written.
#[derive(Debug)]
pub(super) struct Decision {
    pub(super) pod: Arc<Pod>,
    pub(super) outcome: Outcome,
}

#[derive(Debug)]
pub(super) enum Outcome {
    Node(Arc<str>),
    NoNode(Arc<str>),
}

impl Scheduler {
    /// Writes the decisions for which the client's turn has come.
    pub(super) fn write_due(&mut self) {
        let now = Instant::now();
        while self.decisions.front().is_some_and(|(at, _)| *at <= now) {
            if let Some((_, decision)) = self.decisions.pop_front() {
                self.write(&decision);
            }
        }
    }

    fn write(&mut self, Decision { pod, outcome }: &Decision) {
        let metadata = &pod.metadata;
        let namespace = metadata.namespace.as_deref().unwrap_or_default();
        let name = metadata.name.as_deref().unwrap_or_default();
        let uid = metadata.uid.as_deref().unwrap_or_default();
        let now = self.api.clock().now();
        let known = self.api.pod(namespace, name);
        let Some(known) = known.filter(|known| known.metadata.uid == metadata.uid) else {
            return;
        };
        match outcome {
            Outcome::Node(node) => {
                self.metrics.write(|counts| counts.scheduled += 1);
                if self.api.bind(namespace, name, node).is_ok() {
                    let message = format!("Successfully assigned {namespace}/{name} to {node}");
                    self.api.record(event(pod, "Normal", "Scheduled", message, &now));
                } else if let Some((pod, node)) = self.assumed.remove(uid) {
                    self.forget_assumed(&pod, Some(node));
                }
            }
            Outcome::NoNode(message) => {
                self.metrics.write(|counts| counts.unschedulable += 1);
                if let Some(condition) = unschedulable(&known, message, &now) {
                    // Whoever deleted the pod in between needs no condition.
                    let _ = self.api.set_pod_condition(namespace, name, condition, MANAGER);
                }
                let message = message.as_ref().to_owned();
                self.api.record(event(pod, "Warning", "FailedScheduling", message, &now));
            }
        }
    }
}

/// The condition to write, unless the pod has it already.
fn unschedulable(pod: &Pod, message: &str, now: &Time) -> Option<PodCondition> {
    let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
    let known = conditions.into_iter().find(|condition| condition.type_ == "PodScheduled");
    let same_status = known.filter(|known| known.status == "False");
    if same_status.is_some_and(|known| known.message.as_deref() == Some(message)) {
        return None;
    }
    Some(PodCondition {
        type_: "PodScheduled".to_owned(),
        status: "False".to_owned(),
        reason: Some("Unschedulable".to_owned()),
        message: Some(message.to_owned()),
        last_transition_time: same_status
            .and_then(|known| known.last_transition_time.clone())
            .or_else(|| Some(now.clone())),
        ..PodCondition::default()
    })
}

fn event(pod: &Pod, type_: &str, reason: &str, message: String, now: &Time) -> Event {
    let metadata = &pod.metadata;
    Event {
        metadata: ObjectMeta { namespace: metadata.namespace.clone(), ..ObjectMeta::default() },
        involved_object: ObjectReference {
            api_version: Some("v1".to_owned()),
            kind: Some("Pod".to_owned()),
            namespace: metadata.namespace.clone(),
            name: metadata.name.clone(),
            uid: metadata.uid.clone(),
            resource_version: metadata.resource_version.clone(),
            ..ObjectReference::default()
        },
        type_: Some(type_.to_owned()),
        reason: Some(reason.to_owned()),
        message: Some(message),
        count: Some(1),
        source: Some(EventSource { component: Some(NAME.to_owned()), ..EventSource::default() }),
        reporting_component: Some(NAME.to_owned()),
        first_timestamp: Some(now.clone()),
        last_timestamp: Some(now.clone()),
        ..Event::default()
    }
}
