//! What the kubelet reports: CRI to pod status, and the node's own status.

mod conditions;
mod container;
pub mod node;
mod phase;
pub(crate) mod pod;
pub mod qos;
mod time;
