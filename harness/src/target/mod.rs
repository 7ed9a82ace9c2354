//! What scenarios run on: the simulation, or a real runtime.
//!
//! A scenario never says on which. A [`Target`] gives each node its runtime,
//! says what it lacks, and whether its time is virtual; everything else is the
//! same on all of them.

pub mod clean;
mod lock;
mod making;
mod observed;
mod persist;
mod requirements;
mod runtime;
mod simulation;
mod volumes;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use cri_api::Cri;
use fake_cri::{FakeRuntime, ImageStore};
use fake_kubelet::ImageMapping;
use fake_kubelet::volumes::Volumes;
use schemars::JsonSchema;
use serde::Serialize;
use thiserror::Error;

use crate::cluster::Clock;
use crate::scenario::{Case, Fault, RuntimeName};

pub use observed::{Call, ObservedCri};
pub use requirements::lacks;
pub use runtime::{
    CALL_TIMEOUT, CASE_TIMEOUT, RUN_LABEL, RuntimeOptions, RuntimeTarget, RuntimeTargetError,
};
pub use simulation::Simulation;

/// Supplies the parts of a cluster that scenarios do not care about.
#[async_trait]
pub trait Target: Send + Sync {
    /// What it is, for reports: `simulation`, `containerd 2.1.9`.
    fn name(&self) -> String;

    /// Why a case cannot be asked of this target, if it cannot.
    fn lacks(&self, case: &Case) -> Option<String>;

    /// The real runtime that a case is about, where there is one.
    fn implementation(&self, _: &Case) -> Option<Implementation> {
        None
    }

    /// Whether time is virtual, so that hours pass at once.
    fn has_virtual_time(&self) -> bool;

    /// How long one case may take; for ever where nothing real is waited for.
    fn case_limit(&self) -> Option<std::time::Duration> {
        None
    }

    /// An id for a new cluster, which its objects' uids carry: clusters that share a runtime
    /// must not share uids.
    fn new_cluster_id(&self) -> u32 {
        0
    }

    /// The runtime for a node.
    async fn node(&self, request: NodeRequest<'_>) -> Result<NodeRuntime, TargetError>;

    /// Gives back what all cases shared, after the last one.
    fn finish(&self) {}
}

/// A runtime, as it names itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Implementation {
    /// `runtime_name` of CRI `Version`, such as `containerd`.
    pub name: String,
    /// `runtime_version` of CRI `Version`, such as `2.1.9`.
    pub version: String,
    /// Whether CRI `Status` says that it honours the policy.
    pub supplemental_groups_policy: bool,
}

/// What a node needs of a target.
#[derive(Debug, Clone)]
pub struct NodeRequest<'a> {
    /// The node's name.
    pub node: &'a str,
    /// The node's number in its cluster, from 0: what two nodes must not share follows from it.
    pub number: u32,
    /// The runtime that the scenario asks for; any when it does not.
    pub runtime: Option<RuntimeName>,
    /// The images that the node must be able to pull.
    pub images: &'a Arc<ImageStore>,
    /// The cluster's clock.
    pub clock: Clock,
}

/// Why a target could not give a runtime.
#[derive(Debug, Error)]
pub enum TargetError {
    /// No runtime at hand is the one asked for.
    #[error("node {node:?} asks for {wanted}, and no runtime at hand is that")]
    NoSuchRuntime {
        /// The node.
        node: String,
        /// What it asks for.
        wanted: String,
    },
    /// An image could not be offered to the runtime.
    #[error("image {reference:?} cannot be served to the runtime")]
    Image {
        /// The image.
        reference: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The runtime's release cannot be changed.
    #[error("this runtime cannot be upgraded or rolled back")]
    CannotChange,
}

/// Changes the release of a node's runtime under its running containers.
pub trait ChangeRuntime: Send + Sync + std::fmt::Debug {
    /// Makes it this release from now on.
    fn change(&self, runtime: RuntimeName);
    /// The release it is now.
    fn current(&self) -> RuntimeName;
}

/// A node's runtime, and what else the kubelet must know to use it.
#[derive(Clone)]
pub struct NodeRuntime {
    observed: Arc<ObservedCri>,
    /// Where the runtime finds images, if not under the manifest's references.
    pub image_mapping: Option<ImageMapping>,
    /// Labels of every sandbox that this cluster makes, by which it is found again.
    pub sandbox_labels: BTreeMap<String, String>,
    /// Whether pods share the host's network, because the runtime has no other.
    pub host_network: bool,
    /// Whether other kubelets use the same runtime, so that events may go to them.
    pub is_shared: bool,
    /// Makes the volumes of pods.
    pub volumes: Arc<dyn Volumes>,
    change: Option<Arc<dyn ChangeRuntime>>,
    simulated: Option<FakeRuntime>,
}

impl std::fmt::Debug for NodeRuntime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NodeRuntime")
            .field("sandbox_labels", &self.sandbox_labels)
            .finish_non_exhaustive()
    }
}

impl NodeRuntime {
    /// A runtime behind its CRI calls.
    #[must_use]
    pub fn new(cri: Arc<dyn Cri>, volumes: Arc<dyn Volumes>) -> Self {
        Self::of_run(cri, volumes, Arc::default())
    }

    /// As [`NodeRuntime::new`], for a run that may be stopped.
    fn of_run(cri: Arc<dyn Cri>, volumes: Arc<dyn Volumes>, making: Arc<making::Making>) -> Self {
        Self {
            observed: Arc::new(ObservedCri::of_run(cri, making)),
            image_mapping: None,
            sandbox_labels: BTreeMap::new(),
            host_network: false,
            is_shared: false,
            volumes,
            change: None,
            simulated: None,
        }
    }

    /// Its CRI calls, as the kubelet makes them.
    #[must_use]
    pub fn cri(&self) -> Arc<dyn Cri> {
        Arc::clone(&self.observed) as Arc<dyn Cri>
    }

    /// The calls made so far, for the transcript of a failed case.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.observed.calls()
    }

    /// The wall time spent inside CRI calls.
    #[must_use]
    pub fn time_in_calls(&self) -> std::time::Duration {
        self.observed.time_in_calls()
    }

    /// Makes calls fail from now on.
    pub fn add_fault(&self, fault: &Fault) {
        self.observed.add_fault(fault);
    }

    /// The simulated runtime, which can tell where identities come from; none on a real one.
    #[must_use]
    pub fn simulated(&self) -> Option<&FakeRuntime> {
        self.simulated.as_ref()
    }

    /// The release it is now, where that is known.
    #[must_use]
    pub fn current(&self) -> Option<RuntimeName> {
        self.change.as_ref().map(|change| change.current())
    }

    /// Makes it another release, under its running containers.
    ///
    /// # Errors
    /// [`TargetError::CannotChange`].
    pub fn change(&self, runtime: RuntimeName) -> Result<(), TargetError> {
        let change = self.change.as_ref().ok_or(TargetError::CannotChange)?;
        change.change(runtime);
        Ok(())
    }

    /// Removes every sandbox with this cluster's labels.
    ///
    /// A simulated runtime is gone with its cluster and has nothing to remove.
    pub async fn remove_everything(&self) {
        if !self.sandbox_labels.is_empty() {
            runtime::remove_labelled(&*self.observed, &self.sandbox_labels).await;
        }
    }
}
