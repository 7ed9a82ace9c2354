//! Whether pods find room, without a cluster around: the scheduler's filters and scores on nodes
//! and pods that somebody else keeps.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use fake_kubelet::version::KubernetesVersion;
use k8s_openapi::api::core::v1::{Node, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::class::Class;
use super::demand::Demand;
use super::neighbours::{NamespaceLabels, Neighbours, Outlook, asks_for_neighbours};
use super::nodes::Nodes;
use crate::cluster::selection::selects;

/// Nodes and what is taken of them.
#[derive(Debug)]
pub struct Room {
    nodes: Nodes,
    neighbours: Neighbours,
    classes: Vec<Class>,
    /// How many pods of a class each node has.
    counts: HashMap<(Arc<str>, usize), usize>,
    version: KubernetesVersion,
}

/// Pods that ask for the same, in a [`Room`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomClass(usize);

/// The namespaces of the classes' pods, of which nothing but the name is known.
#[derive(Debug)]
struct Named<'a>(&'a [Class]);

impl NamespaceLabels for Named<'_> {
    fn labels_of(&self, namespace: &str) -> BTreeMap<String, String> {
        // Every namespace has this label.
        BTreeMap::from([("kubernetes.io/metadata.name".to_owned(), namespace.to_owned())])
    }

    fn selected_by(&self, selector: &LabelSelector) -> BTreeSet<String> {
        let names = self.0.iter().filter_map(|one| one.demand.pod.metadata.namespace.clone());
        names.filter(|name| selects(selector, Some(&self.labels_of(name)))).collect()
    }
}

impl Room {
    /// A room without nodes, as the scheduler of a version sees it.
    #[must_use]
    pub fn new(version: KubernetesVersion) -> Self {
        Self {
            nodes: Nodes::default(),
            neighbours: Neighbours::default(),
            classes: Vec::new(),
            counts: HashMap::new(),
            version,
        }
    }

    /// Adds a node, or writes one anew: its labels, taints, `allocatable`, and whether it is
    /// cordoned count.
    pub fn put_node(&mut self, node: &Arc<Node>) {
        self.nodes.put(node);
    }

    /// A class of pods that ask for what this one asks for, and are to others what it is: its
    /// namespace and labels count.
    pub fn class(&mut self, pod: &Arc<Pod>) -> RoomClass {
        self.classes.push(Class::new(Demand::of(pod)));
        RoomClass(self.classes.len() - 1)
    }

    /// Counts a pod on a node.
    pub fn add_pod(&mut self, node: &str, class: RoomClass) {
        self.nodes.add_pod(node, &self.classes[class.0].demand);
        self.count(node, class);
    }

    /// Counts a pod on a node no more.
    pub fn remove_pod(&mut self, node: &str, class: RoomClass) {
        let demand = &self.classes[class.0].demand;
        self.nodes.remove_pod(node, demand);
        if let Some(count) = self.counts.get_mut(&(Arc::from(node), class.0))
            && *count > 0
        {
            self.neighbours.remove(&nickname(class.0, node, *count), &demand.pod);
            *count -= 1;
        }
    }

    /// Places a pod where the scheduler would, and counts it there; gives the node.
    ///
    /// # Errors
    /// The scheduler's message, where no node takes it.
    pub fn place(&mut self, class: RoomClass) -> Result<Arc<str>, String> {
        let outlook = self.outlook(class);
        let kept = &mut self.classes[class.0];
        kept.catch_up(&self.nodes, self.version);
        let best = kept.best(outlook.as_ref(), &self.nodes).and_then(|id| self.nodes.get(id));
        match best.map(|node| Arc::clone(&node.name)) {
            Some(node) => {
                self.nodes.choose(&node, &kept.demand);
                self.count(&node, class);
                Ok(node)
            }
            None => Err(kept.message(outlook.as_ref(), &self.nodes, self.version)),
        }
    }

    fn count(&mut self, node: &str, class: RoomClass) {
        let count = self.counts.entry((Arc::from(node), class.0)).or_default();
        *count += 1;
        let pod = &self.classes[class.0].demand.pod;
        if self.neighbours.matter() || asks_for_neighbours(pod) {
            self.neighbours.put(&nickname(class.0, node, *count), pod, node);
        }
    }

    fn outlook(&mut self, class: RoomClass) -> Option<Outlook> {
        let pod = Arc::clone(&self.classes[class.0].demand.pod);
        if !self.neighbours.repel() && !asks_for_neighbours(&pod) {
            return None;
        }
        let (classes, counts) = (&self.classes, &self.counts);
        let mut placed = |each: &mut dyn FnMut(&str, &Pod, &str)| {
            for ((node, class), count) in counts {
                for number in 1..=*count {
                    each(&nickname(*class, node, number), &classes[*class].demand.pod, node);
                }
            }
        };
        self.neighbours.outlook(&pod, &self.nodes, &Named(classes), &mut placed)
    }
}

/// What stands for a pod's uid.
fn nickname(class: usize, node: &str, number: usize) -> String {
    format!("{class}/{number}/{node}")
}
