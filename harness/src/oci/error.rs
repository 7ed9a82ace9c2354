//! What can go wrong between an image and a runtime.

use std::io;
use std::path::PathBuf;

use oci_spec::OciSpecError;
use thiserror::Error;

/// Why an image could not be made into an OCI image, written or served.
#[derive(Debug, Error)]
pub enum OciError {
    /// The place for the commands is taken.
    #[error(
        "image {reference:?}: /bin is no directory, but the commands go there; make it a \
         directory, or a link to one that the image has"
    )]
    NoPlaceForCommands {
        /// The image.
        reference: String,
    },
    /// A file stands where another one needs a directory.
    #[error("image {reference:?}: {path} cannot be in {parent}, which is a file")]
    ParentIsFile {
        /// The image.
        reference: String,
        /// The file inside.
        path: String,
        /// The file that is no directory.
        parent: String,
    },
    /// The file cannot be written into a layer.
    #[error("image {reference:?}: {path} cannot be put into a layer")]
    Layer {
        /// The image.
        reference: String,
        /// The file.
        path: String,
        /// What the archive demands.
        #[source]
        source: io::Error,
    },
    /// The config or manifest cannot be written.
    #[error("image {reference:?}: its config or manifest cannot be written")]
    Document {
        /// The image.
        reference: String,
        /// What the specification demands.
        #[source]
        source: OciSpecError,
    },
    /// An image layout cannot be written.
    #[error("cannot write {path}")]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// No port of loopback could be had.
    #[error("cannot serve images on 127.0.0.1; is the loopback interface up?")]
    Listen(#[source] io::Error),
}
