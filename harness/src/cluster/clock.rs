//! What time it is in a cluster.
//!
//! Wall time is derived from tokio's clock, so that it stands still, leaps and
//! flows exactly as timers do, whether that clock is paused or real.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use tokio::time::Instant;

/// 2026-01-01T00:00:00Z: where virtual time starts, in every run the same.
const VIRTUAL_EPOCH_SECONDS: i64 = 1_767_225_600;

/// A cluster's clock.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    epoch: Timestamp,
    start: Instant,
}

impl Clock {
    /// A clock for virtual time. Needs a tokio runtime, whose clock it follows.
    #[must_use]
    pub fn simulated() -> Self {
        let epoch = Timestamp::from_second(VIRTUAL_EPOCH_SECONDS)
            .expect("the epoch is within the range of timestamps");
        Self { epoch, start: Instant::now() }
    }

    /// A clock that starts at the system's time.
    #[must_use]
    pub fn real() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let epoch = Timestamp::UNIX_EPOCH.saturating_add(since).unwrap_or(Timestamp::MAX);
        Self { epoch, start: Instant::now() }
    }

    /// How long the cluster has existed.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// The time now, as Kubernetes objects carry it.
    #[must_use]
    pub fn now(&self) -> Time {
        Time(self.epoch.saturating_add(self.elapsed()).unwrap_or(Timestamp::MAX))
    }

    /// The time now as a function, for parts that know no clusters.
    #[must_use]
    pub fn function(&self) -> Arc<dyn Fn() -> Time + Send + Sync> {
        let clock = *self;
        Arc::new(move || clock.now())
    }
}
