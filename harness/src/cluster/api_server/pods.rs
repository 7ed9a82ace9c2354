//! What hangs below pods: binding, eviction, status.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Pod, PodCondition, PodStatus};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kubernetes_objects::resource;
use kubernetes_objects::{Cause, CauseReason, Status};

use super::requests::DeleteOptions;
use super::writing::Write;
use super::{ApiServer, State, core};
use crate::cluster::object::Object;
use crate::cluster::owners::Writer;
use crate::cluster::store::{Record, has_ended};

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

    /// Evicts a pod: deletes it, unless a disruption budget is in the way.
    pub(super) fn evict(
        &mut self,
        record: &Record,
        options: &DeleteOptions,
        now: &Time,
    ) -> Result<(), Status> {
        let Some(pod) = record.object.pod() else { return Ok(()) };
        if !has_ended(pod) && pod.metadata.deletion_timestamp.is_none() {
            self.check_budgets(pod)?;
        }
        self.delete(core("pods"), record, options, now).map(drop)
    }

    /// Refuses what would leave fewer healthy pods than a disruption budget asks for.
    fn check_budgets(&self, pod: &Pod) -> Result<(), Status> {
        let Some(budgets) = resource::find("policy", "v1", "poddisruptionbudgets") else {
            return Ok(());
        };
        let namespace = pod.metadata.namespace.clone().unwrap_or_default();
        for (_, record) in self.store.collection(budgets).after(&namespace, None) {
            let Some(budget) = record.object.other() else { continue };
            let Ok(budget) = budget.read::<PodDisruptionBudget>() else { continue };
            let Some(spec) = &budget.spec else { continue };
            let selects = |pod: &Pod| {
                pod.metadata.namespace.as_deref() == Some(&namespace)
                    && spec.selector.as_ref().is_some_and(|selector| {
                        crate::cluster::selection::selects(selector, pod.metadata.labels.as_ref())
                    })
            };
            if !selects(pod) {
                continue;
            }
            let mine: Vec<_> =
                self.store.pods().filter(|pod| selects(pod) && !has_ended(pod)).collect();
            let healthy = mine.iter().filter(|pod| is_ready(pod)).count();
            let wanted = wanted_healthy(
                spec.min_available.as_ref(),
                spec.max_unavailable.as_ref(),
                mine.len(),
            );
            if healthy <= wanted {
                let name = budget.metadata.name.as_deref().unwrap_or_default();
                return Err(disrupted(name, wanted, healthy));
            }
        }
        Ok(())
    }
}

fn disrupted(budget: &str, wanted: usize, healthy: usize) -> Status {
    let cause = Cause {
        reason: CauseReason::DisruptionBudget,
        message: format!(
            "The disruption budget {budget} needs {wanted} healthy pods and has {healthy} currently"
        ),
        field: String::new(),
    };
    let details = kubernetes_objects::Details { causes: vec![cause], ..Default::default() };
    Status::new(
        429,
        "TooManyRequests",
        "Cannot evict pod as it would violate the pod's disruption budget.",
    )
    .with_details(details)
}

/// How many pods must stay healthy of as many as there are.
fn wanted_healthy(
    min_available: Option<&IntOrString>,
    max_unavailable: Option<&IntOrString>,
    pods: usize,
) -> usize {
    let of = |value: &IntOrString| match value {
        IntOrString::Int(number) => usize::try_from(*number).unwrap_or(0),
        IntOrString::String(text) => {
            let percent: usize =
                text.strip_suffix('%').and_then(|text| text.parse().ok()).unwrap_or(0);
            // Both round up (disruption controller, `GetScaledValueFromIntOrPercent`).
            pods.saturating_mul(percent).div_ceil(100)
        }
    };
    match (min_available, max_unavailable) {
        (Some(least), _) => of(least),
        (None, Some(most)) => pods.saturating_sub(of(most)),
        (None, None) => 0,
    }
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
    conditions.into_iter().any(|one| one.type_ == "Ready" && one.status == "True")
}

/// Sets a condition in the place of the one of its type.
pub(super) fn set_condition(status: &mut PodStatus, condition: PodCondition) {
    let conditions = status.conditions.get_or_insert_default();
    match conditions.iter_mut().find(|known| known.type_ == condition.type_) {
        Some(known) => *known = condition,
        None => conditions.push(condition),
    }
}
