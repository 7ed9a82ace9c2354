//! Makes equal sets of fields, and equal parts of them, one allocation.

use std::collections::HashSet;
use std::sync::Arc;

use super::managers::Managers;
use super::set::{FieldSet, Node};

/// Keeps one allocation of each set of fields, so that a hundred thousand pods that are owned alike
/// carry one set. Sets that nobody uses any more are dropped as it grows.
#[derive(Debug, Default)]
pub struct Interner {
    sets: HashSet<FieldSet>,
    texts: HashSet<Arc<str>>,
    /// At how many sets and texts to look for unused ones next.
    sweep_at: usize,
}

/// How many sets and texts are kept without looking for unused ones.
const SMALL: usize = 1024;

impl Interner {
    /// The same managers, sharing what equal ones share.
    #[must_use]
    pub fn share(&mut self, mut managers: Managers) -> Managers {
        for manager in managers.iter_mut() {
            let texts = [&mut manager.name, &mut manager.api_version, &mut manager.subresource];
            for text in texts.into_iter().chain(&mut manager.time) {
                self.share_text(text);
            }
            manager.fields = self.share_set(&manager.fields);
        }
        if self.len() >= self.sweep_at.max(SMALL) {
            self.sets.retain(|set| set.shares() > 1);
            self.texts.retain(|text| Arc::strong_count(text) > 1);
            self.sweep_at = self.len() * 2;
        }
        managers
    }

    fn share_text(&mut self, text: &mut Arc<str>) {
        match self.texts.get(text) {
            Some(known) => *text = Arc::clone(known),
            None => {
                self.texts.insert(Arc::clone(text));
            }
        }
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
        self.sets.insert(shared.clone());
        shared
    }

    /// How many different sets, parts of sets and texts are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sets.len() + self.texts.len()
    }

    /// Whether nothing is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
