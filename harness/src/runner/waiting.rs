//! Waiting for expectations: until they hold, or to see that they never do.

use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};

use crate::check::{Difference, check};
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
) -> Result<(), Unmet> {
    let deadline = Instant::now() + within;
    let mut changes = cluster.api.subscribe();
    loop {
        changes.mark_unchanged();
        let Some(unmet) = first_unmet(expectations, cluster).await else { return Ok(()) };
        if Instant::now() >= deadline {
            return Err(unmet);
        }
        let look_again = deadline.min(Instant::now() + LOOK_AGAIN);
        // Either way it is time to look again.
        let _ = timeout_at(look_again, changes.changed()).await;
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

/// Watches for a time that no expectation comes true; gives the index of one that does.
pub(super) async fn while_none_holds(
    expectations: &[Expectation],
    cluster: &Cluster,
    during: Duration,
) -> Result<(), usize> {
    let deadline = Instant::now() + during;
    let mut changes = cluster.api.subscribe();
    loop {
        changes.mark_unchanged();
        for (index, expectation) in expectations.iter().enumerate() {
            if check(expectation, cluster).await.is_empty() {
                return Err(index);
            }
        }
        if Instant::now() >= deadline {
            return Ok(());
        }
        let look_again = deadline.min(Instant::now() + LOOK_AGAIN);
        let _ = timeout_at(look_again, changes.changed()).await;
    }
}

/// Waits until something is true of the cluster; says whether it became so in time.
pub(super) async fn until(
    cluster: &Cluster,
    within: Duration,
    holds: impl Fn(&Cluster) -> bool,
) -> bool {
    let deadline = Instant::now() + within;
    let mut changes = cluster.api.subscribe();
    loop {
        changes.mark_unchanged();
        if holds(cluster) {
            return true;
        }
        if timeout_at(deadline, changes.changed()).await.is_err() {
            return holds(cluster);
        }
    }
}

/// Lets time pass.
pub(super) async fn pass(time: Duration) {
    sleep_until(Instant::now() + time).await;
}
