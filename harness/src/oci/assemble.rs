//! An image's config and manifest, around its layer.

use std::sync::Arc;

use fake_cri::image::Image;
use oci_spec::OciSpecError;
use oci_spec::image::{
    Arch, Config, ConfigBuilder, Descriptor, ImageConfigurationBuilder, ImageManifestBuilder,
    MediaType, Os, RootFsBuilder, SCHEMA_VERSION, Sha256Digest,
};
use sha2::{Digest as _, Sha256};

use super::error::OciError;
use super::layer;
use super::name::ImageName;

/// When images say they were made: they are the same whenever they are made.
const CREATED: &str = "1970-01-01T00:00:00Z";

/// Bytes with a media type, known by their digest.
#[derive(Debug, Clone)]
pub struct Blob {
    descriptor: Descriptor,
    content: Arc<[u8]>,
}

impl Blob {
    fn new(media_type: MediaType, content: Vec<u8>, reference: &str) -> Result<Self, OciError> {
        let hexadecimal = Sha256::digest(&content)
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 0xf])
            .filter_map(|digit| char::from_digit(digit.into(), 16))
            .collect::<String>();
        let digest: Sha256Digest =
            hexadecimal.parse().map_err(|source| document_error(reference, source))?;
        let descriptor = Descriptor::new(media_type, content.len() as u64, digest);
        Ok(Self { descriptor, content: content.into() })
    }

    /// Media type, digest and size.
    #[must_use]
    pub fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// The digest, such as `sha256:…`.
    #[must_use]
    pub fn digest(&self) -> &str {
        self.descriptor.digest().as_ref()
    }

    /// The bytes.
    #[must_use]
    pub fn content(&self) -> &Arc<[u8]> {
        &self.content
    }
}

fn document_error(reference: &str, source: OciSpecError) -> OciError {
    OciError::Document { reference: reference.to_owned(), source }
}

/// An image as runtimes take it.
#[derive(Debug, Clone)]
pub struct OciImage {
    name: ImageName,
    manifest: Blob,
    config: Blob,
    layer: Blob,
}

impl OciImage {
    /// Assembles an image for the architecture that this program was built for.
    ///
    /// # Errors
    /// [`OciError`] if the files contradict each other or cannot be in an archive.
    pub fn assemble(image: &Image) -> Result<Self, OciError> {
        let reference = &image.reference;
        let layer = Blob::new(MediaType::ImageLayer, layer::write(image)?, reference)?;
        let failed = |source| document_error(reference, source);
        let config = config(image, &layer).map_err(failed)?;
        let config = Blob::new(MediaType::ImageConfig, config.into_bytes(), reference)?;
        let manifest = manifest(&config, &layer).map_err(failed)?;
        let manifest = Blob::new(MediaType::ImageManifest, manifest.into_bytes(), reference)?;
        let name = ImageName::new(reference, manifest.descriptor.digest().digest());
        Ok(Self { name, manifest, config, layer })
    }

    /// Repository and tag.
    #[must_use]
    pub fn name(&self) -> &ImageName {
        &self.name
    }

    /// The manifest.
    #[must_use]
    pub fn manifest(&self) -> &Blob {
        &self.manifest
    }

    /// Every part of it, the manifest last.
    pub fn blobs(&self) -> impl Iterator<Item = &Blob> {
        [&self.layer, &self.config, &self.manifest].into_iter()
    }
}

fn config(image: &Image, layer: &Blob) -> Result<String, OciSpecError> {
    let architecture = Arch::from(toolbox::ARCHITECTURE);
    ImageConfigurationBuilder::default()
        .created(CREATED)
        .architecture(architecture)
        .os(Os::Linux)
        .config(process_config(image)?)
        .rootfs(
            RootFsBuilder::default().typ("layers").diff_ids([layer.digest().to_owned()]).build()?,
        )
        .build()?
        .to_string()
}

fn process_config(image: &Image) -> Result<Config, OciSpecError> {
    let mut config = ConfigBuilder::default();
    if !image.user.is_empty() {
        config = config.user(image.user.as_str());
    }
    if !image.entrypoint.is_empty() {
        config = config.entrypoint(image.entrypoint.clone());
    }
    if !image.cmd.is_empty() {
        config = config.cmd(image.cmd.clone());
    }
    if !image.env.is_empty() {
        config = config.env(image.env.clone());
    }
    if !image.working_dir.is_empty() {
        config = config.working_dir(image.working_dir.as_str());
    }
    config.build()
}

fn manifest(config: &Blob, layer: &Blob) -> Result<String, OciSpecError> {
    ImageManifestBuilder::default()
        .schema_version(SCHEMA_VERSION)
        .media_type(MediaType::ImageManifest)
        .config(config.descriptor.clone())
        .layers([layer.descriptor.clone()])
        .build()?
        .to_string()
}
