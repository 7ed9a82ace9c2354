//! What the scheduler counts.

use std::sync::{Mutex, PoisonError};

/// What the scheduler counts.
#[derive(Debug, Default)]
pub(in crate::cluster) struct SchedulerMetrics {
    counts: Mutex<Counts>,
}

/// Numbers that the scheduler's metrics show.
#[derive(Debug, Default, Clone)]
pub(in crate::cluster) struct Counts {
    /// Pods that wait, by queue in [`QueueName::ALL`]'s order.
    pub(in crate::cluster) pending: [usize; 4],
    /// Attempts that ended in a node.
    pub(in crate::cluster) scheduled: u64,
    /// Attempts that found no node.
    pub(in crate::cluster) unschedulable: u64,
}

impl SchedulerMetrics {
    /// The numbers now.
    pub(in crate::cluster) fn counts(&self) -> Counts {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn write(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
