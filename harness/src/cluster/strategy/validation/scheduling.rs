//! Where a pod may go: node selectors, affinity, tolerations, gates.
//!
//! Rules and words: `validateAffinity`, `ValidateTolerations` and `validateSchedulingGates` of
//! `pkg/apis/core/validation`, 1.36.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{
    Affinity, NodeAffinity, NodeSelectorRequirement, NodeSelectorTerm, PodAffinityTerm, PodSpec,
    Toleration, WeightedPodAffinityTerm,
};

use super::selectors::{self, NO_OPERATOR};
use super::{FieldError, names};

const WEIGHTS: std::ops::RangeInclusive<i32> = 1..=100;
const EFFECTS: &[&str] = &["NoSchedule", "PreferNoSchedule", "NoExecute"];
const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// Checks a pod's affinities.
pub(super) fn check_affinity(spec: &PodSpec, errors: &mut Vec<FieldError>) {
    let Some(Affinity { node_affinity, pod_affinity, pod_anti_affinity }) = &spec.affinity else {
        return;
    };
    if let Some(affinity) = node_affinity {
        check_node_affinity(affinity, "spec.affinity.nodeAffinity", errors);
    }
    if let Some(affinity) = pod_affinity {
        check_pod_affinity(
            affinity.required_during_scheduling_ignored_during_execution.as_deref(),
            affinity.preferred_during_scheduling_ignored_during_execution.as_deref(),
            "spec.affinity.podAffinity",
            errors,
        );
    }
    if let Some(affinity) = pod_anti_affinity {
        check_pod_affinity(
            affinity.required_during_scheduling_ignored_during_execution.as_deref(),
            affinity.preferred_during_scheduling_ignored_during_execution.as_deref(),
            "spec.affinity.podAntiAffinity",
            errors,
        );
    }
}

fn check_node_affinity(affinity: &NodeAffinity, path: &str, errors: &mut Vec<FieldError>) {
    if let Some(selector) = &affinity.required_during_scheduling_ignored_during_execution {
        let path = format!("{path}.{REQUIRED}.nodeSelectorTerms");
        if selector.node_selector_terms.is_empty() {
            let detail = "must have at least one node selector term";
            errors.push(FieldError::required(&path, detail));
        }
        for (index, term) in selector.node_selector_terms.iter().enumerate() {
            check_term(term, true, &format!("{path}[{index}]"), errors);
        }
    }
    let preferred = affinity.preferred_during_scheduling_ignored_during_execution.iter().flatten();
    for (index, term) in preferred.enumerate() {
        let path = format!("{path}.{PREFERRED}[{index}]");
        check_weight(term.weight, &path, errors);
        check_term(&term.preference, false, &format!("{path}.preference"), errors);
    }
}

fn check_weight(weight: i32, path: &str, errors: &mut Vec<FieldError>) {
    if !WEIGHTS.contains(&weight) {
        let detail = "must be in the range 1-100";
        errors.push(FieldError::invalid(format!("{path}.weight"), weight, detail));
    }
}

fn check_term(
    term: &NodeSelectorTerm,
    with_values: bool,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    for (index, requirement) in term.match_expressions.iter().flatten().enumerate() {
        let path = format!("{path}.matchExpressions[{index}]");
        check_expression(requirement, with_values, &path, errors);
    }
    for (index, requirement) in term.match_fields.iter().flatten().enumerate() {
        check_field(requirement, &format!("{path}.matchFields[{index}]"), errors);
    }
}

/// A requirement about labels; values are checked only where the node must have them.
fn check_expression(
    requirement: &NodeSelectorRequirement,
    with_values: bool,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    let values = requirement.values.as_deref().unwrap_or_default();
    let field = format!("{path}.values");
    match requirement.operator.as_str() {
        "In" | "NotIn" if values.is_empty() => {
            errors.push(FieldError::required(field, selectors::VALUES_NEEDED));
        }
        "Exists" | "DoesNotExist" if !values.is_empty() => {
            errors.push(FieldError::forbidden(field, selectors::NO_VALUES));
        }
        "Gt" | "Lt" if values.len() != 1 => {
            let detail = "must be specified single value when `operator` is 'Lt' or 'Gt'";
            errors.push(FieldError::required(field, detail));
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
        other => {
            let field = format!("{path}.operator");
            errors.push(FieldError::invalid_text(field, other, NO_OPERATOR));
        }
    }
    names::qualified(&format!("{path}.key"), &requirement.key, errors);
    if with_values {
        selectors::check_values(values, &format!("{path}.values"), errors);
    }
}

/// A requirement about a node's fields, of which the name is the only one.
fn check_field(requirement: &NodeSelectorRequirement, path: &str, errors: &mut Vec<FieldError>) {
    let values = requirement.values.as_deref().unwrap_or_default();
    match requirement.operator.as_str() {
        "In" | "NotIn" if values.len() != 1 => {
            let detail =
                "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
            errors.push(FieldError::required(format!("{path}.values"), detail));
        }
        "In" | "NotIn" => {}
        other => {
            let field = format!("{path}.operator");
            errors.push(FieldError::invalid_text(field, other, NO_OPERATOR));
        }
    }
    if requirement.key == "metadata.name" {
        for (index, value) in values.iter().enumerate() {
            names::subdomain(&format!("{path}.values[{index}]"), value, errors);
        }
    } else {
        let field = format!("{path}.key");
        let detail = "not a valid field selector key";
        errors.push(FieldError::invalid_text(field, &requirement.key, detail));
    }
}

fn check_pod_affinity(
    required: Option<&[PodAffinityTerm]>,
    preferred: Option<&[WeightedPodAffinityTerm]>,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    for (index, term) in required.into_iter().flatten().enumerate() {
        check_pod_term(term, &format!("{path}.{REQUIRED}[{index}]"), errors);
    }
    for (index, term) in preferred.into_iter().flatten().enumerate() {
        let path = format!("{path}.{PREFERRED}[{index}]");
        check_weight(term.weight, &path, errors);
        check_pod_term(&term.pod_affinity_term, &format!("{path}.podAffinityTerm"), errors);
    }
}

fn check_pod_term(term: &PodAffinityTerm, path: &str, errors: &mut Vec<FieldError>) {
    for (field, selector) in
        [("labelSelector", &term.label_selector), ("namespaceSelector", &term.namespace_selector)]
    {
        if let Some(selector) = selector {
            selectors::check(selector, &format!("{path}.{field}"), errors);
        }
    }
    for namespace in term.namespaces.iter().flatten() {
        names::label(&format!("{path}.namespace"), namespace, errors);
    }
    for (field, keys) in [
        ("matchLabelKeys", &term.match_label_keys),
        ("mismatchLabelKeys", &term.mismatch_label_keys),
    ] {
        let keys = keys.as_deref().unwrap_or_default();
        let path = format!("{path}.{field}");
        if keys.is_empty() {
            continue;
        }
        if term.label_selector.is_none() {
            errors.push(FieldError::forbidden(path, selectors::NO_SELECTOR));
            continue;
        }
        for (index, key) in keys.iter().enumerate() {
            names::qualified(&format!("{path}[{index}]"), key, errors);
        }
    }
    let mismatched = term.mismatch_label_keys.as_deref().unwrap_or_default();
    for (index, key) in term.match_label_keys.iter().flatten().enumerate() {
        if mismatched.contains(key) {
            let field = format!("{path}.matchLabelKeys[{index}]");
            let detail = "exists in both matchLabelKeys and mismatchLabelKeys";
            errors.push(FieldError::invalid_text(field, key, detail));
        }
    }
    let field = format!("{path}.topologyKey");
    if term.topology_key.is_empty() {
        errors.push(FieldError::required(&field, "can not be empty"));
    }
    names::qualified(&field, &term.topology_key, errors);
}

/// Checks a pod's tolerations.
pub(super) fn check_tolerations(tolerations: &[Toleration], errors: &mut Vec<FieldError>) {
    for (index, toleration) in tolerations.iter().enumerate() {
        check_toleration(toleration, &format!("spec.tolerations[{index}]"), errors);
    }
}

fn check_toleration(toleration: &Toleration, path: &str, errors: &mut Vec<FieldError>) {
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    let (key, operator) = (text(&toleration.key), text(&toleration.operator));
    let (value, effect) = (text(&toleration.value), text(&toleration.effect));
    let field = format!("{path}.operator");
    if !key.is_empty() {
        names::qualified(&format!("{path}.key"), &key, errors);
    } else if operator != "Exists" {
        let detail = "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
        errors.push(FieldError::invalid_text(&field, &operator, detail));
    }
    if toleration.toleration_seconds.is_some() && effect != "NoExecute" {
        let detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
        errors.push(FieldError::invalid_text(format!("{path}.effect"), &effect, detail));
    }
    match operator.as_str() {
        "Equal" | "" => {
            let faults = names::label_value_faults(&value);
            if !faults.is_empty() {
                errors.push(FieldError::invalid_text(field, &value, &faults.join(";")));
            }
        }
        "Exists" if !value.is_empty() => {
            let detail = "value must be empty when `operator` is 'Exists'";
            errors.push(FieldError::invalid_text(field, &value, detail));
        }
        "Exists" => {}
        other => errors.push(FieldError::unsupported(field, other, &["Equal", "Exists"])),
    }
    if !effect.is_empty() {
        check_effect(&effect, &format!("{path}.effect"), errors);
    }
}

/// What a taint does, or what of it is tolerated.
pub(in crate::cluster::strategy) fn check_effect(
    effect: &str,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    if !EFFECTS.contains(&effect) {
        errors.push(FieldError::unsupported(path, effect, EFFECTS));
    }
}

/// Checks what must be so before a pod is scheduled, or counts as ready.
pub(super) fn check_gates(spec: &PodSpec, errors: &mut Vec<FieldError>) {
    for (index, gate) in spec.readiness_gates.iter().flatten().enumerate() {
        let path = format!("spec.readinessGates[{index}].conditionType");
        names::qualified(&path, &gate.condition_type, errors);
    }
    let mut known = BTreeSet::new();
    for (index, gate) in spec.scheduling_gates.iter().flatten().enumerate() {
        let path = format!("spec.schedulingGates[{index}]");
        names::qualified(&path, &gate.name, errors);
        if !known.insert(&gate.name) {
            errors.push(FieldError::duplicate(path, &gate.name));
        }
    }
}
