//! What can be wrong with an archive of images.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why images could not be had from an archive.
#[derive(Debug, Error)]
#[error("{} cannot be read as an archive of images: {problem}", path.display())]
pub struct ArchiveError {
    /// The archive.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with an archive.
#[derive(Debug, Error)]
pub enum Problem {
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    Read(#[from] io::Error),
    /// It is no tar archive.
    #[error("it is no tar archive: {0}")]
    NoArchive(#[source] io::Error),
    /// It is an archive of something else.
    #[error(
        "it has neither index.json, as an OCI image layout has, nor manifest.json, as docker save \
         writes"
    )]
    NoImages,
    /// Something has more or is larger than anything sensible.
    #[error("{what} more than {most}")]
    TooMuch {
        /// What, such as `the unpacked layers have`.
        what: &'static str,
        /// The most that is read, with its unit.
        most: String,
    },
    /// A file that another one names is not there.
    #[error("{file:?} is named but not in the archive")]
    Missing {
        /// The file.
        file: String,
    },
    /// A document is not what the specification says.
    #[error("{file:?}: {source}")]
    Document {
        /// The file.
        file: String,
        /// What is wrong, and where.
        source: serde_json::Error,
    },
    /// A digest is of no form that can be checked.
    #[error("{digest:?} is no sha256 digest")]
    NotDigest {
        /// The digest.
        digest: String,
    },
    /// A blob has another content than its digest says.
    #[error("{file:?} has another content than its digest says; the archive is damaged")]
    Damaged {
        /// The file.
        file: String,
    },
    /// An index leads to indexes without end.
    #[error("{file:?}: indexes inside indexes go too deep")]
    TooDeep {
        /// The index.
        file: String,
    },
    /// An image for another operating system, such as Windows, which knows no groups.
    #[error("an image in it is for {os}; only images for linux have users and groups to look at")]
    NotLinux {
        /// The operating system, as the image says.
        os: String,
    },
    /// There is no image for this machine.
    #[error("{file:?} lists no image for linux")]
    NoPlatform {
        /// The index.
        file: String,
    },
    /// A layer is no tar archive, or damaged.
    #[error("layer {file:?}: {source}")]
    Layer {
        /// The layer.
        file: String,
        /// What is wrong.
        source: io::Error,
    },
    /// A hard link leads to nothing.
    #[error(
        "layer {file:?}: hard link {link:?} leads to {target:?}, which is no file of the image"
    )]
    Link {
        /// The layer.
        file: String,
        /// The link.
        link: String,
        /// What it leads to.
        target: String,
    },
}
