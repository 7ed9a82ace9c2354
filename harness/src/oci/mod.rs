//! Images for real runtimes: what a scenario spells out, as OCI images.
//!
//! [`OciImage`] is assembled from a [`fake_cri::image::Image`]: one layer with
//! the image's files and the [`toolbox`] commands, a config and a manifest,
//! the same bytes whenever the content is the same. [`Registry`] serves them
//! on loopback to runtimes that pull; [`layout`] writes them as archives for
//! those that import, and [`archive`] reads such archives back. [`pull()`] is the
//! way from anybody's registry.

pub mod archive;
mod assemble;
mod error;
mod layer;
pub mod layout;
mod name;
mod pause;
mod pull;
mod registry;
#[cfg(test)]
mod tests;

pub use assemble::{Blob, OciImage};
pub use error::OciError;
pub use name::ImageName;
pub use pause::pause_image;
pub use pull::{PullError, PullProblem, Received, pull};
pub use registry::Registry;
