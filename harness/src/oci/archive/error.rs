//! What can be wrong with an archive of images.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::report::shown_line;

/// What an archive of images is.
const EXPECTED: &str =
    "give an OCI image layout, or what `docker save` writes (not `docker export`)";
/// How much is shown of what a library says, in characters: it may quote the archive.
const SHOWN: usize = 120;

fn shown(error: &io::Error) -> String {
    shown_line(&error.to_string().chars().take(SHOWN).collect::<String>())
}

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
    /// The file has nothing in it.
    #[error("the file is empty; save the image again")]
    Empty,
    /// It is no tar archive.
    #[error("it is no tar archive; {EXPECTED}")]
    NoArchive,
    /// It begins as an archive and ends before its last file does.
    #[error("it ends in the middle of a file; copy or save it again")]
    CutOff,
    /// It is an archive of something else.
    #[error(
        "it has neither index.json, as an OCI image layout has, nor manifest.json, as docker save \
         writes; {EXPECTED}"
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
    #[error("{file:?} is named but not in the archive; save the image again")]
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
    #[error("layer {file:?} cannot be unpacked: {}", shown(source))]
    Layer {
        /// The layer.
        file: String,
        /// What is wrong.
        source: io::Error,
    },
    /// A user file of an image is larger than anything sensible.
    #[error("{user_file} of layer {file:?} has more than {most} bytes, and no more is read")]
    UserFileTooLarge {
        /// The layer.
        file: String,
        /// `/etc/passwd` or `/etc/group`.
        user_file: &'static str,
        /// The most that is read.
        most: u64,
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
