//! Stopping a run cleanly: no new sandbox once it stops, and none under way unnoticed.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use cri_api::{Code, CriError};

/// How often to look whether the calls under way are done.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Who may make sandboxes, and how many are being made.
#[derive(Debug, Default)]
pub(super) struct Making {
    stopped: AtomicBool,
    under_way: AtomicUsize,
}

/// A sandbox that is being made; counted until it is dropped.
#[derive(Debug)]
pub(super) struct UnderWay<'a>(&'a Making);

impl Making {
    /// Begins to make a sandbox.
    ///
    /// # Errors
    /// `Cancelled` once the run stops.
    pub(super) fn begin(&self) -> Result<UnderWay<'_>, CriError> {
        self.under_way.fetch_add(1, Ordering::SeqCst);
        let under_way = UnderWay(self);
        if self.stopped.load(Ordering::SeqCst) {
            return Err(CriError::new(Code::Cancelled, "the run is being stopped"));
        }
        Ok(under_way)
    }

    /// Whether the run is being stopped.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// Lets nobody begin any more and waits, for a time, for those who have begun.
    pub(super) async fn stop(&self, patience: Duration) {
        self.stopped.store(true, Ordering::SeqCst);
        let deadline = tokio::time::Instant::now() + patience;
        while self.under_way.load(Ordering::SeqCst) > 0 && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn nobody_begins_once_the_run_stops_and_those_who_have_are_waited_for() {
        let making = Making::default();
        let begun = making.begin().expect("the run goes on");
        let stopping = making.stop(Duration::from_secs(60));
        tokio::pin!(stopping);
        let still = tokio::time::timeout(Duration::from_secs(1), &mut stopping).await;
        assert!(still.is_err(), "one is under way");
        assert!(making.begin().is_err());
        drop(begun);
        stopping.await;
    }
}
