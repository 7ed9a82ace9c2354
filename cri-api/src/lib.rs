//! The CRI v1 contract between a kubelet and a container runtime.
//!
//! [`v1`] holds the messages, generated from our own definition of
//! `runtime.v1`. [`Cri`] is the seam: what a kubelet needs of a runtime. The
//! gRPC [`client`] implements it for any socket, a fake implements it in
//! process, and [`server`] puts any implementation behind a socket.

mod contract;
mod error;
mod exec;
mod log;

pub mod client;
pub mod server;

/// The messages of `runtime.v1`, by their published names and numbers.
#[allow(missing_docs, clippy::doc_markdown, reason = "generated from the contract")]
pub mod v1 {
    tonic::include_proto!("runtime.v1");
}

pub use contract::{Cri, EventStream, NO_DEADLINE};
pub use error::{Code, CriError};
pub use exec::{AttachRequest, EVENTS_AHEAD, ExecEvent, ExecEvents, ExecRequest};
pub use log::{LogEntry, LogPage, LogStream};
