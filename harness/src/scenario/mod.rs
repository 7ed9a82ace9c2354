//! Scenarios: the format, and how files become cases.

mod case;
mod changes;
mod expectations;
mod files;
mod matrix;
mod model;
mod names;
mod releases;
mod rules;
mod step_list;
mod steps;
mod suite;
mod values;

pub(crate) use case::scenario_name;
pub use case::{Case, StepPlace};
pub use changes::{Change, RollingChange, RollingOrder, SetFeatureGates};
pub use expectations::*;
pub use files::{BUILT_IN, Files, LoadError};
pub use model::*;
pub use names::{KubernetesName, RuntimeName, UnknownRuntime};
pub use releases::{Direction, DirectionError, VersionSkew};
pub use step_list::StepList;
pub use steps::*;
pub use suite::{Suite, schema};
pub use values::{Duration, Identity, IdentityText, Named};

/// The namespace of objects that name none.
pub const DEFAULT_NAMESPACE: &str = "default";

/// The node of a cluster that names none.
pub const DEFAULT_NODE: &str = "node-1";
