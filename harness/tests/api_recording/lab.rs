//! Where the lab of the recording and the served cluster are not the same, and why.

/// A difference that is no fault.
pub(crate) struct LabDifference {
    /// A part of the request's name; all requests when empty.
    pub(crate) request: &'static str,
    /// A part of the path in the body.
    pub(crate) path: &'static str,
    /// Why it is none.
    pub(crate) reason: &'static str,
}

const fn of(request: &'static str, path: &'static str, reason: &'static str) -> LabDifference {
    LabDifference { request, path, reason }
}

const GROUPS: &str = "the lab's server has six groups more, of which nothing is used here";
const NODE: &str = "the lab's machine: its size, its images, its identity, its port";
const SCHEDULER: &str = "no scheduler ran in the lab while this was recorded";
const TAINT: &str = "the taint that every node is registered with; no controller ran in the lab, \
                     which takes it away from nodes that are ready";
const LABELLED: &str = "the lab had labelled its node before, and the heartbeats that followed \
                        are another write";
const STORAGE: &str = "the lab's storage cannot start watches without a version; ours can, and \
                       clients need it";
const REVISION: &str = "how old a version is depends on what was written before";

/// All of them.
pub(crate) static DIFFERENCES: &[LabDifference] = &[
    of("discovery /apis", "/groups", GROUPS),
    of("node", "/status/capacity", NODE),
    of("node", "/status/allocatable", NODE),
    of("node", "/status/images", NODE),
    of("node", "/status/nodeInfo", NODE),
    of("node", "/status/daemonEndpoints", NODE),
    of("node", "/spec/taints", TAINT),
    of("node", "/metadata/managedFields", LABELLED),
    of("node", "/metadata/labels/example.com/strict", LABELLED),
    of("pending", "/status/conditions", SCHEDULER),
    of("pending", "/metadata/managedFields", SCHEDULER),
    of("table of pods", "/object/metadata/managedFields", SCHEDULER),
    of("list by label", "/status/conditions", SCHEDULER),
    of("list by label", "/metadata/managedFields", SCHEDULER),
    of("page", "/status/conditions", SCHEDULER),
    of("page", "/metadata/managedFields", SCHEDULER),
    of("watch from the start", "/", STORAGE),
    of("watch from an old version", "/object/message", REVISION),
];
