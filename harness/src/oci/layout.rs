//! Images as OCI image layouts: a folder, or one archive that runtimes import.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use oci_spec::OciSpecError;
use oci_spec::image::{Descriptor, ImageIndexBuilder, MediaType, OciLayoutBuilder, SCHEMA_VERSION};
use tar::{Builder, EntryType, Header};

use super::assemble::OciImage;
use super::error::OciError;

/// What containerd's import calls an image; the specification's own annotation has a tag only.
const CONTAINERD_NAME: &str = "io.containerd.image.name";
const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// Every file of the layout of some images, by path.
fn files<'a>(
    images: &[(String, &'a OciImage)],
) -> Result<BTreeMap<String, Cow<'a, [u8]>>, OciError> {
    let mut files = BTreeMap::new();
    let mut manifests = Vec::new();
    for (reference, image) in images {
        for blob in image.blobs() {
            let path = format!("blobs/{}", blob.digest().replace(':', "/"));
            files.insert(path, Cow::Borrowed(&**blob.content()));
        }
        let mut manifest = image.manifest().descriptor().clone();
        manifest.set_annotations(Some(HashMap::from([
            (CONTAINERD_NAME.to_owned(), reference.clone()),
            (REF_NAME.to_owned(), image.name().tag().to_owned()),
        ])));
        manifests.push(manifest);
    }
    let reference = images.first().map(|(reference, _)| reference.clone()).unwrap_or_default();
    let (index, marker) =
        documents(manifests).map_err(|source| OciError::Document { reference, source })?;
    files.insert("index.json".to_owned(), Cow::Owned(index.into_bytes()));
    files.insert("oci-layout".to_owned(), Cow::Owned(marker.into_bytes()));
    Ok(files)
}

fn documents(manifests: Vec<Descriptor>) -> Result<(String, String), OciSpecError> {
    let index = ImageIndexBuilder::default()
        .schema_version(SCHEMA_VERSION)
        .media_type(MediaType::ImageIndex)
        .manifests(manifests)
        .build()?;
    // The annotations are a hash map: without order the bytes would differ from run to run.
    let mut index = serde_json::to_value(&index)?;
    index.sort_all_objects();
    let index = index.to_string();
    let marker = OciLayoutBuilder::default().image_layout_version("1.0.0").build()?.to_string()?;
    Ok((index, marker))
}

/// Writes images into a folder as an image layout; the folder is made if there is none.
///
/// Each image comes with the full reference that it gets where it is imported.
///
/// # Errors
/// [`OciError::Write`] with the file that could not be written, [`OciError::Document`].
pub fn write_folder(folder: &Path, images: &[(String, &OciImage)]) -> Result<(), OciError> {
    for (path, content) in files(images)? {
        let path = folder.join(path);
        let written = match path.parent() {
            Some(parent) => fs::create_dir_all(parent).and_then(|()| fs::write(&path, content)),
            None => fs::write(&path, content),
        };
        written.map_err(|source| OciError::Write { path, source })?;
    }
    Ok(())
}

/// Writes images into one file: an archive of their image layout, the same bytes every time.
///
/// # Errors
/// As [`write_folder`].
pub fn write_archive(path: &Path, images: &[(String, &OciImage)]) -> Result<(), OciError> {
    let failed = |source| OciError::Write { path: path.to_owned(), source };
    let files = files(images)?;
    let file = fs::File::create(path).map_err(failed)?;
    archive(io::BufWriter::new(file), &files).map_err(failed)
}

fn archive(writer: impl Write, files: &BTreeMap<String, Cow<'_, [u8]>>) -> io::Result<()> {
    let mut archive = Builder::new(writer);
    for folder in ["blobs/", "blobs/sha256/"] {
        let mut header = header(EntryType::Directory, 0o755, 0);
        archive.append_data(&mut header, folder, io::empty())?;
    }
    for (path, content) in files {
        let mut header = header(EntryType::Regular, 0o644, content.len() as u64);
        archive.append_data(&mut header, path, content.as_ref())?;
    }
    archive.into_inner()?.flush()
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}
