//! What pods ask of each other: required pod affinity and anti-affinity, and topology spread
//! constraints.
//!
//! Who is where is counted only for what some pod has asked for, and then kept up to date; pods
//! that ask for nothing of the kind, in a cluster where nobody else does, are not looked at.

mod members;
mod outlook;
mod selection;

use std::collections::HashMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Pod, PodAffinityTerm};

use super::nodes::Nodes;
use members::Members;
pub(super) use outlook::Outlook;
use outlook::{Affinity, Spread};
pub(super) use selection::NamespaceLabels;
use selection::{Selection, Term};

/// The most selections that are counted; the one used longest ago is counted anew when it is
/// needed again.
const MOST_SELECTIONS: usize = 1024;

/// Goes through the pods that are on nodes: what tells a pod from others, the pod, its node.
pub(super) type Placed<'a> = dyn FnMut(&mut dyn FnMut(&str, &Pod, &str)) + 'a;

/// Who is where, of those that pods have asked for.
#[derive(Debug, Default)]
pub(super) struct Neighbours {
    selected: HashMap<Arc<str>, Selected>,
    /// Those whose own required anti-affinity keeps others away, by the term.
    repelling: HashMap<Arc<str>, (Term, Members)>,
    uses: u64,
}

/// The pods of a selection.
#[derive(Debug)]
struct Selected {
    selection: Selection,
    members: Members,
    used: u64,
}

impl Neighbours {
    /// Whether anything depends on where other pods are.
    pub(super) fn matter(&self) -> bool {
        !self.selected.is_empty() || !self.repelling.is_empty()
    }

    /// Whether pods that ask for nothing may be kept away by others.
    pub(super) fn repel(&self) -> bool {
        !self.repelling.is_empty()
    }

    /// Takes in a pod that is on a node, new or changed.
    pub(super) fn put(&mut self, uid: &str, pod: &Pod, node: &str) {
        for selected in self.selected.values_mut() {
            if selected.selection.has(pod) {
                selected.members.insert(uid, node);
            } else {
                selected.members.remove(uid);
            }
        }
        for term in anti_affinity(pod) {
            let term = Term::of(pod, term);
            let key: Arc<str> = Arc::from(term.key());
            let (_, members) =
                self.repelling.entry(key).or_insert_with(|| (term, Members::default()));
            members.insert(uid, node);
        }
    }

    /// Forgets a pod that is on no node any more.
    pub(super) fn remove(&mut self, uid: &str, pod: &Pod) {
        for selected in self.selected.values_mut() {
            selected.members.remove(uid);
        }
        for term in anti_affinity(pod) {
            let key = Term::of(pod, term).key();
            if let Some((_, members)) = self.repelling.get_mut(&*key) {
                members.remove(uid);
                if members.is_empty() {
                    self.repelling.remove(&*key);
                }
            }
        }
    }

    /// How the nodes look to a pod; nothing where no other pod matters to it. `placed` goes
    /// through the pods that are on nodes.
    pub(super) fn outlook(
        &mut self,
        pod: &Pod,
        nodes: &Nodes,
        namespaces: &dyn NamespaceLabels,
        placed: &mut Placed<'_>,
    ) -> Option<Outlook> {
        let mut outlook = Outlook::default();
        let affinity: Vec<_> = affinity(pod).map(|term| Term::of(pod, term)).collect();
        if !affinity.is_empty() {
            let selection = Selection::of_all(&affinity, namespaces);
            let is_own = selection.has(pod);
            let members = self.members(selection, placed);
            let keys = affinity.iter().map(|term| term.topology_key.clone());
            outlook.affinity = Some(Affinity::new(keys, members, nodes, is_own));
        }
        for term in anti_affinity(pod).map(|term| Term::of(pod, term)) {
            let selection = Selection::of_all(std::slice::from_ref(&term), namespaces);
            let members = self.members(selection, placed);
            outlook.apart.push(term.topology_key.clone(), members, nodes);
        }
        let spread: Vec<_> = selection::hard_spread_constraints(pod).collect();
        for constraint in &spread {
            let selection = Selection::of_spread(pod, constraint);
            let is_own = selection.matches_labels_of(pod);
            let members = self.members(selection, placed);
            outlook.spread.push(Spread::new(constraint, &spread, pod, is_own, members, nodes));
        }
        for (term, members) in self.repelling.values() {
            if term.has(pod, namespaces) {
                outlook.repelled.push(term.topology_key.clone(), members, nodes);
            }
        }
        outlook.says_anything().then_some(outlook)
    }

    /// The pods of a selection, counted if they are not yet.
    fn members(&mut self, selection: Selection, placed: &mut Placed<'_>) -> &Members {
        let key = selection.key();
        self.uses += 1;
        if !self.selected.contains_key(&*key) && self.selected.len() >= MOST_SELECTIONS {
            let oldest = self.selected.iter().min_by_key(|(_, selected)| selected.used);
            if let Some(oldest) = oldest.map(|(key, _)| Arc::clone(key)) {
                self.selected.remove(&oldest);
            }
        }
        let selected = self.selected.entry(Arc::from(key)).or_insert_with(|| {
            let mut members = Members::default();
            placed(&mut |uid, pod, node| {
                if selection.has(pod) {
                    members.insert(uid, node);
                }
            });
            Selected { selection, members, used: 0 }
        });
        selected.used = self.uses;
        &selected.members
    }
}

/// Whether a pod asks for something that depends on where others are.
pub(super) fn asks_for_neighbours(pod: &Pod) -> bool {
    affinity(pod).next().is_some()
        || anti_affinity(pod).next().is_some()
        || selection::hard_spread_constraints(pod).next().is_some()
}

/// The pod's required affinity terms.
fn affinity(pod: &Pod) -> impl Iterator<Item = &PodAffinityTerm> {
    let affinity = pod.spec.as_ref().and_then(|spec| spec.affinity.as_ref()?.pod_affinity.as_ref());
    affinity
        .and_then(|all| all.required_during_scheduling_ignored_during_execution.as_ref())
        .into_iter()
        .flatten()
}

/// The pod's required anti-affinity terms.
fn anti_affinity(pod: &Pod) -> impl Iterator<Item = &PodAffinityTerm> {
    let affinity =
        pod.spec.as_ref().and_then(|spec| spec.affinity.as_ref()?.pod_anti_affinity.as_ref());
    affinity
        .and_then(|all| all.required_during_scheduling_ignored_during_execution.as_ref())
        .into_iter()
        .flatten()
}
