//! The images of manifests: out of archives, or straight from their registries.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use fake_cri::image::normalise_reference;
use thiserror::Error;

use crate::oci::archive::{ArchiveError, ImageAccounts, read_accounts};
use crate::oci::{PullError, PullProgress, pull};

/// Why an image is not known.
#[derive(Debug, Error)]
pub enum ImageError {
    /// An archive cannot be read.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// An archive that is to be one image has several, or none.
    #[error(
        "{} is to be image {reference}, but has {count} images; name it with --image-archive, and \
         its images go by their own names",
        path.display()
    )]
    NotOne {
        /// The name that was given.
        reference: String,
        /// The archive.
        path: PathBuf,
        /// How many images it has.
        count: usize,
    },
    /// An image cannot be pulled.
    #[error(transparent)]
    Pull(#[from] PullError),
    /// There is nowhere to keep what is pulled.
    #[error("no folder can be made for the image {image}")]
    Folder {
        /// The reference.
        image: String,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
}

/// Where an image was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// In an archive, or in a folder with an image layout.
    Archive(PathBuf),
    /// In the registry that its name leads to.
    Registry,
}

/// An image that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownImage {
    /// Its user files, and the layers that brought them.
    pub accounts: ImageAccounts,
    /// Where it was found.
    pub source: Source,
}

/// The images that are known, by their references.
#[derive(Debug, Default)]
pub struct Images {
    known: BTreeMap<String, KnownImage>,
}

impl Images {
    /// Adds every image of an archive, by the names that the archive gives.
    ///
    /// # Errors
    /// [`ImageError::Archive`].
    pub fn add_archive(&mut self, path: &Path) -> Result<(), ImageError> {
        for accounts in read_accounts(path)? {
            for reference in accounts.references.clone() {
                self.add(&reference, accounts.clone(), Source::Archive(path.to_owned()));
            }
        }
        Ok(())
    }

    /// Adds the only image of an archive by another name.
    ///
    /// # Errors
    /// [`ImageError::Archive`], [`ImageError::NotOne`].
    pub fn add_named(&mut self, reference: &str, path: &Path) -> Result<(), ImageError> {
        let mut found = read_accounts(path)?;
        match (found.pop(), found.len()) {
            (Some(accounts), 0) => {
                self.add(reference, accounts, Source::Archive(path.to_owned()));
                Ok(())
            }
            (last, others) => Err(ImageError::NotOne {
                reference: reference.to_owned(),
                path: path.to_owned(),
                count: others + usize::from(last.is_some()),
            }),
        }
    }

    /// Those of some references that are not known yet, each once.
    #[must_use]
    pub fn missing<'a>(&self, references: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
        references
            .into_iter()
            .map(normalise_reference)
            .filter(|reference| !self.known.contains_key(reference))
            .collect()
    }

    /// Pulls an image; what is not looked at is gone again afterwards.
    ///
    /// # Errors
    /// [`ImageError`].
    pub async fn pull(
        &mut self,
        reference: &str,
        progress: PullProgress<'_>,
    ) -> Result<(), ImageError> {
        let folder = tempfile::tempdir()
            .map_err(|source| ImageError::Folder { image: reference.to_owned(), source })?;
        pull(reference, folder.path(), progress).await?;
        for accounts in read_accounts(folder.path())? {
            self.add(reference, accounts, Source::Registry);
        }
        Ok(())
    }

    /// The image with this reference, however short it is written.
    #[must_use]
    pub fn find(&self, reference: &str) -> Option<&KnownImage> {
        self.known.get(&normalise_reference(reference))
    }

    /// Adds an image by a name.
    pub fn add(&mut self, reference: &str, accounts: ImageAccounts, source: Source) {
        self.known.insert(normalise_reference(reference), KnownImage { accounts, source });
    }
}
