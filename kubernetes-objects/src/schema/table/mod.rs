//! The types of all packages that are served; written by `schema-table.py`.

pub mod admissionregistration_v1;
pub mod apps_v1;
pub mod authentication_v1;
pub mod authorization_v1;
pub mod autoscaling_v1;
pub mod batch_v1;
pub mod coordination_v1;
pub mod core_v1;
pub mod discovery_v1;
pub(in crate::schema) mod enumerations;
pub mod events_v1;
pub mod networking_v1;
pub mod node_v1;
pub mod policy_v1;
pub mod rbac_v1;
pub mod scheduling_v1;
pub mod storage_v1;
