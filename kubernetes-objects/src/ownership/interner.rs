//! Makes equal sets of fields, and equal parts of them, one allocation.

use std::collections::HashSet;

use super::managers::Managers;
use super::set::{FieldSet, Node};

/// Keeps one allocation of each set of fields, so that a hundred thousand pods that are owned alike
/// carry one set. Sets that nobody uses any more are dropped as it grows.
#[derive(Debug, Default)]
pub struct Interner {
    sets: HashSet<FieldSet>,
    /// At how many sets to look for unused ones next.
    sweep_at: usize,
}

/// How many sets are kept without looking for unused ones.
const SMALL: usize = 1024;

impl Interner {
    /// The same managers, sharing what equal ones share.
    #[must_use]
    pub fn share(&mut self, managers: Managers) -> Managers {
        managers.map_fields(|fields| self.share_set(fields))
    }

    fn share_set(&mut self, set: &FieldSet) -> FieldSet {
        if set.is_empty() {
            return FieldSet::default();
        }
        if let Some(known) = self.sets.get(set) {
            return known.clone();
        }
        let nodes = set.nodes().iter().map(|node| Node {
            below: self.share_set(&node.below),
            element: node.element.clone(),
            member: node.member,
        });
        let shared = FieldSet::sorted(nodes.collect());
        if self.sets.len() >= self.sweep_at.max(SMALL) {
            self.sets.retain(|set| set.shares() > 1);
            self.sweep_at = self.sets.len() * 2;
        }
        self.sets.insert(shared.clone());
        shared
    }

    /// How many different sets and parts of sets are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sets.len()
    }

    /// Whether nothing is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }
}
