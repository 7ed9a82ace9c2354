//! Disruption budgets, as the controller that keeps them and the server that evicts both see
//! them.

use k8s_openapi::api::policy::v1::PodDisruptionBudgetStatus;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

/// The condition that says whether a pod may be evicted.
const DISRUPTION_ALLOWED: &str = "DisruptionAllowed";

/// Sets the condition that follows from the number of allowed disruptions
/// (`UpdateDisruptionAllowedCondition`).
pub(super) fn allow(status: &mut PodDisruptionBudgetStatus, now: &Time) {
    let said = if status.disruptions_allowed.unwrap_or(0) > 0 {
        ("True", "SufficientPods")
    } else {
        ("False", "InsufficientPods")
    };
    condition(status, said, "", now);
}

/// Sets the condition; when it last changed is kept where it does not.
pub(super) fn condition(
    status: &mut PodDisruptionBudgetStatus,
    (value, reason): (&str, &str),
    message: &str,
    now: &Time,
) {
    let observed_generation = status.observed_generation;
    let conditions = status.conditions.get_or_insert_default();
    let known = conditions.iter_mut().find(|known| known.type_ == DISRUPTION_ALLOWED);
    let since = known.as_ref().filter(|known| known.status == value);
    let condition = Condition {
        type_: DISRUPTION_ALLOWED.to_owned(),
        status: value.to_owned(),
        reason: reason.to_owned(),
        message: message.to_owned(),
        observed_generation,
        last_transition_time: since
            .map_or_else(|| now.clone(), |it| it.last_transition_time.clone()),
    };
    match known {
        Some(known) => *known = condition,
        None => conditions.push(condition),
    }
}
