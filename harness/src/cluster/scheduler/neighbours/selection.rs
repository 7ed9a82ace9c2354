//! Which pods a term of another pod means.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{Pod, PodAffinityTerm, TopologySpreadConstraint};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};
use serde_json::json;

use crate::cluster::selection::selects;

/// Namespaces and their labels, which terms can select.
pub(in crate::cluster::scheduler) trait NamespaceLabels {
    /// The labels of a namespace.
    fn labels_of(&self, namespace: &str) -> BTreeMap<String, String>;
    /// The namespaces whose labels a selector selects.
    fn selected_by(&self, selector: &LabelSelector) -> BTreeSet<String>;
}

/// A term of a pod's affinity or anti-affinity.
#[derive(Debug, Clone)]
pub(super) struct Term {
    pub(super) topology_key: String,
    namespaces: BTreeSet<String>,
    namespace_selector: Option<LabelSelector>,
    labels: Option<LabelSelector>,
}

impl Term {
    /// A term as a pod means it: where it names no namespace, the pod's own.
    pub(super) fn of(pod: &Pod, term: &PodAffinityTerm) -> Self {
        let mut namespaces: BTreeSet<_> = term.namespaces.iter().flatten().cloned().collect();
        if namespaces.is_empty() && term.namespace_selector.is_none() {
            namespaces.insert(namespace_of(pod).to_owned());
        }
        let labels = with_label_keys(
            pod,
            term.label_selector.as_ref(),
            term.match_label_keys.as_deref().unwrap_or_default(),
            term.mismatch_label_keys.as_deref().unwrap_or_default(),
        );
        Self {
            topology_key: term.topology_key.clone(),
            namespaces,
            namespace_selector: term.namespace_selector.clone(),
            labels,
        }
    }

    /// What tells it from other terms, as text.
    pub(super) fn key(&self) -> String {
        json!([self.topology_key, self.namespaces, self.namespace_selector, self.labels])
            .to_string()
    }

    /// Whether a pod is meant.
    pub(super) fn has(&self, pod: &Pod, namespaces: &dyn NamespaceLabels) -> bool {
        let namespace = namespace_of(pod);
        let in_namespace = self.namespaces.contains(namespace)
            || self
                .namespace_selector
                .as_ref()
                .is_some_and(|all| selects(all, Some(&namespaces.labels_of(namespace))));
        in_namespace && matches(self.labels.as_ref(), pod)
    }
}

/// Pods that are counted together.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    /// Each of which must mean the pod: its namespaces, none for all of them, and its labels.
    parts: Vec<(Option<BTreeSet<String>>, Option<LabelSelector>)>,
    /// Whether those that are being deleted count.
    leaving: bool,
}

impl Selection {
    /// The pods that every one of these terms means.
    pub(super) fn of_all(terms: &[Term], namespaces: &dyn NamespaceLabels) -> Self {
        let part = |term: &Term| {
            let selector = term.namespace_selector.as_ref();
            let is_all = |selector: &LabelSelector| *selector == LabelSelector::default();
            if selector.is_some_and(is_all) {
                return (None, term.labels.clone());
            }
            let mut all = term.namespaces.clone();
            all.extend(selector.map(|one| namespaces.selected_by(one)).unwrap_or_default());
            (Some(all), term.labels.clone())
        };
        Self { parts: terms.iter().map(part).collect(), leaving: true }
    }

    /// The pods that a pod wants to be spread among.
    pub(super) fn of_spread(pod: &Pod, constraint: &TopologySpreadConstraint) -> Self {
        let keys = constraint.match_label_keys.as_deref().unwrap_or_default();
        let labels = with_label_keys(pod, constraint.label_selector.as_ref(), keys, &[]);
        let namespaces = BTreeSet::from([namespace_of(pod).to_owned()]);
        Self { parts: vec![(Some(namespaces), labels)], leaving: false }
    }

    /// What tells it from other selections, as text.
    pub(super) fn key(&self) -> String {
        json!([self.parts, self.leaving]).to_string()
    }

    /// Whether a pod belongs to it.
    pub(super) fn has(&self, pod: &Pod) -> bool {
        let leaves = pod.metadata.deletion_timestamp.is_some();
        (self.leaving || !leaves)
            && self.parts.iter().all(|(namespaces, labels)| {
                namespaces.as_ref().is_none_or(|all| all.contains(namespace_of(pod)))
                    && matches(labels.as_ref(), pod)
            })
    }

    /// Whether a pod has the labels, wherever it is.
    pub(super) fn matches_labels_of(&self, pod: &Pod) -> bool {
        self.parts.iter().all(|(_, labels)| matches(labels.as_ref(), pod))
    }
}

/// The constraints that a pod rather waits for than breaks.
pub(super) fn hard_spread_constraints(
    pod: &Pod,
) -> impl Iterator<Item = &TopologySpreadConstraint> {
    let all = pod.spec.as_ref().and_then(|spec| spec.topology_spread_constraints.as_ref());
    all.into_iter().flatten().filter(|one| one.when_unsatisfiable == "DoNotSchedule")
}

/// A selector of labels that also wants, or wants not, the values that a pod has for some keys.
fn with_label_keys(
    pod: &Pod,
    selector: Option<&LabelSelector>,
    same: &[String],
    other: &[String],
) -> Option<LabelSelector> {
    let mut selector = selector?.clone();
    for (keys, operator) in [(same, "In"), (other, "NotIn")] {
        for key in keys {
            let value = pod.metadata.labels.as_ref().and_then(|labels| labels.get(key));
            let Some(value) = value else { continue };
            selector.match_expressions.get_or_insert_default().push(LabelSelectorRequirement {
                key: key.clone(),
                operator: operator.to_owned(),
                values: Some(vec![value.clone()]),
            });
        }
    }
    Some(selector)
}

/// No selector selects nothing, an empty one everything.
fn matches(selector: Option<&LabelSelector>, pod: &Pod) -> bool {
    selector.is_some_and(|selector| selects(selector, pod.metadata.labels.as_ref()))
}

fn namespace_of(pod: &Pod) -> &str {
    pod.metadata.namespace.as_deref().unwrap_or_default()
}
