//! A container runtime without containers.
//!
//! It answers every CRI call that a kubelet makes and decides, as a given
//! release of containerd or CRI-O does, who each container's process is.

pub mod identity;
pub mod image;
pub mod profile;
mod time;
