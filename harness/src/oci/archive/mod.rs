//! Images out of archives: OCI image layouts, also as folders, and what `docker save` writes.
//!
//! An archive may hold anything: sizes, counts and depth are bounded, digests
//! are checked, and no path leads out of the image.

mod compression;
pub(super) mod documents;
mod error;
pub(super) mod file;
mod layer;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

use fake_cri::Image;
use fake_cri::image::{FileKind, FileNode, FileTree, Links};

pub use error::{ArchiveError, Problem};
pub use layer::Special;

use documents::{Config, Found, FoundLayer, Manifest, Names};
use file::ArchiveFile;
use layer::{Budget, Origin, Stack};

/// The files of an image that say who its users are.
const USER_FILES: [&str; 2] = ["/etc/passwd", "/etc/group"];
/// The largest user file, in bytes; runtimes read no more than this either.
const MAX_USER_FILE_BYTES: u64 = 16 * 1024 * 1024;
/// The largest unpacked layer whose digest is computed where nobody says it, in bytes.
const MAX_DIGESTED_BYTES: u64 = 16 * 1024 * 1024 * 1024;

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
    let (mut archive, found) = open(path, toolbox::ARCHITECTURE)?;
    let mut budget = Budget::default();
    let mut images = Vec::new();
    for Found { references, config, layers, .. } in found {
        let mut stack = Stack::default();
        for layer in &layers {
            check_content(&mut archive, layer)?;
            stack.apply(archive.checked(&layer.blob)?, &layer.blob.path, &mut budget)?;
        }
        let image = image(&references, config, stack.files);
        images.push(ArchivedImage { references, image });
    }
    Ok(images)
}

fn open(path: &Path, architecture: &str) -> Result<(ArchiveFile, Vec<Found>), Problem> {
    let mut archive = ArchiveFile::open(path)?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let found = documents::find(&mut archive, &stem, architecture)?;
    Ok((archive, found))
}

/// A layer of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerOrigin {
    /// Its digest, such as `sha256:…`: of the blob, or where nobody says that, of what it
    /// unpacks to; else, of a layer that is too large for that, its name in the archive.
    pub digest: String,
    /// The command that made it, where the image's history tells.
    pub created_by: Option<String>,
}

/// An image of whose files only those are kept that say who its users are, and where these come
/// from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageAccounts {
    /// The references, as in [`ArchivedImage`].
    pub references: Vec<String>,
    /// Whether the references are names that the archive gives.
    pub is_named: bool,
    /// The digest by which the image is pulled, where that is known.
    pub digest: Option<String>,
    /// The image, with the first reference; of its files there is only what look-ups of the user
    /// files meet.
    pub image: Image,
    /// The layer that brought `/etc/passwd`, if the image has one.
    pub passwd: Option<LayerOrigin>,
    /// The layer that brought `/etc/group`, if the image has one.
    pub group: Option<LayerOrigin>,
    /// The architecture that it is for, such as `arm64`, where it says one.
    pub architecture: Option<String>,
    /// A user file that is neither file nor folder, and what it is. (Runtimes open it; what they
    /// read from a device or a FIFO is nothing that the image says.)
    pub special: Option<(&'static str, Special)>,
}

impl ImageAccounts {
    /// Whether another image makes processes of the same users, whatever the two are called.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.image.user == other.image.user
            && self.image.files == other.image.files
            && (&self.passwd, &self.group) == (&other.passwd, &other.group)
            && self.architecture == other.architecture
            && self.special == other.special
    }
}

/// Reads the user files of every image of an archive, of several platforms those for linux and an
/// architecture; however large the image is, little of it is kept.
///
/// # Errors
/// [`ArchiveError`].
pub fn read_accounts(path: &Path, architecture: &str) -> Result<Vec<ImageAccounts>, ArchiveError> {
    accounts(path, architecture).map_err(|problem| ArchiveError { path: path.to_owned(), problem })
}

fn accounts(path: &Path, architecture: &str) -> Result<Vec<ImageAccounts>, Problem> {
    let (mut archive, found) = open(path, architecture)?;
    let mut budget = Budget::of_names();
    found.into_iter().map(|found| accounts_of(&mut archive, found, &mut budget)).collect()
}

/// The user files of an image whose blobs stand in a file: each path's offset and size.
pub(super) fn accounts_of_blobs(
    file: File,
    places: HashMap<String, (u64, u64)>,
    manifest: &Manifest,
    reference: &str,
    digest: &str,
) -> Result<ImageAccounts, Problem> {
    let mut archive = ArchiveFile::of_blobs(file, places);
    let names = Names {
        references: vec![reference.to_owned()],
        is_named: true,
        digest: Some(digest.to_owned()),
    };
    let found = manifest.found(&mut archive, names)?;
    accounts_of(&mut archive, found, &mut Budget::of_names())
}

fn accounts_of(
    archive: &mut ArchiveFile,
    found: Found,
    budget: &mut Budget,
) -> Result<ImageAccounts, Problem> {
    let Found { references, is_named, digest, config, layers, architecture } = found;
    let mut stack = Stack::of_names();
    for layer in &layers {
        check_content(archive, layer)?;
        stack.apply(archive.checked(&layer.blob)?, &layer.blob.path, budget)?;
    }
    let mut origins = Vec::new();
    for user_file in USER_FILES {
        let Some((path, node, origin)) = located(&stack, user_file) else {
            origins.push(None);
            continue;
        };
        let blob = &layers[origin.content.layer].blob;
        let (entry, most) = (origin.content.entry, MAX_USER_FILE_BYTES);
        let content = layer::content(archive.checked(blob)?, &blob.path, entry, most)?;
        let content = content.ok_or_else(|| Problem::UserFileTooLarge {
            file: blob.path.clone(),
            user_file,
            most,
        })?;
        let node = FileNode { kind: FileKind::File(content.into()), ..node };
        stack.files.insert(&path, node);
        origins.push(Some(layer_origin(archive, &layers[origin.layer])?));
    }
    let group = origins.pop().flatten();
    let passwd = origins.pop().flatten();
    let special = USER_FILES.into_iter().find_map(|user_file| {
        let located = stack.files.locate(user_file, Links::StayWithin);
        // What is special is no part of the tree, so that the path leads nowhere there.
        let path = located.map_or_else(
            |failed| format!("{}{}", failed.path, failed.rest),
            |located| located.path,
        );
        Some((user_file, stack.special(&path)?))
    });
    let mut files = FileTree::default();
    for user_file in USER_FILES {
        files.extend(stack.files.on_the_way(user_file));
    }
    let image = image(&references, config, files);
    Ok(ImageAccounts { references, is_named, digest, image, passwd, group, architecture, special })
}

/// Holds a layer whose own name does not say its digest to what the image's config says of it.
fn check_content(archive: &mut ArchiveFile, layer: &FoundLayer) -> Result<(), Problem> {
    let FoundLayer { blob, diff_id: Some(expected), .. } = layer else { return Ok(()) };
    if blob.sha256.is_some() {
        return Ok(());
    }
    match archive.unpacked_digest(blob, MAX_DIGESTED_BYTES)? {
        Some(digest) if digest != *expected => Err(Problem::Damaged { file: blob.path.clone() }),
        _ => Ok(()),
    }
}

/// The plain file to which a path leads, and what brought it.
fn located(stack: &Stack, path: &str) -> Option<(String, FileNode, Origin)> {
    let located = stack.files.locate(path, Links::StayWithin).ok()?;
    let node = located.node.filter(|node| matches!(node.kind, FileKind::File(_)))?;
    let origin = stack.origin(&located.path)?;
    Some((located.path, node.clone(), origin))
}

fn layer_origin(archive: &mut ArchiveFile, layer: &FoundLayer) -> Result<LayerOrigin, Problem> {
    let digest = layer.blob.sha256.as_ref().map(|digits| format!("sha256:{digits}"));
    let digest = match digest.or_else(|| layer.diff_id.clone()) {
        Some(digest) => digest,
        None => archive
            .unpacked_digest(&layer.blob, MAX_DIGESTED_BYTES)?
            .unwrap_or_else(|| layer.blob.path.clone()),
    };
    Ok(LayerOrigin { digest, created_by: layer.created_by.clone() })
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
        is_unknown: false,
    }
}
