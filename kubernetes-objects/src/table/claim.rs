//! What tables say of claims of storage.

use serde_json::Value as Json;

use super::object::{list, text};

/// Access modes and their short names.
const ACCESS_MODES: &[(&str, &str)] = &[
    ("ReadWriteOnce", "RWO"),
    ("ReadOnlyMany", "ROX"),
    ("ReadWriteMany", "RWX"),
    ("ReadWriteOncePod", "RWOP"),
];

pub(super) fn status(claim: &Json) -> String {
    let leaves = claim["metadata"]["deletionTimestamp"].is_string();
    if leaves { "Terminating".to_owned() } else { text(&claim["status"]["phase"]).to_owned() }
}

fn is_bound(claim: &Json) -> bool {
    !text(&claim["spec"]["volumeName"]).is_empty()
}

pub(super) fn capacity(claim: &Json) -> String {
    let capacity = &claim["status"]["capacity"]["storage"];
    if is_bound(claim) { text(capacity).to_owned() } else { String::new() }
}

pub(super) fn access_modes(claim: &Json) -> String {
    if !is_bound(claim) {
        return String::new();
    }
    let given = list(&claim["status"]["accessModes"]);
    let short = ACCESS_MODES.iter().filter(|(mode, _)| given.iter().any(|one| one == mode));
    short.map(|(_, short)| *short).collect::<Vec<_>>().join(",")
}

pub(super) fn attributes_class(claim: &Json) -> String {
    let class = text(&claim["spec"]["volumeAttributesClassName"]);
    if class.is_empty() { "<unset>" } else { class }.to_owned()
}

pub(super) fn volume_mode(claim: &Json) -> String {
    let mode = text(&claim["spec"]["volumeMode"]);
    if mode.is_empty() { "<unset>" } else { mode }.to_owned()
}
