//! What of a request is asked for again, kept small: a large cluster has many of these.

use std::collections::BTreeMap;
use std::sync::Arc;

use cri_api::v1;

use crate::identity::Resolved;
use crate::process::{Capabilities, Confinement, Hostname};

/// Texts by name, in little room. Their order is that of their names.
#[derive(Debug, Default)]
pub(super) struct Texts {
    /// Each name and its text, one after the other.
    all: Box<str>,
    /// Where each of them ends.
    ends: Box<[u32]>,
}

impl Texts {
    fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut from = 0;
        self.ends.chunks_exact(2).map(move |ends| {
            let mut next = |end: u32| {
                let end = usize::try_from(end).unwrap_or(usize::MAX);
                let piece = self.all.get(from..end).unwrap_or_default();
                from = end;
                piece
            };
            (next(ends[0]), next(ends[1]))
        })
    }

    /// Whether all of these are among them.
    pub(super) fn have(&self, wanted: &BTreeMap<String, String>) -> bool {
        let is = |wanted: (&str, &str)| self.iter().any(|known| known == wanted);
        wanted.iter().all(|(name, text)| is((name.as_str(), text.as_str())))
    }

    /// As the contract has them.
    pub(super) fn to_map(&self) -> BTreeMap<String, String> {
        self.iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
    }
}

impl From<BTreeMap<String, String>> for Texts {
    fn from(map: BTreeMap<String, String>) -> Self {
        let pieces = || map.iter().flat_map(|(name, text)| [name.as_str(), text.as_str()]);
        let mut end = 0_usize;
        // No request is as large as this.
        let ends = pieces().map(|piece| {
            end += piece.len();
            u32::try_from(end).unwrap_or(u32::MAX)
        });
        Self { ends: ends.collect(), all: pieces().collect::<String>().into() }
    }
}

/// What a sandbox was asked to be.
#[derive(Debug)]
pub(super) struct KeptSandbox {
    pub(super) metadata: Option<v1::PodSandboxMetadata>,
    pub(super) labels: Texts,
    pub(super) annotations: Texts,
    pub(super) hostname: Hostname,
}

/// What a container was asked to be.
#[derive(Debug)]
pub(super) struct KeptContainer {
    pub(super) metadata: Option<v1::ContainerMetadata>,
    pub(super) labels: Texts,
    pub(super) annotations: Texts,
    pub(super) mounts: Box<[v1::Mount]>,
    pub(super) log_path: Box<str>,
    pub(super) tty: bool,
    pub(super) stdin: bool,
    pub(super) stdin_once: bool,
}

impl From<v1::ContainerConfig> for KeptContainer {
    fn from(config: v1::ContainerConfig) -> Self {
        Self {
            metadata: config.metadata,
            labels: config.labels.into(),
            annotations: config.annotations.into(),
            mounts: config.mounts.into(),
            log_path: config.log_path.into(),
            tty: config.tty,
            stdin: config.stdin,
            stdin_once: config.stdin_once,
        }
    }
}

/// What containers of the same image and security context have in common.
#[derive(Debug, PartialEq)]
pub(super) struct Make {
    /// The image's name, and what the manifest called it.
    pub(super) image: Option<v1::ImageSpec>,
    pub(super) image_id: String,
    pub(super) image_ignores_sigterm: bool,
    pub(super) resolved: Resolved,
    pub(super) bounding: Capabilities,
    pub(super) ambient: Capabilities,
    pub(super) confinement: Confinement,
    pub(super) arguments: Arc<[String]>,
    pub(super) working_directory: Arc<str>,
    /// `NAME=VALUE`, all but the host's name.
    pub(super) variables: Arc<[String]>,
    /// What it runs is a program of its image that is not simulated.
    pub(super) waits: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_by_name() {
        let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
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
