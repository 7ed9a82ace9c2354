//! What a controller has asked for and not seen yet.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::super::store::ObjectName;

/// After this time a controller no longer waits for what it has asked for
/// (`ExpectationsTimeout`).
const TIMEOUT: Duration = Duration::from_secs(300);

/// Creations and deletions that a controller waits to see, by the object they are for.
#[derive(Debug, Default)]
pub(super) struct Expectations(Mutex<HashMap<ObjectName, Expected>>);

#[derive(Debug)]
struct Expected {
    creations: i64,
    deletions: i64,
    since: Instant,
}

impl Expectations {
    fn all(&self) -> MutexGuard<'_, HashMap<ObjectName, Expected>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether everything asked for has been seen.
    pub(super) fn satisfied(&self, key: &ObjectName) -> bool {
        self.all().get(key).is_none_or(|expected| {
            (expected.creations <= 0 && expected.deletions <= 0)
                || expected.since.elapsed() > TIMEOUT
        })
    }

    /// Waits for as many creations and deletions from now on.
    pub(super) fn expect(&self, key: &ObjectName, creations: usize, deletions: usize) {
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let expected = Expected {
            creations: count(creations),
            deletions: count(deletions),
            since: Instant::now(),
        };
        self.all().insert(key.clone(), expected);
    }

    /// A creation was seen, or will not come.
    pub(super) fn created(&self, key: &ObjectName, count: usize) {
        if let Some(expected) = self.all().get_mut(key) {
            expected.creations -= i64::try_from(count).unwrap_or(i64::MAX);
        }
    }

    /// A deletion was seen, or will not come.
    pub(super) fn deleted(&self, key: &ObjectName) {
        if let Some(expected) = self.all().get_mut(key) {
            expected.deletions -= 1;
        }
    }

    /// Waits for nothing any more.
    pub(super) fn forget(&self, key: &ObjectName) {
        self.all().remove(key);
    }
}
