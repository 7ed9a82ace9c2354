//! Why a case stops at a step, and what is shown of it.

use fake_kubelet::version::{FeatureGateError, KubernetesVersion};
use thiserror::Error;

use super::super::waiting::OutOfPatience;
use super::super::{Failure, Verdict, with_sources};
use crate::check::Difference;
use crate::cluster::{ClusterError, PodExecError, Refusal as ApiRefusal};
use crate::document::Span;
use crate::scenario::Case;

/// Why a case stops at a step.
#[derive(Debug, Error)]
pub(in crate::runner) enum Stop {
    /// An expectation does not hold.
    #[error("not as expected")]
    Unmet(usize, Vec<Difference>),
    /// Something came true that must not.
    #[error("this came true and must not")]
    CameTrue(usize),
    /// The step's own outcome is not the expected one.
    #[error("not as expected")]
    Different(Vec<Difference>),
    /// The API refused.
    #[error("the API server refuses: {0}")]
    Refused(#[from] ApiRefusal),
    /// A node's kubelet would not start in its new version, so nothing has been changed.
    #[error(
        "the kubelet of node {node:?} would not start as {version}: {error}; set its gates with \
         setFeatureGates first; nothing has been changed"
    )]
    Gate {
        /// The node.
        node: String,
        /// The version that it was to be brought to.
        version: KubernetesVersion,
        /// What the kubelet says.
        error: FeatureGateError,
    },
    /// The cluster cannot do it.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The command could not be run.
    #[error(transparent)]
    Exec(#[from] PodExecError),
    /// The case took longer than it may.
    #[error("the case takes longer than it may; --case-timeout gives it more time")]
    OutOfTime,
    /// So much happens in the time that the step lets pass that it cannot be simulated.
    #[error(transparent)]
    TooMuchTime(#[from] OutOfPatience),
    /// The step makes no sense at this point.
    #[error("{0}")]
    Senseless(String),
}

impl Stop {
    /// The case's verdict when it stops here.
    pub(in crate::runner) fn verdict(self, case: &Case, index: usize) -> Verdict {
        let place = case.places.get(index);
        let step_span = place.map(|place| place.span);
        let within = |expectation: usize| -> Option<Span> {
            place.and_then(|place| place.expectations.get(expectation).copied()).or(step_span)
        };
        let what = with_sources(&self);
        let failure = |span, differences| Failure { span, what: what.clone(), differences };
        match self {
            Self::Unmet(expectation, differences) => {
                Verdict::Failed(failure(within(expectation), differences))
            }
            Self::CameTrue(expectation) => {
                Verdict::Failed(failure(within(expectation), Vec::new()))
            }
            Self::Different(differences) => Verdict::Failed(failure(step_span, differences)),
            Self::Refused(_) => Verdict::Failed(failure(step_span, Vec::new())),
            Self::Gate { .. }
            | Self::Cluster(_)
            | Self::Exec(_)
            | Self::OutOfTime
            | Self::TooMuchTime(_)
            | Self::Senseless(_) => Verdict::Broken(failure(step_span, Vec::new())),
        }
    }
}

impl Stop {
    /// Whether the step could not be taken, rather than went wrong.
    pub(in crate::runner) fn is_broken(&self) -> bool {
        match self {
            Self::Unmet(..) | Self::CameTrue(_) | Self::Different(_) | Self::Refused(_) => false,
            Self::Gate { .. }
            | Self::Cluster(_)
            | Self::Exec(_)
            | Self::OutOfTime
            | Self::TooMuchTime(_)
            | Self::Senseless(_) => true,
        }
    }

    /// The differences that made it stop.
    pub(in crate::runner) fn into_differences(self) -> Vec<Difference> {
        match self {
            Self::Unmet(_, differences) | Self::Different(differences) => differences,
            _ => Vec::new(),
        }
    }
}
