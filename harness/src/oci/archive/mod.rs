//! Images out of archives: OCI image layouts and what `docker save` writes.
//!
//! An archive may hold anything: sizes, counts and depth are bounded, digests
//! are checked, and no path leads out of the image.

mod documents;
mod error;
mod file;
mod layer;
#[cfg(test)]
mod tests;

use std::path::Path;

use fake_cri::Image;
use fake_cri::image::FileTree;

pub use error::{ArchiveError, Problem};

use documents::{Config, Found};
use file::ArchiveFile;

/// An image in an archive and every reference that it is to be known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedImage {
    /// The references: as the archive says, or made of the file's name where it says none or no
    /// more than a tag.
    pub references: Vec<String>,
    /// The image, with the first reference.
    pub image: Image,
}

/// Reads every image of an archive.
///
/// # Errors
/// [`ArchiveError`].
pub fn read_archive(path: &Path) -> Result<Vec<ArchivedImage>, ArchiveError> {
    read(path).map_err(|problem| ArchiveError { path: path.to_owned(), problem })
}

fn read(path: &Path) -> Result<Vec<ArchivedImage>, Problem> {
    let mut archive = ArchiveFile::open(path)?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let found = documents::find(&mut archive, &stem)?;
    let mut budget = layer::Budget::default();
    let mut images = Vec::new();
    for Found { references, config, layers } in found {
        let mut files = FileTree::default();
        for blob in &layers {
            let reader = archive.checked(blob)?;
            layer::apply(&mut files, reader, &blob.path, &mut budget)?;
        }
        let image = image(&references, config, files);
        images.push(ArchivedImage { references, image });
    }
    Ok(images)
}

fn image(references: &[String], config: Config, files: FileTree) -> Image {
    Image {
        // Anybody's programs, most of which leave the signal to the kernel.
        ignores_sigterm: true,
        reference: references.first().cloned().unwrap_or_default(),
        user: config.user.unwrap_or_default(),
        entrypoint: config.entrypoint.unwrap_or_default(),
        cmd: config.cmd.unwrap_or_default(),
        env: config.env.unwrap_or_default(),
        working_dir: config.working_dir.unwrap_or_default(),
        files,
    }
}
