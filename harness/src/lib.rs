//! Placeholder

pub mod oci;
