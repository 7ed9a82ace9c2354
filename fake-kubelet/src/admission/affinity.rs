//! Node selectors, node affinity and taints: which nodes a pod may be on.

use k8s_openapi::api::core::v1::{
    Node, NodeSelectorRequirement, NodeSelectorTerm, Pod, Taint, Toleration,
};

/// Whether the node has what the pod's node selector and required node affinity ask for.
#[must_use]
pub fn node_matches(pod: &Pod, node: &Node) -> bool {
    let Some(spec) = &pod.spec else { return true };
    let selected = spec
        .node_selector
        .iter()
        .flatten()
        .all(|(name, value)| label(node, name) == Some(value.as_str()));
    let required =
        spec.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref()).and_then(
            |affinity| affinity.required_during_scheduling_ignored_during_execution.as_ref(),
        );
    selected
        && required.is_none_or(|selector| {
            selector.node_selector_terms.iter().any(|term| term_matches(term, node))
        })
}

fn label<'a>(node: &'a Node, name: &str) -> Option<&'a str> {
    node.metadata.labels.as_ref().and_then(|labels| labels.get(name)).map(String::as_str)
}

/// Whether a node is what a term asks for: an empty term matches nothing; the requirements of a
/// term must all hold.
#[must_use]
pub fn term_matches(term: &NodeSelectorTerm, node: &Node) -> bool {
    let expressions = term.match_expressions.as_deref().unwrap_or_default();
    let fields = term.match_fields.as_deref().unwrap_or_default();
    if expressions.is_empty() && fields.is_empty() {
        return false;
    }
    let name = node.metadata.name.as_deref();
    expressions.iter().all(|requirement| holds(requirement, label(node, &requirement.key)))
        && fields
            .iter()
            .all(|requirement| requirement.key == "metadata.name" && holds(requirement, name))
}

fn holds(requirement: &NodeSelectorRequirement, actual: Option<&str>) -> bool {
    let values = requirement.values.as_deref().unwrap_or_default();
    let among = |actual: &str| values.iter().any(|value| value == actual);
    let number = |text: &str| text.parse::<i64>().ok();
    let bound = || values.first().and_then(|value| number(value));
    match requirement.operator.as_str() {
        "In" => actual.is_some_and(among),
        "NotIn" => !actual.is_some_and(among),
        "Exists" => actual.is_some(),
        "DoesNotExist" => actual.is_none(),
        "Gt" => matches!((actual.and_then(number), bound()), (Some(a), Some(b)) if a > b),
        "Lt" => matches!((actual.and_then(number), bound()), (Some(a), Some(b)) if a < b),
        _ => false,
    }
}

/// Whether the pod tolerates every taint of the node with this effect.
#[must_use]
pub fn tolerates(pod: &Pod, node: &Node, effect: &str) -> bool {
    untolerated(pod, node, &[effect]).next().is_none()
}

/// The taints of the node, in its order, of one of these effects that the pod does not tolerate.
pub fn untolerated<'a>(
    pod: &'a Pod,
    node: &'a Node,
    effects: &'a [&'a str],
) -> impl Iterator<Item = &'a Taint> {
    let taints = node.spec.as_ref().and_then(|spec| spec.taints.as_deref()).unwrap_or_default();
    let tolerations =
        pod.spec.as_ref().and_then(|spec| spec.tolerations.as_deref()).unwrap_or_default();
    taints
        .iter()
        .filter(|taint| effects.contains(&taint.effect.as_str()))
        .filter(|taint| !tolerations.iter().any(|toleration| tolerates_taint(toleration, taint)))
}

/// Whether a toleration covers a taint. An empty effect or key (with `Exists`) stands for all.
#[must_use]
pub fn tolerates_taint(toleration: &Toleration, taint: &Taint) -> bool {
    let any_or = |wanted: &Option<String>, actual: &str| {
        wanted.as_deref().is_none_or(|wanted| wanted.is_empty() || wanted == actual)
    };
    let value = |value: &Option<String>| value.clone().unwrap_or_default();
    any_or(&toleration.effect, &taint.effect)
        && any_or(&toleration.key, &taint.key)
        && match toleration.operator.as_deref() {
            Some("Exists") => true,
            None | Some("" | "Equal") => value(&toleration.value) == value(&taint.value),
            Some(_) => false,
        }
}
