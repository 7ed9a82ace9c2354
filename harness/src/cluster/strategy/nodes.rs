//! Nodes when they are written.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Node, Taint};
use serde_json::json;

use super::validation::{names, scheduling};
use crate::cluster::refusal::FieldError;

/// What keeps pods away from a node until it has been seen to be ready.
const NOT_READY: &str = "node.kubernetes.io/not-ready";
const NO_SCHEDULE: &str = "NoSchedule";

/// Marks a new node as not ready (admission plugin `TaintNodesByCondition`; recorded on API server
/// 1.36.2). The node lifecycle controller takes the mark away.
pub(super) fn admitted(node: &mut Node) {
    let taints = node.spec.get_or_insert_default().taints.get_or_insert_default();
    if taints.iter().any(|taint| taint.key == NOT_READY && taint.effect == NO_SCHEDULE) {
        return;
    }
    taints.push(Taint {
        key: NOT_READY.to_owned(),
        effect: NO_SCHEDULE.to_owned(),
        ..Taint::default()
    });
}

/// Checks a node's taints. The server gives their place as below the metadata.
pub(super) fn validate(node: &Node, errors: &mut Vec<FieldError>) {
    let taints = node.spec.as_ref().and_then(|spec| spec.taints.as_ref());
    let mut known = BTreeSet::new();
    for (index, taint) in taints.into_iter().flatten().enumerate() {
        let path = format!("metadata.taints[{index}]");
        names::qualified(&format!("{path}.key"), &taint.key, errors);
        let value = taint.value.as_deref().unwrap_or_default();
        let faults = names::label_value_faults(value);
        if !faults.is_empty() {
            let field = format!("{path}.value");
            errors.push(FieldError::invalid_text(field, value, &faults.join(";")));
        }
        let field = format!("{path}.effect");
        if taint.effect.is_empty() {
            errors.push(FieldError::required(field, ""));
        } else {
            scheduling::check_effect(&taint.effect, &field, errors);
        }
        if !known.insert((&taint.effect, &taint.key)) {
            let shown = json!({
                "Key": taint.key, "Value": value, "Effect": taint.effect,
                "TimeAdded": taint.time_added,
            });
            let detail = "taints must be unique by key and effect pair";
            errors.push(FieldError::duplicate_value(path, shown, detail));
        }
    }
}
