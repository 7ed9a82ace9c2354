//! YAML documents whose every value knows where it was written.
//!
//! Input is hostile: size, depth and aliases are bounded, and whatever is wrong
//! is a [`Problem`] with its place, so that one run can show all of them.

mod excerpt;
mod fault;
mod manifests;
mod node;
mod parse;
mod problem;
mod shape;
mod source;

pub(crate) use fault::in_words;
pub use manifests::{parse_manifests, say_where_readings_differ};
pub use node::{Entry, Node, Value};
pub use parse::{MAX_BYTES, parse};
pub use problem::{Problem, Problems};
pub use shape::{Format, Reference, Shape, closest};
pub use source::{Source, SourceId, Sources, Span};
