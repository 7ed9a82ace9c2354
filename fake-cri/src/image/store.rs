//! The images that a node has.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use cri_api::v1;

use super::{FileKind, Image};
use crate::hex::hex_id;

/// An image in a store, with the names by which it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredImage {
    /// `sha256:` and 64 hexadecimal digits that follow from the content.
    pub id: String,
    /// The repository and digest, such as `localhost/groups@sha256:…`.
    pub repo_digest: String,
    /// The image.
    pub image: Arc<Image>,
}

/// The images that are on a node, and that pulling therefore finds.
///
/// May be shared by many runtimes. A new store knows the image of the published manifests,
/// [`Image::agnhost`].
#[derive(Debug)]
pub struct ImageStore {
    images: RwLock<BTreeMap<String, Arc<StoredImage>>>,
    unknown: UnknownImages,
}

/// What becomes of a pull of an image that a store does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnknownImages {
    /// It fails, as for an image that no registry has.
    #[default]
    Refused,
    /// It gives [`Image::unknown`].
    Empty,
}

/// The most images that a store makes up.
const MAX_UNKNOWN: usize = 16_384;

impl Default for ImageStore {
    fn default() -> Self {
        Self::new()
    }
}

impl ImageStore {
    /// A store with [`Image::agnhost`] and nothing else.
    #[must_use]
    pub fn new() -> Self {
        let store = Self { images: RwLock::default(), unknown: UnknownImages::Refused };
        store.add(Image::agnhost());
        store
    }

    /// The same store, with another answer to pulls of what it does not have.
    #[must_use]
    pub fn with_unknown(self, unknown: UnknownImages) -> Self {
        Self { unknown, ..self }
    }

    /// What a pull of this reference gives, if anything.
    #[must_use]
    pub fn pull(&self, reference: &str) -> Option<Arc<StoredImage>> {
        let found = self.find(reference);
        let makes_up = self.unknown == UnknownImages::Empty
            && !reference.is_empty()
            && self.read().len() < MAX_UNKNOWN;
        found.or_else(|| makes_up.then(|| self.add(Image::unknown(reference))))
    }

    /// Adds an image, in the place of one with the same reference.
    pub fn add(&self, image: impl Into<Arc<Image>>) -> Arc<StoredImage> {
        let image = image.into();
        let hex = digest(&image);
        let reference = normalise_reference(&image.reference);
        let repository = reference.rsplit_once(':').map_or(reference.as_str(), |(name, _)| name);
        let repository = repository.split('@').next().unwrap_or(repository);
        let stored = Arc::new(StoredImage {
            id: format!("sha256:{hex}"),
            repo_digest: format!("{repository}@sha256:{hex}"),
            image,
        });
        self.write().insert(reference, Arc::clone(&stored));
        stored
    }

    /// The image with this reference, repository digest, id, or beginning of an id.
    ///
    /// References are completed as runtimes do: `busybox` is `docker.io/library/busybox:latest`.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Arc<StoredImage>> {
        let images = self.read();
        let whole = normalise_reference(name);
        if let Some(found) = images.get(name).or_else(|| images.get(&whole)) {
            return Some(Arc::clone(found));
        }
        let hex = name.strip_prefix("sha256:").unwrap_or(name);
        let mut found = images.values().filter(|stored| {
            stored.repo_digest == whole
                || (!hex.is_empty() && stored.id["sha256:".len()..].starts_with(hex))
        });
        let first = found.next()?;
        // Two references of the same content are one image.
        found.all(|other| other.id == first.id).then(|| Arc::clone(first))
    }

    /// Takes an image away; says whether it was there.
    pub fn remove(&self, name: &str) -> bool {
        let Some(found) = self.find(name) else { return false };
        self.write().retain(|_, stored| stored.id != found.id);
        true
    }

    /// All images, by reference.
    #[must_use]
    pub fn list(&self) -> Vec<Arc<StoredImage>> {
        self.read().values().cloned().collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<String, Arc<StoredImage>>> {
        self.images.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<String, Arc<StoredImage>>> {
        self.images.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StoredImage {
    /// The image as CRI `ImageStatus` and `ListImages` describe it.
    ///
    /// The config's user up to its colon is given as `uid` if it is a number, else as
    /// `username` (recordings: `image_status_user`, the same on containerd and CRI-O).
    #[must_use]
    pub fn to_cri(&self) -> v1::Image {
        let user = self.image.user.split(':').next().unwrap_or_default();
        let uid = user.parse::<i64>().ok();
        let is_digest = self.image.reference.contains('@');
        v1::Image {
            id: self.id.clone(),
            repo_tags: if is_digest { Vec::new() } else { vec![self.image.reference.clone()] },
            repo_digests: vec![self.repo_digest.clone()],
            size: self.image.files.iter().map(|(_, node)| size(&node.kind)).sum(),
            uid: uid.map(|value| v1::Int64Value { value }),
            username: if uid.is_some() { String::new() } else { user.to_owned() },
            spec: Some(v1::ImageSpec { image: self.id.clone(), ..Default::default() }),
            pinned: false,
        }
    }
}

fn size(kind: &FileKind) -> u64 {
    match kind {
        FileKind::File(content) => u64::try_from(content.len()).unwrap_or(u64::MAX),
        FileKind::Directory | FileKind::Symlink(_) => 0,
    }
}

/// 64 hexadecimal digits that follow from the content alone.
fn digest(image: &Image) -> String {
    let mut hasher = DefaultHasher::new();
    image.hash_content(&mut hasher);
    hex_id(hasher.finish())
}

/// The registry of references that name none, and an older name of it.
const DOCKER_HUB: &str = "docker.io";
const OLD_DOCKER_HUB: &str = "index.docker.io";

/// A reference with registry and tag or digest, as runtimes complete it: `busybox` and
/// `index.docker.io/busybox` are `docker.io/library/busybox:latest`.
///
/// With a tag and a digest, the digest decides and the tag is left out. (The rules of the package
/// `distribution/reference`, which containerd and CRI-O use; CRI-O's configuration may send short
/// names to other registries.)
#[must_use]
pub fn normalise_reference(reference: &str) -> String {
    let (registry, path) = match reference.split_once('/') {
        Some((first, rest)) if is_registry(first) => (first, rest),
        _ => (DOCKER_HUB, reference),
    };
    let registry = if registry == OLD_DOCKER_HUB { DOCKER_HUB } else { registry };
    let (path, digest) = match path.split_once('@') {
        Some((path, digest)) => (path, Some(digest)),
        None => (path, None),
    };
    let (path, tag) = match path.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, tag),
        _ => (path, "latest"),
    };
    let of_nobody = registry == DOCKER_HUB && !path.contains('/');
    let folder = if of_nobody { "library/" } else { "" };
    match digest {
        Some(digest) => format!("{registry}/{folder}{path}@{digest}"),
        None => format!("{registry}/{folder}{path}:{tag}"),
    }
}

/// Whether the first part of a reference is a registry rather than somebody's name.
fn is_registry(first: &str) -> bool {
    first.contains(['.', ':'])
        || first == "localhost"
        || first.contains(|letter: char| letter.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(reference: &str, user: &str) -> Image {
        Image { reference: reference.to_owned(), user: user.to_owned(), ..Image::default() }
    }

    #[test]
    fn an_image_is_found_by_every_name_it_has() {
        let store = ImageStore::new();
        let stored = store.add(image("busybox", "1000"));
        for name in ["busybox", "busybox:latest", "docker.io/library/busybox:latest"] {
            assert_eq!(store.find(name), Some(Arc::clone(&stored)), "{name}");
        }
        for name in [&stored.id, &stored.repo_digest, &stored.id[..19]] {
            assert_eq!(store.find(name), Some(Arc::clone(&stored)), "{name}");
        }
        assert_eq!(store.find("sha256:"), None);
        assert!(store.remove("busybox"));
        assert_eq!(store.find("busybox"), None);
    }

    #[test]
    fn references_of_the_same_image_are_the_same_when_they_are_complete() {
        let hub = "docker.io/library/nginx:latest";
        for short in [
            "nginx",
            "nginx:latest",
            "library/nginx",
            "docker.io/nginx",
            "docker.io/library/nginx",
            "index.docker.io/nginx:latest",
            "index.docker.io/library/nginx",
            hub,
        ] {
            assert_eq!(normalise_reference(short), hub, "{short}");
        }
        for (written, whole) in [
            ("team/web:1", "docker.io/team/web:1"),
            ("index.docker.io/team/web", "docker.io/team/web:latest"),
            ("localhost/web", "localhost/web:latest"),
            ("localhost:5000/web", "localhost:5000/web:latest"),
            ("Registry/web", "Registry/web:latest"),
            ("quay.io/a/b/c:1", "quay.io/a/b/c:1"),
            ("nginx@sha256:12", "docker.io/library/nginx@sha256:12"),
            ("nginx:1.27@sha256:12", "docker.io/library/nginx@sha256:12"),
            ("r.example:5000/web:1@sha256:12", "r.example:5000/web@sha256:12"),
        ] {
            assert_eq!(normalise_reference(written), whole, "{written}");
            assert_eq!(normalise_reference(whole), whole);
        }
    }

    #[test]
    fn an_image_is_found_by_its_digest_however_short_its_name_is_written() {
        let store = ImageStore::new();
        let stored = store.add(image("busybox:1", "1000"));
        let digest = &stored.id;
        for name in [format!("busybox@{digest}"), format!("docker.io/busybox:1@{digest}")] {
            assert_eq!(store.find(&name), Some(Arc::clone(&stored)), "{name}");
        }
    }

    #[test]
    fn every_store_knows_the_published_image() {
        let store = ImageStore::new();
        let found = store.find("registry.k8s.io/e2e-test-images/agnhost:2.45");
        assert!(found.is_some_and(|stored| stored.image.files.read("/etc/group").is_ok()));
    }

    #[test]
    fn the_configured_user_is_a_uid_or_a_name() {
        let described = |user: &str| {
            let stored = ImageStore::new().add(image("a", user)).to_cri();
            (stored.uid.map(|uid| uid.value), stored.username)
        };
        assert_eq!(described(""), (None, String::new()));
        assert_eq!(described("1000:2000"), (Some(1000), String::new()));
        assert_eq!(described("web:staff"), (None, "web".to_owned()));
    }
}
