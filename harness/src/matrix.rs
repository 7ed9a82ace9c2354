//! The version-skew matrix, computed by running it.
//!
//! Every kubelet version with every value its gate can have, on a runtime that
//! honours the policy and on one that does not; a pod for each policy, on a
//! fresh node object, behind a current API server.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use fake_kubelet::api::NodeApi;
use fake_kubelet::version::{Gate, KubernetesVersion};
use serde::Serialize;
use serde_json::json;
use thiserror::Error;
use tokio::time::{Instant, timeout_at};

use crate::check::parse_id_output;
use crate::cluster::{Cluster, ClusterError, PodExecError, Refusal};
use crate::images;
use crate::scenario::{
    ApiServerSpec, ClusterSpec, DEFAULT_NAMESPACE, KubernetesName, NodeSpec, RuntimeName,
    VersionSkew,
};
use crate::target::Simulation;

const NODE: &str = "node-1";
/// The group that only the image grants.
const IMAGE_GROUP: i64 = 50_000;
/// How long a pod may take to run or to be rejected, in virtual time.
const SETTLE: Duration = Duration::from_secs(60);

/// Why the matrix could not be computed.
#[derive(Debug, Error)]
pub enum MatrixError {
    /// The tokio runtime could not be made.
    #[error("no tokio runtime can be made")]
    Runtime(#[from] std::io::Error),
    /// A cluster did not start.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The API server refused a pod.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// `id` could not be run.
    #[error(transparent)]
    Exec(#[from] PodExecError),
    /// A pod neither ran nor was rejected.
    #[error("pod {0:?} neither runs nor is rejected after {SETTLE:?}")]
    Unsettled(String),
}

/// What becomes of a pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Fate {
    /// It runs with the image's groups, as it asked.
    Merged,
    /// It runs with the image's groups, though it asked for Strict.
    MergedSilently,
    /// It runs without them.
    Strict,
    /// It is rejected; the reason.
    Rejected(String),
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Merged => "merged",
            Self::MergedSilently => "merged silently",
            Self::Strict => "strict",
            Self::Rejected(_) => "rejected",
        })
    }
}

/// One row of the matrix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// The kubelet's minor version.
    pub kubelet: String,
    /// The gate's value and, where it is that, the default or locked one.
    pub gate: String,
    /// The runtime.
    pub runtime: String,
    /// A pod that names no policy.
    pub unset: Fate,
    /// A pod with Merge.
    pub merge: Fate,
    /// A pod with Strict.
    pub strict: Fate,
    /// Whether the node says that it supports the policy.
    pub node_feature: bool,
    /// Whether the pods' status names the identity.
    pub user_in_status: bool,
}

/// Computes the whole matrix.
///
/// # Errors
/// [`MatrixError`].
pub fn compute() -> Result<Vec<Row>, MatrixError> {
    let mut rows = Vec::new();
    for version in KubernetesVersion::all() {
        for gate in gates(version) {
            for runtime in [RuntimeName::Supporting, RuntimeName::Unsupporting] {
                let tokio = tokio::runtime::Builder::new_current_thread()
                    .enable_time()
                    .start_paused(true)
                    .build()?;
                rows.push(tokio.block_on(row(version, gate, runtime))?);
            }
        }
    }
    Ok(rows)
}

/// The values that the gate can have in a version; `None` where there is no gate.
fn gates(version: KubernetesVersion) -> Vec<Option<bool>> {
    match Gate::SupplementalGroupsPolicy.in_version(version) {
        None => vec![None],
        Some(stage) if stage.locked => vec![Some(stage.default)],
        Some(_) => vec![Some(false), Some(true)],
    }
}

fn gate_words(version: KubernetesVersion, value: Option<bool>) -> String {
    let Some((stage, value)) = Gate::SupplementalGroupsPolicy.in_version(version).zip(value) else {
        return "–".to_owned();
    };
    let word = if value { "on" } else { "off" };
    match (stage.locked, stage.default == value) {
        (true, _) => format!("{word} (locked)"),
        (false, true) => format!("{word} (default)"),
        (false, false) => word.to_owned(),
    }
}

async fn row(
    version: KubernetesVersion,
    gate: Option<bool>,
    runtime: RuntimeName,
) -> Result<Row, MatrixError> {
    let settings = gate.map(|value| (Gate::SupplementalGroupsPolicy.name().to_owned(), value));
    let spec = ClusterSpec {
        api_server: ApiServerSpec {
            kubernetes: Some(KubernetesName::default()),
            feature_gates: Some(BTreeMap::new()),
        },
        nodes: vec![NodeSpec {
            name: NODE.to_owned(),
            kubernetes: Some(KubernetesName(version)),
            feature_gates: Some(settings.into_iter().collect()),
            runtime: Some(runtime),
            labels: BTreeMap::new(),
        }],
        skew: VersionSkew::Allowed,
        ..ClusterSpec::default()
    };
    let images = Arc::new(images::store_of(&[]));
    let cluster = Cluster::start(&spec, &images, &Simulation).await?;
    let (unset, _) = fate(&cluster, "unset", None).await?;
    let (merge, user_in_status) = fate(&cluster, "merge", Some("Merge")).await?;
    let (strict, _) = fate(&cluster, "strict", Some("Strict")).await?;
    let node_feature = cluster
        .api
        .node(NODE)
        .and_then(|node| node.status.as_ref()?.features.as_ref()?.supplemental_groups_policy)
        .unwrap_or(false);
    cluster.stop().await;
    let class = if runtime.profile().features.is_some_and(|sent| sent.supplemental_groups_policy) {
        "supports the policy"
    } else {
        "does not"
    };
    Ok(Row {
        kubelet: format!("1.{}", version.minor()),
        gate: gate_words(version, gate),
        runtime: class.to_owned(),
        unset,
        merge,
        strict,
        node_feature,
        user_in_status,
    })
}

/// What becomes of a pod with this policy, and whether its status names the identity.
async fn fate(
    cluster: &Cluster,
    name: &str,
    policy: Option<&str>,
) -> Result<(Fate, bool), MatrixError> {
    let mut context = json!({
        "runAsUser": 1000, "runAsGroup": 3000, "supplementalGroups": [4000],
    });
    if let (Some(policy), Some(context)) = (policy, context.as_object_mut()) {
        context.insert("supplementalGroupsPolicy".to_owned(), json!(policy));
    }
    cluster.api.apply(&json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
        "spec": {
            "securityContext": context,
            "containers": [{
                "name": "ctr",
                "image": "registry.k8s.io/e2e-test-images/agnhost:2.45",
                "command": ["sh", "-c", "sleep 1h"],
            }],
        },
    }))?;
    let deadline = Instant::now() + SETTLE;
    let mut changes = cluster.api.subscribe();
    loop {
        changes.mark_unchanged();
        let pod = cluster.api.pod(DEFAULT_NAMESPACE, name);
        let status = pod.as_ref().and_then(|pod| pod.status.as_ref());
        match (pod.as_ref(), status.and_then(|status| status.phase.as_deref())) {
            (Some(pod), Some("Running")) => {
                let command = ["id".to_owned()];
                let answer = cluster.exec(pod, None, &command, SETTLE).await?;
                let identity = parse_id_output(&String::from_utf8_lossy(&answer.stdout));
                let merged = identity.is_some_and(|identity| {
                    identity.groups.iter().any(|group| group.id == IMAGE_GROUP)
                });
                let user = status
                    .and_then(|status| status.container_statuses.as_ref()?.first()?.user.as_ref());
                let fate = match (merged, policy) {
                    (true, Some("Strict")) => Fate::MergedSilently,
                    (true, _) => Fate::Merged,
                    (false, _) => Fate::Strict,
                };
                return Ok((fate, user.is_some()));
            }
            (Some(_), Some("Failed")) => {
                let reason = status.and_then(|status| status.reason.clone()).unwrap_or_default();
                return Ok((Fate::Rejected(reason), false));
            }
            _ => {}
        }
        if timeout_at(deadline, changes.changed()).await.is_err() {
            return Err(MatrixError::Unsettled(name.to_owned()));
        }
    }
}
