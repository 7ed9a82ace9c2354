//! What a Deployment writes into the annotations of its ReplicaSets.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};

use super::{limits, wanted};

/// Counts the templates of a Deployment.
pub(super) const REVISION: &str = "deployment.kubernetes.io/revision";
/// The revisions that a ReplicaSet had before.
const REVISION_HISTORY: &str = "deployment.kubernetes.io/revision-history";
/// How many pods the Deployment asked for when the ReplicaSet was last scaled.
pub(super) const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
/// How many pods there may have been then.
pub(super) const MOST: &str = "deployment.kubernetes.io/max-replicas";
/// What is not copied from a Deployment.
const OWN: &[&str] = &[
    "kubectl.kubernetes.io/last-applied-configuration",
    "deprecated.deployment.rollback.to",
    REVISION,
    REVISION_HISTORY,
    DESIRED,
    MOST,
];
/// The most characters of a revision history.
const LONGEST_HISTORY: usize = 2000;

/// The number of a ReplicaSet's template.
pub(super) fn revision(set: &ReplicaSet) -> i64 {
    let annotations = set.metadata.annotations.as_ref();
    annotations.and_then(|all| all.get(REVISION)?.parse().ok()).unwrap_or(0)
}

/// Writes what the new ReplicaSet carries; says whether anything changed.
pub(super) fn annotate_new(
    deployment: &Deployment,
    set: &mut ReplicaSet,
    newest: i64,
    exists: bool,
) -> bool {
    let known = revision(set);
    let annotations = set.metadata.annotations.get_or_insert_default();
    let before = annotations.clone();
    copy(deployment, annotations);
    if known < newest {
        if known > 0 {
            let history = annotations.entry(REVISION_HISTORY.to_owned()).or_default();
            if !history.is_empty() {
                history.push(',');
            }
            history.push_str(&known.to_string());
            while history.len() > LONGEST_HISTORY {
                let rest = history.split_once(',').map(|(_, rest)| rest.to_owned());
                *history = rest.unwrap_or_default();
            }
        }
        annotations.insert(REVISION.to_owned(), newest.to_string());
    }
    if !exists {
        annotate_size(deployment, annotations);
    }
    *annotations != before
}

fn copy(deployment: &Deployment, annotations: &mut BTreeMap<String, String>) {
    for (key, value) in deployment.metadata.annotations.iter().flatten() {
        if !OWN.contains(&key.as_str()) {
            annotations.insert(key.clone(), value.clone());
        }
    }
}

/// Writes how many pods are asked for; says whether that changed.
pub(super) fn annotate_size(
    deployment: &Deployment,
    annotations: &mut BTreeMap<String, String>,
) -> bool {
    let wanted = wanted(deployment);
    let most = wanted + limits(deployment).0;
    let mut changed = false;
    for (key, value) in [(DESIRED, wanted), (MOST, most)] {
        let value = value.to_string();
        changed |= annotations.insert(key.to_owned(), value.clone()) != Some(value);
    }
    changed
}

/// A number in a ReplicaSet's annotations.
pub(super) fn number(set: &ReplicaSet, key: &str) -> Option<i32> {
    set.metadata.annotations.as_ref()?.get(key)?.parse().ok()
}
