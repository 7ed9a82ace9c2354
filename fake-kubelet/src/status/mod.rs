//! What the kubelet reports: CRI to pod status, and the node's own status.

mod conditions;
mod container;
pub mod node;
pub(crate) mod phase;
pub(crate) mod pod;
pub mod qos;
mod time;
