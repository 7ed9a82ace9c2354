//! Who owns which field of an object: `metadata.managedFields` and server-side apply.
//!
//! [`on_update`] says who owns what after a create, an update or a patch; [`apply`] merges a
//! configuration into an object, or says with whom it conflicts. Both go by the schema, as
//! structured-merge-diff 6 and apimachinery's `managedfields` do in Kubernetes 1.36.

mod apply;
mod compare;
mod contents;
mod element;
mod fields_v1;
mod interner;
mod managers;
mod merge;
mod reset;
mod set;
mod typed;
mod update;

pub use apply::{apply, fits};
pub use element::{Name, PathElement, Scalar};
pub use interner::Interner;
pub use managers::{Manager, Managers, Operation};
pub use set::{FieldSet, path_text};
pub use update::{Writer, on_update};
