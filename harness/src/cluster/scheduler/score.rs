//! How well a node suits a pod, of those that can take it.
//!
//! The scores and weights of kube-scheduler's default profile that tell nodes
//! apart here. Image locality, the default spreading of a controller's pods
//! and pod affinity give no points: of nodes with equal points the one with
//! fewer pods is preferred, then the one that was chosen longest ago, then the
//! first by name, where the real one draws lots. So a node that loses its pods
//! at once does not get every pod there is.

use fake_kubelet::admission::affinity::{term_matches, untolerated};

use super::demand::Demand;
use super::nodes::NodeState;

/// The highest score of a plugin.
const MOST: i64 = 100;
/// The weight of preferred node affinity.
const AFFINITY_WEIGHT: i64 = 2;
/// The weight of taints that a pod would rather avoid.
const TAINT_WEIGHT: i64 = 3;

/// What is said of a node before it is compared with the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Raw {
    /// Room left and its balance: final as they are.
    pub(super) resources: i64,
    /// The weights of the preferred terms that hold.
    pub(super) affinity: i64,
    /// Taints with the effect `PreferNoSchedule` that are not tolerated.
    pub(super) taints: i64,
}

impl Raw {
    /// What a node scores alone.
    pub(super) fn of(demand: &Demand, node: &NodeState) -> Self {
        Self {
            resources: least_allocated(demand, node) + balanced(demand, node),
            affinity: preferred(demand, node),
            taints: i64::try_from(
                untolerated(&demand.pod, &node.object, &["PreferNoSchedule"]).count(),
            )
            .unwrap_or(i64::MAX),
        }
    }

    /// The score beside others, of which these are the highest values.
    pub(super) fn total(self, most_affinity: i64, most_taints: i64) -> i64 {
        let share = |value: i64, most: i64| if most > 0 { MOST * value / most } else { 0 };
        let taints = MOST - share(self.taints, most_taints);
        self.resources
            + AFFINITY_WEIGHT * share(self.affinity, most_affinity)
            + TAINT_WEIGHT * taints
    }
}

/// `LeastAllocated`: the part of CPU and of memory that would be left, in hundredths.
fn least_allocated(demand: &Demand, node: &NodeState) -> i64 {
    let left = |name: &str, asked: i64, taken: i64| {
        let has = node.allocatable.get(name);
        let used = taken.saturating_add(asked);
        (has > 0).then(|| if used > has { 0 } else { hundredths(has - used, has) })
    };
    let scores = [
        left("cpu", demand.scored.cpu, node.taken.scored.cpu),
        left("memory", demand.scored.memory, node.taken.scored.memory),
    ];
    let known = scores.iter().flatten().count();
    let sum: i64 = scores.iter().flatten().sum();
    i64::try_from(known).ok().filter(|known| *known > 0).map_or(0, |known| sum / known)
}

fn hundredths(part: i64, whole: i64) -> i64 {
    i64::try_from(i128::from(part) * i128::from(MOST) / i128::from(whole)).unwrap_or(0)
}

/// `BalancedAllocation`: how even CPU and memory would be used. Nothing is said of pods that ask
/// for neither.
fn balanced(demand: &Demand, node: &NodeState) -> i64 {
    if demand.best_effort {
        return 0;
    }
    let used = |name: &str| {
        let has = node.allocatable.get(name);
        let used = node.taken.requested.get(name).saturating_add(demand.requested.get(name));
        (has > 0).then(|| hundredths(used, has).clamp(0, MOST))
    };
    match (used("cpu"), used("memory")) {
        // The standard deviation of two values is half of their difference.
        (Some(cpu), Some(memory)) => MOST - (cpu - memory).abs() / 2,
        _ => MOST,
    }
}

fn preferred(demand: &Demand, node: &NodeState) -> i64 {
    let terms = demand
        .pod
        .spec
        .as_ref()
        .and_then(|spec| spec.affinity.as_ref()?.node_affinity.as_ref())
        .and_then(|affinity| {
            affinity.preferred_during_scheduling_ignored_during_execution.as_ref()
        });
    terms
        .into_iter()
        .flatten()
        .filter(|term| term_matches(&term.preference, &node.object))
        .map(|term| i64::from(term.weight))
        .sum()
}
