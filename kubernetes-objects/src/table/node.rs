//! What tables say of a node.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::object::{list, text, text_or};

const ROLE_PREFIX: &str = "node-role.kubernetes.io/";
const ROLE: &str = "kubernetes.io/role";

pub(super) fn status(node: &Json) -> String {
    let ready = list(&node["status"]["conditions"]).iter().find(|one| one["type"] == "Ready");
    let mut status = match ready {
        Some(ready) if ready["status"] == "True" => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    }
    .to_owned();
    if node["spec"]["unschedulable"] == true {
        status.push_str(",SchedulingDisabled");
    }
    status
}

pub(super) fn roles(node: &Json) -> String {
    let roles: BTreeSet<_> = node["metadata"]["labels"]
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| match key.strip_prefix(ROLE_PREFIX) {
            Some(role) => Some(role),
            None if key == ROLE => Some(text(value)),
            None => None,
        })
        .filter(|role| !role.is_empty())
        .collect();
    if roles.is_empty() {
        return "<none>".to_owned();
    }
    roles.into_iter().collect::<Vec<_>>().join(",")
}

/// The first address of a kind.
pub(super) fn address(node: &Json, kind: &str) -> String {
    let addresses = list(&node["status"]["addresses"]);
    let address = addresses.iter().find(|one| one["type"] == kind);
    address.map_or_else(|| "<none>".to_owned(), |one| text(&one["address"]).to_owned())
}

/// A field of `nodeInfo`.
pub(super) fn info(node: &Json, field: &str) -> String {
    text_or(&node["status"]["nodeInfo"][field], "<unknown>")
}

/// The kernel with its architecture, as 1.36 prints it (`api-1.36.2.json`).
pub(super) fn kernel(node: &Json) -> String {
    let kernel = info(node, "kernelVersion");
    match text(&node["status"]["nodeInfo"]["architecture"]) {
        "" => kernel,
        architecture => format!("{kernel} ({architecture})"),
    }
}
