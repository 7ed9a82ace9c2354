//! How long things take in the simulated control plane, and how often it may ask: one table.
//!
//! The limits are the components' documented defaults. The delays are those of
//! a healthy cluster on one machine; what a storm of rejected pods comes to
//! (`workloads.json`) follows from the limits and from the order of things, and
//! is the same for any delays whose sum, from a pod's creation to its rejection,
//! stays below the time between two calls.

use std::time::Duration;

/// From a client's call to the write's being seen by others.
pub(super) const API_COMMIT: Duration = Duration::from_millis(2);
/// From there to the client's answer.
pub(super) const API_ANSWER: Duration = Duration::from_millis(2);
/// From a write to its arrival at whoever watches: sooner than at the client that wrote, or a
/// controller would act on what it changed itself and need more calls than were measured.
pub(super) const WATCH: Duration = Duration::from_millis(1);
/// From a pod's arrival at the scheduler to its decision.
pub(super) const SCHEDULING: Duration = Duration::from_millis(2);

/// From a change to a pod to its kubelet's acting on it, and to the kubelet's writing what came
/// of it, together: longer than a ReplicaSet takes to make its first few pods, since a mixed
/// cluster was measured to take half of them.
pub(super) const KUBELET: Duration = Duration::from_millis(15);

/// How often a client may ask: a bucket of tokens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    /// New tokens a second.
    pub(super) per_second: f64,
    /// The most tokens.
    pub(super) burst: f64,
}

/// Each controller's client (kube-controller-manager `--kube-api-qps`, `--kube-api-burst`).
pub(super) const CONTROLLER: Limit = Limit { per_second: 20.0, burst: 30.0 };
/// The garbage collector's, which makes two calls for each object (`config.QPS *= 2`).
pub(super) const GARBAGE_COLLECTOR: Limit = Limit { per_second: 40.0, burst: 30.0 };
/// The namespace controller's (`QPS *= 20`, `Burst *= 100`).
pub(super) const NAMESPACES: Limit = Limit { per_second: 400.0, burst: 3000.0 };
/// The scheduler's (`clientConnection.qps`, `.burst`); events have a client of their own.
pub(super) const SCHEDULER: Limit = Limit { per_second: 50.0, burst: 100.0 };
