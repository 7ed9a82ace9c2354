//! What of a request is asked for again, kept small: a large cluster has many of these.

use std::collections::HashMap;

use cri_api::v1;

/// Texts by name, in little room. Their order is that of their names.
#[derive(Debug, Default)]
pub(super) struct Texts(Box<[(Box<str>, Box<str>)]>);

impl Texts {
    fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.binary_search_by(|(known, _)| (**known).cmp(name));
        found.ok().and_then(|at| self.0.get(at)).map(|(_, text)| &**text)
    }

    /// Whether all of these are among them.
    pub(super) fn have(&self, wanted: &HashMap<String, String>) -> bool {
        wanted.iter().all(|(name, text)| self.get(name) == Some(text))
    }

    /// As the contract has them.
    pub(super) fn to_map(&self) -> HashMap<String, String> {
        self.0.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect()
    }
}

impl From<HashMap<String, String>> for Texts {
    fn from(map: HashMap<String, String>) -> Self {
        let mut texts: Vec<(Box<str>, Box<str>)> =
            map.into_iter().map(|(name, text)| (name.into(), text.into())).collect();
        texts.sort_unstable();
        Self(texts.into())
    }
}

/// What a sandbox was asked to be.
#[derive(Debug)]
pub(super) struct KeptSandbox {
    pub(super) metadata: Option<v1::PodSandboxMetadata>,
    pub(super) labels: Texts,
    pub(super) annotations: Texts,
}

/// What a container was asked to be.
#[derive(Debug)]
pub(super) struct KeptContainer {
    pub(super) metadata: Option<v1::ContainerMetadata>,
    /// The image's name, and what the manifest called it.
    pub(super) image: Option<Box<v1::ImageSpec>>,
    pub(super) labels: Texts,
    pub(super) annotations: Texts,
    pub(super) mounts: Box<[v1::Mount]>,
    pub(super) log_path: Box<str>,
    pub(super) tty: bool,
}

impl From<v1::ContainerConfig> for KeptContainer {
    fn from(config: v1::ContainerConfig) -> Self {
        Self {
            metadata: config.metadata,
            image: config.image.map(Box::new),
            labels: config.labels.into(),
            annotations: config.annotations.into(),
            mounts: config.mounts.into(),
            log_path: config.log_path.into(),
            tty: config.tty,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_by_name() {
        let map = |pairs: &[(&str, &str)]| -> HashMap<String, String> {
            pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
        };
        let given = map(&[("b", "2"), ("a", "1"), ("c", "")]);
        let texts = Texts::from(given.clone());
        assert_eq!(texts.to_map(), given);
        assert!(texts.have(&map(&[("a", "1"), ("c", "")])));
        assert!(!texts.have(&map(&[("a", "2")])));
        assert!(!texts.have(&map(&[("d", "")])));
    }
}
