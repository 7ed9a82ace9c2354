//! What an archive says of its images: indexes, manifests, configs and names.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::error::Problem;
use super::file::{ArchiveFile, Blob};

/// The most images in an archive.
const MAX_IMAGES: usize = 4096;
/// The most layers of an image.
const MAX_LAYERS: usize = 512;
/// How deep indexes may lie in indexes.
pub(in crate::oci) const MAX_DEPTH: usize = 4;

/// Where containerd and buildx put an image's whole reference.
const CONTAINERD_NAME: &str = "io.containerd.image.name";
/// The specification's own annotation: a reference, or no more than a tag.
const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// An image in an archive, before its layers are read.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) references: Vec<String>,
    /// Whether the references are names that the archive gives.
    pub(super) is_named: bool,
    /// The digest by which the image is pulled, where the archive tells.
    pub(super) digest: Option<String>,
    pub(super) config: Config,
    /// From the bottom.
    pub(super) layers: Vec<FoundLayer>,
    /// As the config has it.
    pub(super) architecture: Option<String>,
}

/// A layer of an image, before it is read.
#[derive(Debug)]
pub(super) struct FoundLayer {
    pub(super) blob: Blob,
    /// The digest of the unpacked layer, as the config has it.
    pub(super) diff_id: Option<String>,
    /// The command that made it, as the config has it.
    pub(super) created_by: Option<String>,
}

/// How an image runs. A JSON `null` is as good as nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Config {
    pub(super) user: Option<String>,
    pub(super) entrypoint: Option<Vec<String>>,
    pub(super) cmd: Option<Vec<String>>,
    pub(super) env: Option<Vec<String>>,
    pub(super) working_dir: Option<String>,
}

#[derive(Deserialize)]
struct ImageConfig {
    config: Option<Config>,
    os: Option<String>,
    architecture: Option<String>,
    rootfs: Option<RootFs>,
    history: Option<Vec<History>>,
}

#[derive(Deserialize)]
struct RootFs {
    diff_ids: Option<Vec<String>>,
}

/// A step in the making of an image.
#[derive(Deserialize)]
struct History {
    created_by: Option<String>,
    /// The step made no layer.
    #[serde(default)]
    empty_layer: bool,
}

impl ImageConfig {
    /// The image of these blobs; what the config says of its layers is only told, so nothing is
    /// wrong when it says too little.
    fn found(self, names: Names, blobs: Vec<Blob>) -> Result<Found, Problem> {
        if let Some(os) = self.os.filter(|os| !os.is_empty() && os != "linux") {
            return Err(Problem::NotLinux { os });
        }
        let mut diff_ids = self.rootfs.and_then(|rootfs| rootfs.diff_ids).into_iter().flatten();
        let made = self.history.into_iter().flatten().filter(|step| !step.empty_layer);
        let mut made = made.map(|step| step.created_by);
        let layers = blobs.into_iter().map(|blob| FoundLayer {
            blob,
            diff_id: diff_ids.next(),
            created_by: made.next().flatten(),
        });
        let layers = layers.collect();
        let architecture = self.architecture.filter(|name| !name.is_empty());
        let config = self.config.unwrap_or_default();
        let Names { references, is_named, digest } = names;
        Ok(Found { references, is_named, digest, config, layers, architecture })
    }
}

/// What an image is called.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) references: Vec<String>,
    pub(super) is_named: bool,
    pub(super) digest: Option<String>,
}

/// A list of images, such as one for each platform.
#[derive(Debug, Deserialize)]
pub(in crate::oci) struct Index {
    manifests: Vec<Descriptor>,
}

impl Index {
    /// The image for an architecture, else the first for linux.
    pub(in crate::oci) fn for_linux(&self, architecture: &str) -> Option<&Descriptor> {
        let of = |architecture: Option<&str>| {
            self.manifests.iter().find(|manifest| match &manifest.platform {
                Some(platform) => {
                    platform.os == "linux"
                        && architecture.is_none_or(|wanted| platform.architecture == wanted)
                }
                None => architecture.is_none(),
            })
        };
        of(Some(architecture)).or_else(|| of(None))
    }
}

/// What leads to a document or a layer.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::oci) struct Descriptor {
    #[serde(default)]
    media_type: String,
    /// `sha256:…`.
    pub(in crate::oci) digest: String,
    /// How many bytes it has.
    pub(in crate::oci) size: Option<u64>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
    platform: Option<Platform>,
}

#[derive(Debug, Clone, Deserialize)]
struct Platform {
    os: String,
    architecture: String,
}

/// What an image is made of.
#[derive(Debug, Deserialize)]
pub(in crate::oci) struct Manifest {
    pub(in crate::oci) config: Descriptor,
    pub(in crate::oci) layers: Vec<Descriptor>,
}

impl Manifest {
    /// The image, whose blobs are in an archive.
    pub(super) fn found(&self, archive: &mut ArchiveFile, names: Names) -> Result<Found, Problem> {
        check_layers(self.layers.len())?;
        let config = Blob::of_digest(&self.config.digest)?;
        let config: ImageConfig = archive.document(&config)?;
        let layers = self.layers.iter().map(|layer| Blob::of_digest(&layer.digest));
        config.found(names, layers.collect::<Result<_, _>>()?)
    }
}

/// An entry of `manifest.json`, as `docker save` writes it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SavedImage {
    config: String,
    repo_tags: Option<Vec<String>>,
    layers: Vec<String>,
}

/// Finds the images of an archive, of several platforms those for linux and an architecture. `stem`
/// is the file's name, for images that have none.
pub(super) fn find(
    archive: &mut ArchiveFile,
    stem: &str,
    architecture: &str,
) -> Result<Vec<Found>, Problem> {
    match (archive.has("index.json"), archive.has("manifest.json")) {
        // docker save writes both; older ones put the names into manifest.json only.
        (true, true) if !index_has_names(archive)? => in_manifest_json(archive, stem),
        (true, _) => in_layout(archive, stem, architecture),
        (false, true) => in_manifest_json(archive, stem),
        (false, false) => Err(Problem::NoImages),
    }
}

fn check_layers(layers: usize) -> Result<(), Problem> {
    if layers > MAX_LAYERS {
        let most = format!("{MAX_LAYERS} layers");
        return Err(Problem::TooMuch { what: "an image in it has", most });
    }
    Ok(())
}

fn top_index(archive: &mut ArchiveFile) -> Result<Index, Problem> {
    let index: Index = archive.document(&Blob::of_path("index.json"))?;
    check_count(index.manifests.len())?;
    Ok(index)
}

fn check_count(images: usize) -> Result<(), Problem> {
    if images > MAX_IMAGES {
        let most = format!("{MAX_IMAGES} images");
        return Err(Problem::TooMuch { what: "it lists", most });
    }
    Ok(())
}

fn index_has_names(archive: &mut ArchiveFile) -> Result<bool, Problem> {
    let index = top_index(archive)?;
    let mut names = index.manifests.iter().filter_map(|manifest| manifest.annotations.as_ref());
    Ok(names.any(|names| names.contains_key(CONTAINERD_NAME)))
}

fn in_layout(
    archive: &mut ArchiveFile,
    stem: &str,
    architecture: &str,
) -> Result<Vec<Found>, Problem> {
    let mut found: Vec<Found> = Vec::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for descriptor in top_index(archive)?.manifests {
        let names = names(&descriptor, stem);
        // The same image under several names is there once for each.
        if let Some(&index) = seen.get(&descriptor.digest) {
            let known = &mut found[index];
            known.is_named |= names.is_named;
            let more = names.references.into_iter();
            let more: Vec<_> = more.filter(|name| !known.references.contains(name)).collect();
            known.references.extend(more);
            continue;
        }
        seen.insert(descriptor.digest.clone(), found.len());
        let manifest = manifest_for_linux(archive, &descriptor, architecture)?;
        found.push(manifest.found(archive, names)?);
    }
    Ok(found)
}

/// Follows indexes to the manifest for an architecture, or the first for linux.
fn manifest_for_linux(
    archive: &mut ArchiveFile,
    descriptor: &Descriptor,
    architecture: &str,
) -> Result<Manifest, Problem> {
    let mut blob = Blob::of_digest(&descriptor.digest)?;
    let mut media_type = descriptor.media_type.clone();
    for _ in 0..MAX_DEPTH {
        if !(media_type.contains("index") || media_type.contains("manifest.list")) {
            return archive.document(&blob);
        }
        let index: Index = archive.document(&blob)?;
        check_count(index.manifests.len())?;
        let next = index.for_linux(architecture);
        let next = next.ok_or_else(|| Problem::NoPlatform { file: blob.path.clone() })?;
        media_type.clone_from(&next.media_type);
        blob = Blob::of_digest(&next.digest)?;
    }
    Err(Problem::TooDeep { file: blob.path })
}

fn in_manifest_json(archive: &mut ArchiveFile, stem: &str) -> Result<Vec<Found>, Problem> {
    let saved: Vec<SavedImage> = archive.document(&Blob::of_path("manifest.json"))?;
    check_count(saved.len())?;
    let mut found = Vec::new();
    for image in saved {
        let config: ImageConfig = archive.document(&Blob::of_path(&image.config))?;
        check_layers(image.layers.len())?;
        let references = image.repo_tags.filter(|tags| !tags.is_empty());
        let is_named = references.is_some();
        let references = references.unwrap_or_else(|| vec![made_up(stem, "latest")]);
        let layers = image.layers.iter().map(|path| Blob::of_path(path)).collect();
        found.push(config.found(Names { references, is_named, digest: None }, layers)?);
    }
    Ok(found)
}

/// What annotations call an image.
fn names(descriptor: &Descriptor, stem: &str) -> Names {
    let get = |key: &str| {
        let all = descriptor.annotations.as_ref();
        all.and_then(|all| all.get(key)).filter(|name| !name.trim().is_empty()).cloned()
    };
    let (references, is_named) = match (get(CONTAINERD_NAME), get(REF_NAME)) {
        (Some(name), _) => (vec![name], true),
        (None, Some(name)) if name.contains(['/', ':']) => (vec![name], true),
        // A tag of something, or the short name of an image: nobody can tell.
        (None, Some(name)) => (vec![made_up(stem, &name), name], false),
        (None, None) => (vec![made_up(stem, "latest")], false),
    };
    Names { references, is_named, digest: Some(descriptor.digest.clone()) }
}

/// A reference for an image without one, from the archive's own name.
fn made_up(stem: &str, tag: &str) -> String {
    let name: String = stem
        .chars()
        .map(|character| match character.to_ascii_lowercase() {
            plain @ ('a'..='z' | '0'..='9' | '.' | '_') => plain,
            _ => '-',
        })
        .collect();
    format!("localhost/{}:{tag}", name.trim_matches(['-', '.', '_']))
}
