//! A Kubernetes node without a machine.
//!
//! The kubelet's part of the supplemental groups feature: which pods it
//! admits, what it asks of a runtime, what it reports. It reaches the
//! Kubernetes API through [`api::NodeApi`] and any runtime through
//! [`cri_api::Cri`]; it keeps no other state.

pub mod admission;
pub mod api;
pub mod config;
pub mod events;
pub mod kubelet;
pub mod logs;
pub mod metrics;
mod node;
mod probing;
pub mod skew;
pub mod status;
mod streams;
mod sync;
mod sync_loop;
pub mod translate;
pub mod version;
pub mod volumes;

pub use config::{Clock, ImageMapping, KubeletConfig, Readmission, Timings};
pub use kubelet::{ExecError, Kubelet, StartError};
pub use logs::{LogError, LogOptions, LogText};
