//! Which fields nobody owns: those that identify an object, and those that a write cannot change.

use std::sync::LazyLock;

use super::element::PathElement;
use super::set::FieldSet;

/// What is never in `managedFields` (`stripMetaManager` of apimachinery, 1.36).
const IDENTITY: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    "metadata.name",
    "metadata.namespace",
    "metadata.creationTimestamp",
    "metadata.selfLink",
    "metadata.uid",
    "metadata.clusterName",
    "metadata.generation",
    "metadata.managedFields",
    "metadata.resourceVersion",
];

/// What a write to a kind by a subresource resets, and so cannot own (`GetResetFields` of the
/// registry's strategies, 1.36). The first that fits holds; an empty kind fits every one.
const RESET: &[(&str, &str, &[&str])] = &[
    ("Pod", "status", &["spec", "metadata.deletionTimestamp", "metadata.ownerReferences"]),
    ("Deployment", "status", &["spec", "metadata.labels"]),
    ("", "status", &["spec"]),
    ("", "", &["status"]),
    ("Pod", "ephemeralcontainers", &["status"]),
    ("Pod", "resize", &["status"]),
];

static IDENTITY_SET: LazyLock<FieldSet> = LazyLock::new(|| set_of(IDENTITY));

static RESET_SETS: LazyLock<Vec<FieldSet>> =
    LazyLock::new(|| RESET.iter().map(|(_, _, paths)| set_of(paths)).collect());

static NOTHING: LazyLock<FieldSet> = LazyLock::new(FieldSet::default);

/// What is never in `managedFields`.
pub(super) fn identity() -> &'static FieldSet {
    &IDENTITY_SET
}

/// What a write to a kind cannot own, by the subresource it goes through (empty for none).
pub(super) fn reset(kind: &str, subresource: &str) -> &'static FieldSet {
    RESET
        .iter()
        .position(|(one, through, _)| (one.is_empty() || *one == kind) && *through == subresource)
        .map_or(&NOTHING, |at| &RESET_SETS[at])
}

fn set_of(paths: &[&'static str]) -> FieldSet {
    let paths: Vec<Vec<PathElement>> =
        paths.iter().map(|path| path.split('.').map(PathElement::field).collect()).collect();
    FieldSet::of(&paths.iter().map(Vec::as_slice).collect::<Vec<_>>())
}
