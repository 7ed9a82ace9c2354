//! Waiting for expectations: until they hold, or to see that they never do.

use std::time::Duration;

use thiserror::Error;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::check::{Difference, check, decided_by};
use crate::cluster::Cluster;
use crate::scenario::Expectation;

/// How often to look again when no object changes: a process may change unseen.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// The first expectation, by its index, that does not hold in time, and how.
pub(super) type Unmet = (usize, Vec<Difference>);

/// Waits until all expectations hold at once.
pub(super) async fn until_all_hold(
    expectations: &[Expectation],
    cluster: &Cluster,
    within: Duration,
    patience: Patience,
) -> Result<(), Unmet> {
    let deadline = Instant::now() + within;
    let mut news = News::of(cluster);
    loop {
        news.begin();
        let Some(unmet) = first_unmet(expectations, cluster).await else { return Ok(()) };
        if Instant::now() >= deadline || patience.check().is_err() {
            return Err(unmet);
        }
        news.wait(&expectations[unmet.0..=unmet.0], deadline).await;
    }
}

async fn first_unmet(expectations: &[Expectation], cluster: &Cluster) -> Option<Unmet> {
    for (index, expectation) in expectations.iter().enumerate() {
        let differences = check(expectation, cluster).await;
        if !differences.is_empty() {
            return Some((index, differences));
        }
    }
    None
}

/// Watches for a time that no expectation comes true; gives the index of one that does, or
/// nothing when simulating the time takes too long.
pub(super) async fn while_none_holds(
    expectations: &[Expectation],
    cluster: &Cluster,
    during: Duration,
    patience: Patience,
) -> Result<(), Option<usize>> {
    let deadline = Instant::now() + during;
    let mut news = News::of(cluster);
    loop {
        news.begin();
        for (index, expectation) in expectations.iter().enumerate() {
            if check(expectation, cluster).await.is_empty() {
                return Err(Some(index));
            }
        }
        if Instant::now() >= deadline {
            return Ok(());
        }
        if patience.check().is_err() {
            return Err(None);
        }
        news.wait(expectations, deadline).await;
    }
}

/// What has changed since the last look.
struct News<'a> {
    cluster: &'a Cluster,
    changes: watch::Receiver<u64>,
    /// What was known at the last look.
    revision: u64,
}

impl<'a> News<'a> {
    fn of(cluster: &'a Cluster) -> Self {
        Self { cluster, changes: cluster.api.subscribe(), revision: 0 }
    }

    /// A look begins; what changes from now on is news.
    fn begin(&mut self) {
        self.changes.mark_unchanged();
        self.revision = self.cluster.api.revision();
    }

    /// Waits until it is time to look again: an object has changed that can decide about one of
    /// these expectations, or some time has passed. Of the many changes of a storm few do.
    async fn wait(&mut self, expectations: &[Expectation], deadline: Instant) {
        let look_again = deadline.min(Instant::now() + LOOK_AGAIN);
        while let Ok(Ok(())) = timeout_at(look_again, self.changes.changed()).await {
            let matters = |expectation: &Expectation| {
                decided_by(expectation)
                    .is_none_or(|resource| self.cluster.api.has_changed(resource, self.revision))
            };
            if expectations.iter().any(matters) {
                return;
            }
        }
    }
}

/// Waits until something is true of the cluster; says whether it became so in time, and gives up
/// when simulating that takes too long.
pub(super) async fn until(
    cluster: &Cluster,
    within: Duration,
    patience: Patience,
    holds: impl Fn(&Cluster) -> bool,
) -> Result<bool, OutOfPatience> {
    let deadline = Instant::now() + within;
    let mut changes = cluster.api.subscribe();
    loop {
        changes.mark_unchanged();
        if holds(cluster) {
            return Ok(true);
        }
        patience.check()?;
        if timeout_at(deadline, changes.changed()).await.is_err() {
            return Ok(holds(cluster));
        }
    }
}

/// Lets time pass; gives up when simulating it takes too long.
pub(super) async fn pass(time: Duration, patience: Patience) -> Result<(), OutOfPatience> {
    let end = Instant::now() + time;
    while Instant::now() < end {
        sleep_until(end.min(Instant::now() + STRIDE)).await;
        patience.check()?;
    }
    Ok(())
}

/// How far virtual time goes before the wall clock is looked at.
const STRIDE: Duration = Duration::from_secs(60);

/// The longest time that one step may take to simulate.
const LONGEST_STEP: Duration = Duration::from_secs(60);

/// The wall time that a step has left, where its time is virtual.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience(Option<std::time::Instant>);

/// A step takes too long to simulate.
#[derive(Debug, Error)]
#[error("simulating this step takes too long; let less time pass, or let less happen in it")]
pub(super) struct OutOfPatience;

impl Patience {
    /// For a step that begins now; endless on real time, which has limits of its own.
    pub(super) fn new(virtual_time: bool) -> Self {
        Self(virtual_time.then(|| std::time::Instant::now() + LONGEST_STEP))
    }

    fn check(self) -> Result<(), OutOfPatience> {
        match self.0 {
            Some(end) if std::time::Instant::now() > end => Err(OutOfPatience),
            _ => Ok(()),
        }
    }
}
