//! Rolling changes: many nodes, one after the other.

use fake_kubelet::api::NodeApi;
use fake_kubelet::version::KubernetesVersion;
use k8s_openapi::api::core::v1::Node;

use super::super::waiting::{pass, until};
use super::Stop;
use super::nodes::{Limits, drain, uncordon};
use super::releases::{change_runtime, check_gates, check_kubelet, kubelet_of};
use crate::check::Difference;
use crate::cluster::Cluster;
use crate::scenario::{Direction, DirectionError, RollingChange, RollingOrder, RuntimeName};

/// What one node needs in one pass.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Needed {
    kubelet: Option<KubernetesVersion>,
    runtime: Option<RuntimeName>,
}

impl Needed {
    fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

/// Brings many nodes to other releases. What is wrong with that is said before anything changes.
pub(super) async fn change(
    change: &RollingChange,
    direction: Direction,
    limits: Limits,
    cluster: &mut Cluster,
) -> Result<(), Stop> {
    let nodes: Vec<String> = match &change.nodes {
        Some(nodes) => nodes.clone(),
        None => cluster.nodes().map(|node| node.name().to_owned()).collect(),
    };
    let whole = Needed { kubelet: change.kubernetes.map(|to| to.0), runtime: change.runtime };
    let mut changes = false;
    for node in &nodes {
        let needed = needed_by(node, whole, direction, cluster)?;
        if let Some(to) = needed.kubelet {
            check_kubelet(node, to, change.skew, cluster)?;
            check_gates(node, to, cluster)?;
        }
        changes |= !needed.is_nothing();
    }
    if !changes {
        return Err(Stop::Senseless("every node has these releases already".to_owned()));
    }
    for part in passes(whole, change.order.unwrap_or_default()) {
        for node in &nodes {
            let needed = needed_by(node, part, direction, cluster)?;
            if needed.is_nothing() {
                continue;
            }
            change_node(node, needed, change.drain.unwrap_or(true), limits, cluster).await?;
            if let Some(time) = change.pause {
                pass(time.0, limits.patience).await?;
            }
        }
    }
    Ok(())
}

/// What all nodes are brought to, before it begins anew with the first of them.
fn passes(whole: Needed, order: RollingOrder) -> Vec<Needed> {
    let kubelets = Needed { runtime: None, ..whole };
    let runtimes = Needed { kubelet: None, ..whole };
    match order {
        RollingOrder::Together => vec![whole],
        RollingOrder::KubeletsFirst => vec![kubelets, runtimes],
        RollingOrder::RuntimesFirst => vec![runtimes, kubelets],
    }
}

/// What of a change a node does not have yet.
fn needed_by(
    node: &str,
    part: Needed,
    direction: Direction,
    cluster: &Cluster,
) -> Result<Needed, Stop> {
    let unless_there = |outcome| match outcome {
        Ok(()) => Ok(true),
        Err(DirectionError::Already(_)) => Ok(false),
        Err(error @ DirectionError::IsOther { .. }) => {
            let other = match direction {
                Direction::Up => "rollingRollBack",
                Direction::Back => "rollingUpgrade",
            };
            Err(Stop::Senseless(format!("node {node:?}: {error}; write {other}")))
        }
    };
    let mut needed = Needed::default();
    if let Some(to) = part.kubelet {
        let (from, _) = kubelet_of(node, cluster)?;
        needed.kubelet = unless_there(direction.check_kubernetes(from, to))?.then_some(to);
    }
    if let Some(to) = part.runtime {
        let known = cluster.node(node)?.runtime.current();
        let outcome = known.map_or(Ok(()), |from| direction.check_runtime(from, to));
        needed.runtime = unless_there(outcome)?.then_some(to);
    }
    Ok(needed)
}

async fn change_node(
    node: &str,
    needed: Needed,
    drains: bool,
    limits: Limits,
    cluster: &mut Cluster,
) -> Result<(), Stop> {
    if drains {
        drain(node, limits, cluster).await?;
    }
    if let Some(to) = needed.runtime {
        change_runtime(node, to, cluster)?;
    }
    if let Some(to) = needed.kubelet {
        let (_, gates) = kubelet_of(node, cluster)?;
        cluster.restart_kubelet(node, to, &gates).await?;
    }
    wait_for_report(node, needed, limits, cluster).await?;
    if drains {
        uncordon(node, cluster).await?;
    }
    Ok(())
}

/// Waits until a node is ready and its object says which releases it has, as whoever changes it
/// looks for in `kubectl get nodes -o wide`.
async fn wait_for_report(
    node: &str,
    needed: Needed,
    limits: Limits,
    cluster: &Cluster,
) -> Result<(), Stop> {
    let kubelet = needed.kubelet.map(|version| version.to_string());
    let runtime = needed.runtime.map(|runtime| {
        let profile = runtime.profile();
        format!("{}://{}", profile.runtime_name, profile.runtime_version)
    });
    let wanted = |words: &Reported| {
        words.is_ready
            && kubelet.as_ref().is_none_or(|wanted| *wanted == words.kubelet)
            && runtime.as_ref().is_none_or(|wanted| *wanted == words.runtime)
    };
    let reported = |cluster: &Cluster| cluster.api.node(node).map(|node| Reported::by(&node));
    let says_so = |cluster: &Cluster| reported(cluster).is_some_and(|words| wanted(&words));
    if until(cluster, limits.within, limits.patience, says_so).await? {
        return Ok(());
    }
    let wanted = [Some("ready".to_owned()), kubelet, runtime];
    let wanted = wanted.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let seen = reported(cluster).map_or_else(|| "no node object".to_owned(), Reported::words);
    Err(Stop::Different(vec![Difference::new(format!("node {node}"), wanted, seen)]))
}

/// What a node's object says of it.
struct Reported {
    is_ready: bool,
    kubelet: String,
    runtime: String,
}

impl Reported {
    fn by(node: &Node) -> Self {
        let status = node.status.as_ref();
        let mut conditions = status.iter().flat_map(|status| status.conditions.iter().flatten());
        let info = status.and_then(|status| status.node_info.as_ref());
        Self {
            is_ready: conditions.any(|one| one.type_ == "Ready" && one.status == "True"),
            kubelet: info.map(|info| info.kubelet_version.clone()).unwrap_or_default(),
            runtime: info.map(|info| info.container_runtime_version.clone()).unwrap_or_default(),
        }
    }

    fn words(self) -> String {
        let ready = if self.is_ready { "ready" } else { "not ready" };
        format!("{ready}, {}, {}", self.kubelet, self.runtime)
    }
}
