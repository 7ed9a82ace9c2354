//! The taints that tell what is wrong with a node.

use k8s_openapi::api::core::v1::{Node, NodeCondition, Taint};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

pub(super) const NOT_READY: &str = "node.kubernetes.io/not-ready";
pub(super) const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";
const NO_SCHEDULE: &str = "NoSchedule";
const NO_EXECUTE: &str = "NoExecute";

/// Which condition, with which status, means which taint.
const BY_CONDITION: &[(&str, &str, &str)] = &[
    ("Ready", "False", NOT_READY),
    ("Ready", "Unknown", UNREACHABLE),
    ("MemoryPressure", "True", "node.kubernetes.io/memory-pressure"),
    ("DiskPressure", "True", "node.kubernetes.io/disk-pressure"),
    ("NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable"),
    ("PIDPressure", "True", "node.kubernetes.io/pid-pressure"),
];

pub(super) fn conditions(node: &Node) -> &[NodeCondition] {
    let conditions = node.status.as_ref().and_then(|status| status.conditions.as_deref());
    conditions.unwrap_or_default()
}

/// The status of a node's condition `Ready`.
pub(super) fn ready(node: &Node) -> Option<&str> {
    let ready = conditions(node).iter().find(|condition| condition.type_ == "Ready")?;
    Some(&ready.status)
}

fn taints(node: &Node) -> &[Taint] {
    node.spec.as_ref().and_then(|spec| spec.taints.as_deref()).unwrap_or_default()
}

/// A change of a node's taints: keys and effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Swap {
    effect: &'static str,
    add: Vec<&'static str>,
    remove: Vec<&'static str>,
}

impl Swap {
    fn is_needed(&self) -> bool {
        !self.add.is_empty() || !self.remove.is_empty()
    }

    /// Makes the change.
    pub(super) fn apply(&self, node: &mut Node, now: &Time) {
        let known = &mut node.spec.get_or_insert_default().taints;
        let mut taints = known.take().unwrap_or_default();
        let named = |keys: &[&str], taint: &Taint| keys.contains(&taint.key.as_str());
        taints.retain(|taint| taint.effect != self.effect || !named(&self.remove, taint));
        for key in &self.add {
            if taints.iter().any(|taint| taint.effect == self.effect && taint.key == *key) {
                continue;
            }
            taints.push(Taint {
                key: (*key).to_owned(),
                effect: self.effect.to_owned(),
                time_added: Some(now.clone()),
                value: None,
            });
        }
        *known = (!taints.is_empty()).then_some(taints);
    }
}

/// What keeps new pods away: the taints by the conditions, and the one of a cordon.
pub(super) fn no_schedule(node: &Node) -> Option<Swap> {
    let is_cordoned = node.spec.as_ref().is_some_and(|spec| spec.unschedulable == Some(true));
    let holds = |(type_, status, _): &&(&str, &str, &str)| {
        conditions(node).iter().any(|one| one.type_ == *type_ && one.status == *status)
    };
    let mut wanted: Vec<&str> = BY_CONDITION.iter().filter(holds).map(|row| row.2).collect();
    wanted.extend(is_cordoned.then_some(UNSCHEDULABLE));
    let has =
        |key: &str| taints(node).iter().any(|one| one.effect == NO_SCHEDULE && one.key == key);
    let managed = BY_CONDITION.iter().map(|row| row.2).chain([UNSCHEDULABLE]);
    let swap = Swap {
        effect: NO_SCHEDULE,
        remove: managed.filter(|key| has(key) && !wanted.contains(key)).collect(),
        add: wanted.into_iter().filter(|key| !has(key)).collect(),
    };
    swap.is_needed().then_some(swap)
}

/// What drives pods away: one of two taints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoExecute {
    /// It is to be changed at once.
    Now(Swap),
    /// It is to be added when its turn comes.
    InTurn(Swap),
    /// It is as it should be.
    Right,
}

/// What drives pods away from a node that is not ready.
pub(super) fn no_execute(node: &Node, ready: &str) -> NoExecute {
    let has = |key: &str| taints(node).iter().any(|one| one.effect == NO_EXECUTE && one.key == key);
    let (wanted, opposite) = match ready {
        "False" => (NOT_READY, UNREACHABLE),
        "Unknown" => (UNREACHABLE, NOT_READY),
        _ => {
            if ![NOT_READY, UNREACHABLE].into_iter().any(has) {
                return NoExecute::Right;
            }
            let remove: Vec<_> =
                [NOT_READY, UNREACHABLE].into_iter().filter(|key| has(key)).collect();
            let swap = Swap { effect: NO_EXECUTE, add: Vec::new(), remove };
            return if swap.is_needed() { NoExecute::Now(swap) } else { NoExecute::Right };
        }
    };
    let swap = Swap { effect: NO_EXECUTE, add: vec![wanted], remove: vec![opposite] };
    match (has(wanted), has(opposite)) {
        (true, _) => NoExecute::Right,
        (false, true) => NoExecute::Now(swap),
        (false, false) => NoExecute::InTurn(swap),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn node(ready: &str, taints: serde_json::Value, unschedulable: bool) -> Node {
        serde_json::from_value(json!({
            "metadata": {"name": "n"},
            "spec": {"taints": taints, "unschedulable": unschedulable},
            "status": {"conditions": [{"type": "Ready", "status": ready}]},
        }))
        .expect("a node")
    }

    fn keys(node: &Node) -> Vec<String> {
        taints(node).iter().map(|one| format!("{}:{}", one.key, one.effect)).collect()
    }

    #[test]
    fn taints_follow_the_conditions_and_the_cordon_and_leave_others() {
        let others = json!([
            {"key": "own", "effect": "NoSchedule"}, {"key": NOT_READY, "effect": "NoSchedule"},
        ]);
        let now = Time(k8s_openapi::jiff::Timestamp::UNIX_EPOCH);
        let mut unreachable = node("Unknown", others.clone(), true);
        no_schedule(&unreachable).expect("a change").apply(&mut unreachable, &now);
        let wanted = ["own:NoSchedule", "node.kubernetes.io/unreachable:NoSchedule"];
        assert_eq!(keys(&unreachable)[..2], wanted);
        assert_eq!(keys(&unreachable)[2], "node.kubernetes.io/unschedulable:NoSchedule");
        assert_eq!(no_schedule(&unreachable), None, "once is enough");
        let mut ready = node("True", others, false);
        no_schedule(&ready).expect("a change").apply(&mut ready, &now);
        assert_eq!(keys(&ready), ["own:NoSchedule"]);
    }

    #[test]
    fn only_a_node_that_had_none_waits_for_its_taint() {
        let fresh = node("Unknown", json!([]), false);
        assert!(matches!(no_execute(&fresh, "Unknown"), NoExecute::InTurn(_)));
        let tainted = node("Unknown", json!([{"key": NOT_READY, "effect": "NoExecute"}]), false);
        assert!(matches!(no_execute(&tainted, "Unknown"), NoExecute::Now(_)));
        assert_eq!(no_execute(&tainted, "False"), NoExecute::Right);
        assert!(matches!(no_execute(&tainted, "True"), NoExecute::Now(_)));
    }
}
