//! Which pods are where, and whose they are.

use std::collections::{BTreeSet, HashMap};

use k8s_openapi::api::core::v1::Pod;

use super::{ObjectName, name_of};

/// The pods of one controller.
#[derive(Debug, Default)]
pub(in crate::cluster) struct Controlled {
    /// Those that have not ended, terminating ones among them.
    pub(in crate::cluster) active: BTreeSet<ObjectName>,
    /// Those that succeeded or failed.
    pub(in crate::cluster) ended: BTreeSet<ObjectName>,
}

/// The pods by what is asked of them.
#[derive(Debug, Default)]
pub(in crate::cluster) struct Index {
    by_node: HashMap<String, BTreeSet<ObjectName>>,
    by_controller: HashMap<String, Controlled>,
}

impl Index {
    /// Those that are bound to a node, ended ones among them.
    pub(in crate::cluster) fn on_node(&self, node: &str) -> impl Iterator<Item = &ObjectName> {
        self.by_node.get(node).into_iter().flatten()
    }

    /// Those of the controller with this uid.
    pub(in crate::cluster) fn controlled_by(&self, uid: &str) -> Option<&Controlled> {
        self.by_controller.get(uid)
    }

    pub(super) fn put(&mut self, pod: &Pod, before: Option<&std::sync::Arc<Pod>>) {
        if before.is_some_and(|before| place_of(before) == place_of(pod)) {
            return;
        }
        let ended = has_ended(pod);
        let name = name_of(&pod.metadata);
        if let Some(before) = before
            && controller_of(before) != controller_of(pod)
        {
            self.remove_controlled(before, &name);
        }
        if let Some(controller) = controller_of(pod) {
            if !self.by_controller.contains_key(controller) {
                self.by_controller.insert(controller.to_owned(), Controlled::default());
            }
            let controlled = self
                .by_controller
                .get_mut(controller)
                .expect("the controller's entry was made above");
            if ended {
                controlled.active.remove(&name);
                controlled.ended.insert(name.clone());
            } else {
                controlled.active.insert(name.clone());
            }
        }
        if let Some(node) = node_of(pod) {
            if let Some(names) = self.by_node.get_mut(node) {
                names.insert(name);
            } else {
                self.by_node.insert(node.to_owned(), BTreeSet::from([name]));
            }
        }
    }

    pub(super) fn remove(&mut self, pod: &Pod) {
        let name = name_of(&pod.metadata);
        if let Some(node) = node_of(pod)
            && let Some(names) = self.by_node.get_mut(node)
        {
            names.remove(&name);
            if names.is_empty() {
                self.by_node.remove(node);
            }
        }
        self.remove_controlled(pod, &name);
    }

    fn remove_controlled(&mut self, pod: &Pod, name: &ObjectName) {
        let Some(controller) = controller_of(pod) else { return };
        let Some(controlled) = self.by_controller.get_mut(controller) else { return };
        controlled.active.remove(name);
        controlled.ended.remove(name);
        if controlled.active.is_empty() && controlled.ended.is_empty() {
            self.by_controller.remove(controller);
        }
    }
}

/// What of a pod the index goes by.
fn place_of(pod: &Pod) -> (Option<&str>, Option<&str>, bool) {
    (node_of(pod), controller_of(pod), has_ended(pod))
}

/// The node that a pod is bound to.
pub(in crate::cluster) fn node_of(pod: &Pod) -> Option<&str> {
    pod.spec.as_ref()?.node_name.as_deref().filter(|name| !name.is_empty())
}

/// Whether a pod has succeeded or failed for good.
pub(in crate::cluster) fn has_ended(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    matches!(phase, Some("Succeeded" | "Failed"))
}

/// The uid of the owner that controls a pod.
fn controller_of(pod: &Pod) -> Option<&str> {
    let owners = pod.metadata.owner_references.as_ref()?;
    owners.iter().find(|owner| owner.controller == Some(true)).map(|owner| owner.uid.as_str())
}
