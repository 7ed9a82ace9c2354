//! Objects as they were read: which kinds play a part, and their parts, not yet understood.

use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use serde_json::value::RawValue;

use crate::plan::snapshot::Recreation;

/// A part of an object, not yet read.
#[derive(Debug)]
pub(super) enum Part {
    /// As it was written.
    Raw(Box<RawValue>),
    /// As YAML gave it.
    Value(Json),
}

impl Part {
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        match self {
            Self::Raw(raw) => serde_json::from_str(raw.get()),
            Self::Value(value) => T::deserialize(value),
        }
    }
}

/// An object's parts.
#[derive(Debug, Default)]
pub(super) struct RawObject {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) metadata: Option<Part>,
    pub(super) spec: Option<Part>,
    pub(super) status: Option<Part>,
    /// Where it begins, where that is known.
    pub(super) line: Option<u64>,
}

/// What a plan does with a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Node,
    Pod,
    Workload(Recreation),
    Budget,
}

/// The kinds that play a part, without their API groups' versions.
const KINDS: &[(&str, &str, Kind)] = &[
    ("", "Node", Kind::Node),
    ("", "Pod", Kind::Pod),
    ("", "ReplicationController", Kind::Workload(Recreation::Controller)),
    ("apps", "Deployment", Kind::Workload(Recreation::Controller)),
    ("apps", "ReplicaSet", Kind::Workload(Recreation::Controller)),
    ("apps", "StatefulSet", Kind::Workload(Recreation::Controller)),
    ("apps", "DaemonSet", Kind::Workload(Recreation::OnTheSameNode)),
    ("batch", "Job", Kind::Workload(Recreation::Controller)),
    ("batch", "CronJob", Kind::Workload(Recreation::Controller)),
    ("policy", "PodDisruptionBudget", Kind::Budget),
];

pub(super) fn kind_of(object: &RawObject) -> Option<Kind> {
    let group = object.api_version.rsplit_once('/').map_or("", |(group, _)| group);
    KINDS.iter().find(|(g, k, _)| (*g, *k) == (group, object.kind.as_str())).map(|row| row.2)
}

/// A part as its type; nothing where it is left out.
pub(super) fn read<T: DeserializeOwned + Default>(part: Option<&Part>) -> Result<T, String> {
    let read: Option<T> = part
        .map(Part::read)
        .transpose()
        .map_err(|error| {
            let message = error.to_string();
            // The place is within the part, and would mislead.
            message.split(" at line ").next().unwrap_or_default().to_owned()
        })?
        .flatten();
    Ok(read.unwrap_or_default())
}
