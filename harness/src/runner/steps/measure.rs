//! Rates over a time: how fast metrics rise and sets of pods grow.

use std::time::Duration;

use tokio::time::Instant;

use super::super::waiting::{Patience, pass};
use super::Stop;
use crate::check::{Difference, measured};
use crate::cluster::Cluster;
use crate::scenario::Measurement;

/// Lets a time pass, and compares how fast things happened in it with what was to be.
pub(super) async fn measure(
    measurements: &[Measurement],
    during: Duration,
    patience: Patience,
    cluster: &Cluster,
) -> Result<(), Stop> {
    let start = Instant::now();
    let before: Vec<_> = measurements.iter().map(|one| measured(one, cluster)).collect();
    pass(during, patience).await?;
    let seconds = start.elapsed().as_secs_f64();
    for (index, (measurement, before)) in measurements.iter().zip(before).enumerate() {
        let after = measured(measurement, cluster);
        let unmet = |seen: String| {
            let what = format!("{} a second", after.what);
            Stop::Unmet(index, vec![Difference::new(what, measurement.per_second, seen)])
        };
        let (Some(from), Some(to)) = (before.value, after.value) else {
            return Err(unmet("the node has no kubelet".to_owned()));
        };
        let rate = (to - from) / seconds;
        if !measurement.per_second.holds(rate) {
            return Err(unmet(format!("{rate:.2}")));
        }
    }
    Ok(())
}
