//! A Kubernetes node without a machine.
//!
//! The kubelet's part of the supplemental groups feature: which pods it
//! admits, what it asks of a runtime, what it reports. It reaches the
//! Kubernetes API through [`api::NodeApi`] and any runtime through
//! [`cri_api::Cri`]; it keeps no other state.

pub mod api;
