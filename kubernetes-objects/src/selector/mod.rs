//! Which objects a request means: label selectors and field selectors, with the words that an
//! API server has for those it cannot read.

mod field;
mod label;
mod label_parser;

use thiserror::Error;

pub use field::FieldSelector;
pub use label::{LabelSelector, Operator, Requirement};

/// Why a selector cannot be read; the words are the API server's.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct SelectorError(pub String);
