//! How pods of an older template give way to those of the newer.
//!
//! Without surge, so many of a set's nodes may be without an available pod;
//! with surge, so many may have a second pod until that is available. Rules:
//! `pkg/controller/daemon/update.go` of 1.36.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::DaemonSetSpec;
use k8s_openapi::api::core::v1::{Node, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::super::super::store::has_ended;
use super::super::pods::is_available;
use super::{Pods, has_hash};

/// What a rolling update asks for.
#[derive(Default)]
pub(super) struct Rolling {
    pub(super) delete: Vec<Arc<Pod>>,
    pub(super) create: Vec<String>,
}

/// A set's template and limits, at a time.
pub(super) struct Rollout<'a> {
    pub(super) spec: &'a DaemonSetSpec,
    pub(super) hash: &'a str,
    pub(super) now: &'a Time,
}

/// The newer and the older pod of a node.
#[derive(Default)]
struct OnNode<'a> {
    new: Option<&'a Arc<Pod>>,
    old: Option<&'a Arc<Pod>>,
    /// Whether it has more than one of either.
    several: bool,
}

impl Rollout<'_> {
    fn limit(
        &self,
        of: impl Fn(&Self) -> Option<IntOrString>,
        nodes: usize,
        unsaid: usize,
    ) -> usize {
        match of(self) {
            Some(IntOrString::Int(number)) => usize::try_from(number).unwrap_or(0),
            Some(IntOrString::String(text)) => {
                let percent: usize =
                    text.strip_suffix('%').and_then(|text| text.parse().ok()).unwrap_or(0);
                nodes.saturating_mul(percent).div_ceil(100)
            }
            None => unsaid,
        }
    }

    /// How many nodes may have a second pod.
    pub(super) fn most_surge(&self, nodes: usize) -> usize {
        let given = |rollout: &Self| {
            let strategy = rollout.spec.update_strategy.as_ref()?;
            strategy.rolling_update.as_ref()?.max_surge.clone()
        };
        if self.is_rolling() { self.limit(given, nodes, 0) } else { 0 }
    }

    fn most_unavailable(&self, nodes: usize) -> usize {
        let given = |rollout: &Self| {
            let strategy = rollout.spec.update_strategy.as_ref()?;
            strategy.rolling_update.as_ref()?.max_unavailable.clone()
        };
        self.limit(given, nodes, 1)
    }

    fn is_rolling(&self) -> bool {
        let strategy = self.spec.update_strategy.as_ref();
        strategy.and_then(|strategy| strategy.type_.as_deref()) != Some("OnDelete")
    }

    pub(super) fn is_available(&self, pod: &Pod) -> bool {
        is_available(pod, self.spec.min_ready_seconds.unwrap_or(0), self.now)
    }

    fn on_node<'a>(&self, pods: &'a Pods, node: &Node) -> OnNode<'a> {
        let name = node.metadata.name.as_deref().unwrap_or_default();
        let mut found = OnNode::default();
        let here = pods.get(name).into_iter().flatten();
        // Those that leave are as good as gone.
        for pod in here.filter(|pod| pod.metadata.deletion_timestamp.is_none() && !has_ended(pod)) {
            let place = if has_hash(pod, self.hash) { &mut found.new } else { &mut found.old };
            found.several |= place.replace(pod).is_some();
        }
        found
    }

    /// What to do next, where pods of an older template are left.
    pub(super) fn next(&self, wanted: &[Arc<Node>], pods: &Pods) -> Rolling {
        if !self.is_rolling() {
            return Rolling::default();
        }
        match self.most_surge(wanted.len()) {
            0 => self.next_in_place(wanted, pods),
            surge => self.next_with_surge(wanted, pods, surge),
        }
    }

    fn next_in_place(&self, wanted: &[Arc<Node>], pods: &Pods) -> Rolling {
        let most = self.most_unavailable(wanted.len());
        let mut unavailable = 0;
        let (mut broken, mut working) = (Vec::new(), Vec::new());
        for node in wanted {
            let here = self.on_node(pods, node);
            match (here.new, here.old) {
                _ if here.several => unavailable += 1,
                (None, None) | (Some(_), Some(_)) => unavailable += 1,
                (Some(new), None) => unavailable += usize::from(!self.is_available(new)),
                // Those that do not work are replaced whatever the limit.
                (None, Some(old)) if !self.is_available(old) => broken.push(Arc::clone(old)),
                (None, Some(old)) => working.push(Arc::clone(old)),
            }
        }
        working.truncate(most.saturating_sub(unavailable));
        broken.append(&mut working);
        Rolling { delete: broken, create: Vec::new() }
    }

    fn next_with_surge(&self, wanted: &[Arc<Node>], pods: &Pods, most: usize) -> Rolling {
        let mut rolling = Rolling::default();
        let (mut surging, mut candidates) = (0, Vec::new());
        for node in wanted {
            let here = self.on_node(pods, node);
            let name = || node.metadata.name.clone().unwrap_or_default();
            match (here.new, here.old) {
                _ if here.several => surging += 1,
                (_, None) => {}
                (None, Some(old)) if !self.is_available(old) => rolling.create.push(name()),
                (None, Some(_)) => candidates.push(name()),
                (Some(new), Some(old)) if self.is_available(new) => {
                    rolling.delete.push(Arc::clone(old));
                }
                (Some(_), Some(_)) => surging += 1,
            }
        }
        candidates.truncate(most.saturating_sub(surging));
        rolling.create.append(&mut candidates);
        rolling
    }
}
