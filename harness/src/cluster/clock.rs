//! What time it is in a cluster.
//!
//! Wall time is derived from tokio's clock, so that it stands still, leaps and
//! flows exactly as timers do, whether that clock is paused or real. A cluster
//! that is served to others is read from threads that tokio's paused clock does
//! not reach: there the driver of the time says how late it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, ThreadId};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use tokio::time::Instant;

/// 2026-01-01T00:00:00Z: where virtual time starts, in every run the same.
const VIRTUAL_EPOCH_SECONDS: i64 = 1_767_225_600;

/// A cluster's clock.
#[derive(Debug, Clone)]
pub struct Clock {
    epoch: Timestamp,
    source: Source,
}

/// Who says how much time has passed.
#[derive(Debug, Clone)]
enum Source {
    /// tokio's clock, since this instant.
    Tokio(Instant),
    /// tokio's clock on the cluster's own thread; elsewhere what that thread last said, in
    /// nanoseconds since the start.
    Driven { start: Instant, thread: ThreadId, elapsed: Arc<AtomicU64> },
}

/// The hand that moves a driven clock.
#[derive(Debug, Clone)]
pub struct ClockHand(Arc<AtomicU64>);

impl ClockHand {
    /// Says how much time has passed since the clock was made; it never goes back.
    pub fn set(&self, elapsed: Duration) {
        let nanoseconds = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX);
        self.0.fetch_max(nanoseconds, Ordering::AcqRel);
    }
}

impl Clock {
    /// A clock for virtual time. Needs a tokio runtime, whose clock it follows.
    #[must_use]
    pub fn simulated() -> Self {
        let epoch = Timestamp::from_second(VIRTUAL_EPOCH_SECONDS)
            .expect("the epoch is within the range of timestamps");
        Self { epoch, source: Source::Tokio(Instant::now()) }
    }

    /// A clock that starts at the system's time.
    #[must_use]
    pub fn real() -> Self {
        Self { epoch: system_time(), source: Source::Tokio(Instant::now()) }
    }

    /// A clock that starts at the system's time, follows tokio's clock on this thread, and can be
    /// read on every other, where it stands still but for its hand.
    #[must_use]
    pub fn driven() -> (Self, ClockHand) {
        let elapsed = Arc::new(AtomicU64::new(0));
        let hand = ClockHand(Arc::clone(&elapsed));
        let (start, thread) = (Instant::now(), thread::current().id());
        (Self { epoch: system_time(), source: Source::Driven { start, thread, elapsed } }, hand)
    }

    /// How long the cluster has existed.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        match &self.source {
            Source::Tokio(start) => start.elapsed(),
            Source::Driven { start, thread, .. } if *thread == thread::current().id() => {
                start.elapsed()
            }
            Source::Driven { elapsed, .. } => Duration::from_nanos(elapsed.load(Ordering::Acquire)),
        }
    }

    /// How long the cluster had existed at an instant of tokio's clock.
    #[must_use]
    pub fn elapsed_at(&self, instant: Instant) -> Duration {
        let (Source::Tokio(start) | Source::Driven { start, .. }) = &self.source;
        instant.saturating_duration_since(*start)
    }

    /// How long the cluster had existed at a time that objects carry.
    #[must_use]
    pub fn elapsed_until(&self, time: &Time) -> Duration {
        Duration::try_from(time.0.duration_since(self.epoch)).unwrap_or_default()
    }

    /// The time now, as Kubernetes objects carry it.
    #[must_use]
    pub fn now(&self) -> Time {
        Time(self.epoch.saturating_add(self.elapsed()).unwrap_or(Timestamp::MAX))
    }

    /// The time now as a function, for parts that know no clusters.
    #[must_use]
    pub fn function(&self) -> Arc<dyn Fn() -> Time + Send + Sync> {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }
}

fn system_time() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::UNIX_EPOCH.saturating_add(since).unwrap_or(Timestamp::MAX)
}
