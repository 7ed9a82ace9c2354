//! The nodes as the scheduler sees them: what they have, what is taken of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use fake_kubelet::admission::resources::Amounts;
use k8s_openapi::api::core::v1::Node;

use super::demand::{Demand, HostPort, Scored};

/// A node's place among all; it stays the same while the node exists.
pub(super) type NodeId = usize;

/// A node.
#[derive(Debug)]
pub(super) struct NodeState {
    pub(super) name: Arc<str>,
    pub(super) object: Arc<Node>,
    pub(super) allocatable: Amounts,
    pub(super) taken: Taken,
    /// When it was chosen for a pod the last time, in choices; 0 for never.
    pub(super) chosen: u64,
}

/// What the pods of a node take, those that have ended left out.
#[derive(Debug, Clone, Default)]
pub(super) struct Taken {
    pub(super) requested: Amounts,
    pub(super) scored: Scored,
    pub(super) pods: usize,
    pub(super) ports: Vec<HostPort>,
}

impl Taken {
    fn add(&mut self, demand: &Demand) {
        self.requested.add(&demand.requested);
        self.scored.add(demand.scored);
        self.pods += 1;
        self.ports.extend(demand.ports.iter().cloned());
    }

    fn subtract(&mut self, demand: &Demand) {
        self.requested.subtract(&demand.requested);
        self.scored.subtract(demand.scored);
        self.pods = self.pods.saturating_sub(1);
        for port in &demand.ports {
            if let Some(place) = self.ports.iter().position(|taken| taken == port) {
                self.ports.swap_remove(place);
            }
        }
    }
}

/// All nodes, and in which order they changed.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    states: Vec<Option<NodeState>>,
    ids: BTreeMap<Arc<str>, NodeId>,
    /// What is taken on nodes whose object is not there.
    absent: HashMap<String, Taken>,
    /// The nodes that changed, oldest first, from `forgotten` on.
    changes: Vec<NodeId>,
    forgotten: u64,
    choices: u64,
}

impl Nodes {
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(super) fn get(&self, id: NodeId) -> Option<&NodeState> {
        self.states.get(id)?.as_ref()
    }

    /// A node's object.
    pub(super) fn named(&self, name: &str) -> Option<&Node> {
        self.ids.get(name).and_then(|id| self.get(*id)).map(|state| &*state.object)
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = NodeId> {
        self.ids.values().copied()
    }

    /// Writes a node's object; says whether it may matter to pods that wait.
    pub(super) fn put(&mut self, object: &Arc<Node>) -> bool {
        let name = object.metadata.name.as_deref().unwrap_or_default();
        let allocatable = object.status.as_ref().and_then(|status| status.allocatable.as_ref());
        let allocatable = allocatable.map(Amounts::of_list).unwrap_or_default();
        if let Some(&id) = self.ids.get(name) {
            let Some(state) = self.states[id].as_mut() else { return false };
            let matters = state.allocatable != allocatable
                || state.object.metadata.labels != object.metadata.labels
                || state.object.spec != object.spec;
            state.object = Arc::clone(object);
            state.allocatable = allocatable;
            if matters {
                self.changed(id);
            }
            return matters;
        }
        let name: Arc<str> = Arc::from(name);
        let id = self.states.len();
        self.ids.insert(Arc::clone(&name), id);
        let taken = self.absent.remove(&*name).unwrap_or_default();
        let object = Arc::clone(object);
        self.states.push(Some(NodeState { name, object, allocatable, taken, chosen: 0 }));
        self.changed(id);
        true
    }

    /// Takes a node's object away; what its pods take is kept for its return.
    pub(super) fn remove(&mut self, name: &str) {
        let Some(id) = self.ids.remove(name) else { return };
        if let Some(state) = self.states[id].take()
            && state.taken.pods > 0
        {
            self.absent.insert(name.to_owned(), state.taken);
        }
        self.changed(id);
    }

    /// Counts a pod on the node that has been chosen for it.
    pub(super) fn choose(&mut self, node: &str, demand: &Demand) {
        self.choices += 1;
        if let Some(&id) = self.ids.get(node)
            && let Some(state) = self.states[id].as_mut()
        {
            state.chosen = self.choices;
        }
        self.add_pod(node, demand);
    }

    /// Counts a pod on a node.
    pub(super) fn add_pod(&mut self, node: &str, demand: &Demand) {
        if let Some(&id) = self.ids.get(node)
            && let Some(state) = self.states[id].as_mut()
        {
            state.taken.add(demand);
            self.changed(id);
        } else if let Some(taken) = self.absent.get_mut(node) {
            taken.add(demand);
        } else {
            self.absent.entry(node.to_owned()).or_default().add(demand);
        }
    }

    /// Counts a pod on a node no more.
    pub(super) fn remove_pod(&mut self, node: &str, demand: &Demand) {
        if let Some(&id) = self.ids.get(node)
            && let Some(state) = self.states[id].as_mut()
        {
            state.taken.subtract(demand);
            self.changed(id);
        } else if let Some(taken) = self.absent.get_mut(node) {
            taken.subtract(demand);
            if taken.pods == 0 {
                self.absent.remove(node);
            }
        }
    }

    fn changed(&mut self, id: NodeId) {
        // Whoever is further behind than twice the nodes looks at all of them anyway.
        let most = (self.states.len() * 4).max(64);
        if self.changes.len() >= most {
            let old = self.changes.len() / 2;
            self.changes.drain(..old);
            self.forgotten += old as u64;
        }
        self.changes.push(id);
    }

    /// How many changes there have been.
    pub(super) fn revision(&self) -> u64 {
        self.forgotten + self.changes.len() as u64
    }

    /// The nodes that changed since a revision; none where it is cheaper to look at all.
    pub(super) fn changed_since(&self, revision: u64) -> Option<&[NodeId]> {
        let known = revision.checked_sub(self.forgotten)?;
        let changes = self.changes.get(usize::try_from(known).ok()?..)?;
        (changes.len() <= self.ids.len().max(8)).then_some(changes)
    }
}
