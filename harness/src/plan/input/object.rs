//! Which kinds play a part in a plan.

use crate::input::RawObject;
use crate::plan::snapshot::Recreation;

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
