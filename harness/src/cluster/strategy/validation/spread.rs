//! How a pod wants to be spread among others (`validateTopologySpreadConstraints` of
//! `pkg/apis/core/validation`, 1.36).

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::TopologySpreadConstraint;

use super::{FieldError, names, selectors};

const ACTIONS: &[&str] = &["DoNotSchedule", "ScheduleAnyway"];
const POLICIES: &[&str] = &["Honor", "Ignore"];
const NOT_POSITIVE: &str = "must be greater than zero";

/// Checks a pod's constraints.
pub(super) fn check(constraints: &[TopologySpreadConstraint], errors: &mut Vec<FieldError>) {
    for (index, constraint) in constraints.iter().enumerate() {
        let path = format!("spec.topologySpreadConstraints[{index}]");
        check_one(constraint, &constraints[index + 1..], &path, errors);
    }
}

fn check_one(
    constraint: &TopologySpreadConstraint,
    others: &[TopologySpreadConstraint],
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    let (key, action) = (&constraint.topology_key, &constraint.when_unsatisfiable);
    if constraint.max_skew <= 0 {
        let field = format!("{path}.maxSkew");
        errors.push(FieldError::invalid(field, constraint.max_skew, NOT_POSITIVE));
    }
    if key.is_empty() {
        errors.push(FieldError::required(format!("{path}.topologyKey"), "can not be empty"));
    }
    if !ACTIONS.contains(&action.as_str()) {
        let field = format!("{path}.whenUnsatisfiable");
        errors.push(FieldError::unsupported(field, action, ACTIONS));
    }
    if others.iter().any(|it| it.topology_key == *key && it.when_unsatisfiable == *action) {
        let field = format!("{path}.{{topologyKey, whenUnsatisfiable}}");
        errors.push(FieldError::duplicate(field, &format!("{{{key}, {action}}}")));
    }
    if let Some(domains) = constraint.min_domains {
        let field = format!("{path}.minDomains");
        if domains <= 0 {
            errors.push(FieldError::invalid(&field, domains, NOT_POSITIVE));
        }
        if action != "DoNotSchedule" {
            let detail =
                format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}");
            errors.push(FieldError::invalid(field, domains, &detail));
        }
    }
    for (field, policy) in [
        ("nodeAffinityPolicy", &constraint.node_affinity_policy),
        ("nodeTaintsPolicy", &constraint.node_taints_policy),
    ] {
        if let Some(policy) = policy.as_deref().filter(|policy| !POLICIES.contains(policy)) {
            errors.push(FieldError::unsupported(format!("{path}.{field}"), policy, POLICIES));
        }
    }
    check_keys(constraint, &format!("{path}.matchLabelKeys"), errors);
    if let Some(selector) = &constraint.label_selector {
        selectors::check(selector, &format!("{path}.labelSelector"), errors);
    }
}

/// Keys whose values are those of the pod itself; the selector must not ask for them too.
fn check_keys(constraint: &TopologySpreadConstraint, path: &str, errors: &mut Vec<FieldError>) {
    let keys = constraint.match_label_keys.as_deref().unwrap_or_default();
    if keys.is_empty() {
        return;
    }
    let mut selected = BTreeSet::new();
    match &constraint.label_selector {
        Some(selector) => {
            selected.extend(selector.match_labels.iter().flatten().map(|(key, _)| key));
            selected.extend(selector.match_expressions.iter().flatten().map(|one| &one.key));
        }
        None => errors.push(FieldError::forbidden(path, selectors::NO_SELECTOR)),
    }
    for (index, key) in keys.iter().enumerate() {
        let field = format!("{path}[{index}]");
        names::qualified(&field, key, errors);
        if selected.contains(key) {
            let detail = "exists in both matchLabelKeys and labelSelector";
            errors.push(FieldError::invalid_text(field, key, detail));
        }
    }
}
