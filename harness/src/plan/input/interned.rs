//! Values that many objects share, each kept once.

use std::collections::HashMap;
use std::hash::Hash;

/// Values, each kept once.
#[derive(Debug)]
pub(super) struct Interned<K, V> {
    places: HashMap<K, usize>,
    pub(super) values: Vec<V>,
}

impl<K, V> Default for Interned<K, V> {
    fn default() -> Self {
        Self { places: HashMap::new(), values: Vec::new() }
    }
}

impl<K: Hash + Eq, V> Interned<K, V> {
    pub(super) fn place(&mut self, key: K, make: impl FnOnce(&K) -> V) -> usize {
        if let Some(place) = self.places.get(&key) {
            return *place;
        }
        let place = self.values.len();
        self.values.push(make(&key));
        self.places.insert(key, place);
        place
    }
}
