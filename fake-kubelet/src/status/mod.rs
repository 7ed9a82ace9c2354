//! What the kubelet reports: CRI to pod status, and the node's own status.

pub mod node;
