//! What Kubernetes objects are made of.
//!
//! Everything an API server does to an object before and after it is stored,
//! as pure functions on JSON: no I/O, no clock, no store.

pub mod decode;
pub mod discovery;
pub mod encode;
mod go;
pub mod internal;
pub mod names;
pub mod openapi;
pub mod ownership;
pub mod patch;
pub mod protobuf;
pub mod quantity;
pub mod release;
pub mod resource;
pub mod schema;
pub mod selector;
pub mod status;
pub mod table;
pub mod unified_diff;
pub mod yaml;

pub use status::{Cause, CauseReason, Details, Status};
