//! The nodes of a cluster that was read: what their objects say, what they therefore are, and which
//! of them are alike.

mod groups;
mod infer;
mod record;

pub use groups::{Groups, NodeGroup};
pub(crate) use infer::known_gates;
pub use infer::{
    ApiServerSigns, Assumptions, Component, Instead, NodeState, api_server, given_version, states,
    supports, usual_version,
};
pub use record::NodeRecord;
