//! What hangs below pods: binding, status.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Pod, PodCondition, PodStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kubernetes_objects::Status;

use super::writing::Write;
use super::{ApiServer, State, core};
use crate::cluster::object::Object;
use crate::cluster::owners::Writer;
use crate::cluster::store::Record;

impl ApiServer {
    /// Binds a pod to a node.
    ///
    /// # Errors
    /// [`Status`] when there is no such pod, or it is bound or ending.
    pub fn bind(&self, namespace: &str, name: &str, node: &str) -> Result<(), Status> {
        let now = self.clock.now();
        let name = (namespace.to_owned(), name.to_owned());
        self.change(|state| {
            let record = state.known(core("pods"), &name)?.clone();
            state.bind(&record, node, &BTreeMap::new(), &now, false)
        })
    }

    /// Writes a pod's condition for a component of the cluster; one of the same type goes.
    ///
    /// # Errors
    /// [`Status`] when there is no such pod.
    pub fn set_pod_condition(
        &self,
        namespace: &str,
        name: &str,
        condition: PodCondition,
        manager: &str,
    ) -> Result<(), Status> {
        let now = self.clock.now();
        let name = (namespace.to_owned(), name.to_owned());
        self.change(|state| {
            let record = state.known(core("pods"), &name)?.clone();
            let Some(mut pod) = record.object.pod().map(|pod| Pod::clone(pod)) else {
                return Ok(());
            };
            set_condition(pod.status.get_or_insert_default(), condition);
            let write = Write { writer: Writer::of(manager, "status"), now: &now, dry_run: false };
            state.write(core("pods"), &record, Object::Pod(Arc::new(pod)), write).map(drop)
        })
    }
}

impl State {
    /// Binds a pod; annotations of the binding become the pod's.
    pub(super) fn bind(
        &mut self,
        record: &Record,
        node: &str,
        annotations: &BTreeMap<String, String>,
        now: &Time,
        dry_run: bool,
    ) -> Result<(), Status> {
        let Some(known) = record.object.pod() else { return Ok(()) };
        let name = known.metadata.name.as_deref().unwrap_or_default();
        let bound = known.spec.as_ref().and_then(|spec| spec.node_name.as_deref());
        let why = if known.metadata.deletion_timestamp.is_some() {
            Some(format!("pod {name} is being deleted, cannot be assigned to a host"))
        } else {
            bound
                .filter(|node| !node.is_empty())
                .map(|node| format!("pod {name} is already assigned to node {node:?}"))
        };
        if let Some(why) = why {
            return Err(Status::conflict("pods/binding", name, &why));
        }
        let mut pod = Pod::clone(known);
        pod.spec.get_or_insert_default().node_name = Some(node.to_owned());
        if !annotations.is_empty() {
            let known = pod.metadata.annotations.get_or_insert_default();
            known.extend(annotations.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
        let condition = PodCondition {
            type_: "PodScheduled".to_owned(),
            status: "True".to_owned(),
            last_transition_time: Some(now.clone()),
            ..PodCondition::default()
        };
        set_condition(pod.status.get_or_insert_default(), condition);
        if !dry_run {
            self.write_as_server(core("pods"), record, Object::Pod(Arc::new(pod)));
        }
        Ok(())
    }
}

/// Sets a condition in the place of the one of its type.
pub(super) fn set_condition(status: &mut PodStatus, condition: PodCondition) {
    let conditions = status.conditions.get_or_insert_default();
    match conditions.iter_mut().find(|known| known.type_ == condition.type_) {
        Some(known) => *known = condition,
        None => conditions.push(condition),
    }
}
