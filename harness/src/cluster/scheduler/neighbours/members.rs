//! A set of pods, each counted once, by the node that it is on.

use std::collections::HashMap;
use std::sync::Arc;

/// Pods by uid, and how many of them each node has.
#[derive(Debug, Default)]
pub(super) struct Members {
    nodes: HashMap<Box<str>, Arc<str>>,
    counts: HashMap<Arc<str>, usize>,
}

impl Members {
    /// Counts a pod on a node, and nowhere else.
    pub(super) fn insert(&mut self, uid: &str, node: &str) {
        if self.nodes.get(uid).is_some_and(|known| **known == *node) {
            return;
        }
        self.remove(uid);
        let node = match self.counts.get_key_value(node) {
            Some((known, _)) => Arc::clone(known),
            None => Arc::from(node),
        };
        *self.counts.entry(Arc::clone(&node)).or_default() += 1;
        self.nodes.insert(Box::from(uid), node);
    }

    /// Counts a pod no more.
    pub(super) fn remove(&mut self, uid: &str) {
        let Some(node) = self.nodes.remove(uid) else { return };
        if let Some(count) = self.counts.get_mut(&node) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&node);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The nodes that have any, and how many.
    pub(super) fn by_node(&self) -> impl Iterator<Item = (&str, usize)> {
        self.counts.iter().map(|(node, count)| (&**node, *count))
    }

    /// How many a node has.
    pub(super) fn on(&self, node: &str) -> usize {
        self.counts.get(node).copied().unwrap_or(0)
    }
}
