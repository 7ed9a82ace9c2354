//! What each step does to the cluster.

mod containers;
mod measure;
mod nodes;
mod objects;
mod refusals;
mod releases;
mod rolling;
mod stop;

use std::time::Duration;

use super::waiting::{OutOfPatience, Patience, pass, until_all_hold, while_none_holds};
use crate::cluster::Cluster;
use crate::scenario::{DEFAULT_NAMESPACE, Direction, Step};

use refusals::{Asked, as_expected};
pub(super) use stop::Stop;

/// How long `expect` and `exec` wait when a step does not say.
const WITHIN: Duration = Duration::from_secs(30);
/// How long `never` and `measure` watch when a step does not say.
const DURING: Duration = Duration::from_secs(5);
/// How long a node's drain may take when a step does not say: past any grace period.
const DRAIN: Duration = Duration::from_secs(600);

/// Takes one step.
pub(super) async fn take(
    step: &Step,
    cluster: &mut Cluster,
    patience: Patience,
) -> Result<(), Stop> {
    let refused = step.refused.as_ref();
    let within = |otherwise| step.within.map_or(otherwise, |within| within.0);
    let during = step.during.map_or(DURING, |during| during.0);
    if let Some(manifests) = &step.apply {
        return objects::apply(manifests, refused, step.warned.as_deref(), cluster);
    }
    if let Some(name) = &step.delete {
        return as_expected(refused, Asked::ApiServer, objects::delete(name, cluster));
    }
    if let Some(scale) = &step.scale {
        return as_expected(refused, Asked::ApiServer, objects::scale(scale, cluster));
    }
    if let Some(exec) = &step.exec {
        return containers::run_command(exec, within(WITHIN), patience, cluster).await;
    }
    if let Some(name) = &step.kill {
        return containers::kill(name, WITHIN, patience, cluster).await;
    }
    for (change, direction) in [(&step.upgrade, Direction::Up), (&step.roll_back, Direction::Back)]
    {
        if let Some(change) = change {
            let outcome = releases::change(change, direction, cluster).await;
            return as_expected(refused, Asked::Component, outcome);
        }
    }
    for (change, direction) in
        [(&step.rolling_upgrade, Direction::Up), (&step.rolling_roll_back, Direction::Back)]
    {
        if let Some(change) = change {
            let limits = nodes::Limits { within: within(DRAIN), patience };
            let outcome = rolling::change(change, direction, limits, cluster).await;
            return as_expected(refused, Asked::Component, outcome);
        }
    }
    if let Some(change) = &step.set_feature_gates {
        let outcome = releases::set_feature_gates(change, cluster).await;
        return as_expected(refused, Asked::Component, outcome);
    }
    if let Some(name) = &step.restart_kubelet {
        let (version, gates) = releases::kubelet_of(&name.node, cluster)?;
        return Ok(cluster.restart_kubelet(&name.node, version, &gates).await?);
    }
    if let Some(name) = &step.stop_kubelet {
        return Ok(cluster.stop_kubelet(&name.node).await?);
    }
    if let Some(name) = &step.start_kubelet {
        return Ok(cluster.start_kubelet(&name.node).await?);
    }
    if let Some(label) = &step.label {
        return Ok(objects::set_labels(label, cluster)?);
    }
    if let Some(name) = &step.cordon {
        return Ok(nodes::cordon(&name.node, cluster)?);
    }
    if let Some(name) = &step.uncordon {
        return Ok(nodes::uncordon(&name.node, cluster).await?);
    }
    if let Some(name) = &step.drain {
        let limits = nodes::Limits { within: within(DRAIN), patience };
        let outcome = nodes::drain(&name.node, limits, cluster).await;
        return as_expected(refused, Asked::ApiServer, outcome);
    }
    if let Some(fault) = &step.fault {
        cluster.node(&fault.node)?.runtime.add_fault(fault);
        return Ok(());
    }
    if let Some(time) = &step.advance {
        return Ok(pass(time.0, patience).await?);
    }
    if let Some(expectations) = &step.expect {
        return until_all_hold(expectations, cluster, within(WITHIN), patience)
            .await
            .map_err(|(index, differences)| Stop::Unmet(index, differences));
    }
    if let Some(expectations) = &step.never {
        return while_none_holds(expectations, cluster, during, patience)
            .await
            .map_err(|index| index.map_or(Stop::TooMuchTime(OutOfPatience), Stop::CameTrue));
    }
    if let Some(measurements) = &step.measure {
        return measure::measure(measurements, during, patience, cluster).await;
    }
    Ok(())
}

fn namespace(given: Option<&String>) -> &str {
    given.map_or(DEFAULT_NAMESPACE, String::as_str)
}
