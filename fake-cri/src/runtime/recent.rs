//! Equal values kept once: the pods of a workload differ in little.

use std::sync::Arc;

/// How many values are compared with a new one.
const COMPARED: usize = 8;

/// The values that were shared last.
#[derive(Debug)]
pub(super) struct Recent<T>(Vec<Arc<T>>);

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: PartialEq> Recent<T> {
    /// The value, shared with an equal one if that is not long ago.
    pub(super) fn share(&mut self, value: T) -> Arc<T> {
        if let Some(known) = self.0.iter().rev().find(|known| ***known == value) {
            return Arc::clone(known);
        }
        if self.0.len() == COMPARED {
            self.0.remove(0);
        }
        let value = Arc::new(value);
        self.0.push(Arc::clone(&value));
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_kept_once() {
        let mut recent = Recent::default();
        let first = recent.share("a".to_owned());
        assert!(!Arc::ptr_eq(&first, &recent.share("b".to_owned())));
        assert!(Arc::ptr_eq(&first, &recent.share("a".to_owned())));
    }

    #[test]
    fn only_the_values_shared_last_are_remembered() {
        let mut recent = Recent::default();
        let first = recent.share(0);
        for other in 1..=COMPARED {
            recent.share(other);
        }
        assert!(!Arc::ptr_eq(&first, &recent.share(0)));
        assert_eq!(recent.0.len(), COMPARED);
    }
}
