//! What an image is called in a registry, by rule from what a scenario calls it.

use std::fmt;

/// The longest part of a repository's name that is taken from the reference, in bytes.
const MAX_NAME_BYTES: usize = 100;

/// How much of the content's digest becomes the tag, in hexadecimal digits.
const TAG_DIGITS: usize = 16;

/// A repository and a tag, without a registry.
///
/// The repository is `gidcheck/` and the reference in lower case, everything but letters and
/// digits made a dash; the tag starts the digest of the manifest. So an image that changed is
/// never taken for the one that a runtime pulled before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageName {
    repository: String,
    tag: String,
}

impl ImageName {
    /// The name of an image, from its reference and the hexadecimal digest of its manifest.
    #[must_use]
    pub fn new(reference: &str, manifest_digest: &str) -> Self {
        let mut name = String::new();
        for byte in reference.bytes() {
            if name.len() == MAX_NAME_BYTES {
                break;
            }
            if byte.is_ascii_alphanumeric() {
                name.push(char::from(byte.to_ascii_lowercase()));
            } else if !name.is_empty() && !name.ends_with('-') {
                name.push('-');
            }
        }
        let name = name.trim_end_matches('-');
        let name = if name.is_empty() { "image" } else { name };
        let tag = manifest_digest.chars().take(TAG_DIGITS).collect();
        Self { repository: format!("gidcheck/{name}"), tag }
    }

    /// The repository, such as `gidcheck/registry-k8s-io-pause-3-10`.
    #[must_use]
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The tag: 16 hexadecimal digits.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The full reference in a registry, such as `127.0.0.1:5000`, or below a prefix in one.
    #[must_use]
    pub fn at(&self, registry: &str) -> String {
        format!("{}/{self}", registry.trim_end_matches('/'))
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.repository, self.tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_are_made_of_what_registries_allow() {
        let repository = |reference: &str| ImageName::new(reference, "00").repository().to_owned();
        assert_eq!(
            repository("registry.k8s.io/e2e-test-images/agnhost:2.45"),
            "gidcheck/registry-k8s-io-e2e-test-images-agnhost-2-45"
        );
        assert_eq!(repository("--Größe__A.."), "gidcheck/gr-e-a");
        assert_eq!(repository(""), "gidcheck/image");
        assert_eq!(repository("é"), "gidcheck/image");
        assert_eq!(repository(&"a-".repeat(200)).len(), "gidcheck/".len() + 99);
    }
}
