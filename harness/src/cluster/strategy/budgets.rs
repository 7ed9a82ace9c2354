//! Disruption budgets: what is filled in and what is refused.
//!
//! Rules and words: `pkg/apis/policy/validation` and `pkg/registry/policy`, 1.36.

use k8s_openapi::api::policy::v1::PodDisruptionBudgetSpec;
use kubernetes_objects::resource::Resource;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::validation::{numbers, selectors};
use crate::cluster::object::Untyped;
use crate::cluster::refusal::FieldError;

/// What becomes of pods that run and are not ready.
const EVICTION_POLICIES: &[&str] = &["AlwaysAllow", "IfHealthyBudget"];

/// Whether a resource's objects are disruption budgets.
pub(super) fn is_one(resource: &Resource) -> bool {
    resource.group == "policy" && resource.plural == "poddisruptionbudgets"
}

/// Takes away a status that a client gave.
pub(super) fn prepare_for_create(budget: &mut Untyped) {
    budget.metadata.generation = Some(1);
    budget.rest.insert("status".to_owned(), json!({}));
}

/// Checks a budget.
pub(super) fn validate(budget: &Untyped, errors: &mut Vec<FieldError>) {
    const PATH: &str = "spec";
    let Some(json) = budget.rest.get(PATH) else { return };
    let Ok(spec) = PodDisruptionBudgetSpec::deserialize(json) else { return };
    if spec.min_available.is_some() && spec.max_unavailable.is_some() {
        let detail = "minAvailable and maxUnavailable cannot be both set";
        errors.push(FieldError::invalid(PATH, as_the_server_prints(json), detail));
    }
    for (field, value) in
        [("minAvailable", &spec.min_available), ("maxUnavailable", &spec.max_unavailable)]
    {
        if let Some(value) = value {
            numbers::count_or_percentage(PATH, field, value, errors);
            numbers::at_most_all(PATH, field, value, errors);
        }
    }
    if let Some(selector) = &spec.selector {
        selectors::check(selector, "spec.selector", errors);
    }
    let policy = spec.unhealthy_pod_eviction_policy.as_deref();
    if let Some(policy) = policy.filter(|policy| !EVICTION_POLICIES.contains(policy)) {
        let field = "spec.unhealthyPodEvictionPolicy";
        errors.push(FieldError::unsupported(field, policy, EVICTION_POLICIES));
    }
}

/// A spec as a message shows it: the server prints its own structure, with the names of Go.
fn as_the_server_prints(spec: &Json) -> Json {
    json!({
        "MinAvailable": spec["minAvailable"], "Selector": spec["selector"],
        "MaxUnavailable": spec["maxUnavailable"],
        "UnhealthyPodEvictionPolicy": spec["unhealthyPodEvictionPolicy"],
    })
}
