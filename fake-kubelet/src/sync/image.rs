//! Images: present, pulled, or why not.

use std::sync::Arc;
use std::time::Duration;

use cri_api::v1;
use k8s_openapi::api::core::v1::Container;
use tokio::time::Instant;

use super::PodWorker;
use super::record::{BackOff, Failure, PullTrouble};
use crate::events::Notice;

/// An image that a container can be made from.
pub(super) struct ReadyImage {
    /// The reference to create containers with.
    pub(super) image_ref: String,
    pub(super) image: v1::Image,
}

/// Why a container has no image, and when that may have changed.
pub(super) struct ImageFailure {
    pub(super) failure: Failure,
    pub(super) retry_at: Instant,
}

/// When an image is pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PullPolicy {
    Always,
    IfNotPresent,
    Never,
}

impl PullPolicy {
    /// The manifest's, else what the API server defaults to.
    fn of(container: &Container, tagged: &str) -> Self {
        match container.image_pull_policy.as_deref() {
            Some("Always") => Self::Always,
            Some("Never") => Self::Never,
            Some("IfNotPresent") => Self::IfNotPresent,
            _ if tagged.ends_with(":latest") => Self::Always,
            _ => Self::IfNotPresent,
        }
    }
}

/// Why a container waits whose image could not be pulled just now.
const ERR_IMAGE_PULL: &str = "ErrImagePull";

/// The minor version since which a container that waits for the next pull says
/// why the last one failed.
const PULL_ERROR_KEPT_SINCE: u8 = 32;

/// The longest image reference, in characters.
const LONGEST_REFERENCE: usize = 4096;

/// Adds `:latest` where a reference has neither tag nor digest.
///
/// # Errors
/// The kubelet's words for a text that is no image reference.
fn with_default_tag(reference: &str) -> Result<String, String> {
    let refuse = |why: &str| {
        Err(format!(
            "Failed to apply default image tag {reference:?}: \
             couldn't parse image name {reference:?}: {why}"
        ))
    };
    let (name, digest) = match reference.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (reference, None),
    };
    let last = name.rfind('/').map_or(0, |slash| slash + 1);
    let (repository, tag) = match name[last..].find(':') {
        Some(colon) => (&name[..last + colon], Some(&name[last + colon + 1..])),
        None => (name, None),
    };
    let path = match repository.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => path,
        _ => repository,
    };
    let component = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.ends_with(|c: char| c.is_ascii_alphanumeric())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    let word = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-+:".contains(&byte))
    };
    let valid = reference.len() <= LONGEST_REFERENCE
        && path.split('/').all(component)
        && tag.is_none_or(word)
        && digest.is_none_or(word);
    if !valid {
        return refuse("invalid reference format");
    }
    if path.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return refuse("invalid reference format: repository name must be lowercase");
    }
    Ok(match (tag, digest) {
        (None, None) => format!("{reference}:latest"),
        _ => reference.to_owned(),
    })
}

/// As Go prints a duration, to the millisecond.
fn go_duration(took: Duration) -> String {
    match (took.as_secs(), took.subsec_millis()) {
        (0, 0) => "0s".to_owned(),
        (0, milliseconds) => format!("{milliseconds}ms"),
        (seconds, 0) => format!("{seconds}s"),
        (seconds, milliseconds) => {
            format!("{}s", format!("{seconds}.{milliseconds:03}").trim_end_matches('0'))
        }
    }
}

impl PodWorker {
    /// Makes sure that a container's image is there.
    pub(super) async fn ensure_image(
        &mut self,
        index: usize,
        container: &Container,
    ) -> Result<ReadyImage, ImageFailure> {
        let shown = container.image.as_deref().unwrap_or_default();
        let retry = self.node.config.timings.sync_retry;
        let fail = |reason, message: String| ImageFailure {
            failure: Failure { reason, message },
            retry_at: Instant::now() + retry,
        };
        let kind = self.records[index].kind;
        let subject = Some((kind, container.name.as_str()));
        let tagged = with_default_tag(shown).map_err(|message| {
            self.record(subject, Notice::inspect_failed(&message));
            fail("InvalidImageName", message)
        })?;
        let spec = v1::ImageSpec {
            image: match &self.node.config.image_mapping {
                Some(mapping) => mapping(&tagged),
                None => tagged.clone(),
            },
            ..v1::ImageSpec::default()
        };
        let present = self.image_status(&spec).await.map_err(|error| {
            let message = format!("Failed to inspect image {shown:?}: {error}");
            self.record(subject, Notice::inspect_failed(&message));
            fail("ImageInspectError", message)
        })?;
        let policy = PullPolicy::of(container, &tagged);
        match (present, policy) {
            (Some(image), PullPolicy::IfNotPresent | PullPolicy::Never) => {
                let notice = Notice::image_present(&self.node.config.feature_gates, shown);
                self.record(subject, notice);
                Ok(ReadyImage { image_ref: reference(&image, &spec), image })
            }
            (None, PullPolicy::Never) => {
                let message =
                    format!("Container image {shown:?} is not present with pull policy of Never");
                self.record(subject, Notice::never_pull(&message));
                Err(fail("ErrImageNeverPull", message))
            }
            (_, PullPolicy::Always) | (None, PullPolicy::IfNotPresent) => {
                self.pull_image(index, container, &spec).await
            }
        }
    }

    async fn image_status(
        &mut self,
        spec: &v1::ImageSpec,
    ) -> Result<Option<v1::Image>, cri_api::CriError> {
        let cri = Arc::clone(&self.node.cri);
        self.patiently(cri.image_status(spec)).await
    }

    /// Pulls, unless an earlier failure is too recent.
    async fn pull_image(
        &mut self,
        index: usize,
        container: &Container,
        spec: &v1::ImageSpec,
    ) -> Result<ReadyImage, ImageFailure> {
        let shown = container.image.as_deref().unwrap_or_default();
        let timings = self.node.config.timings;
        let subject = Some((self.records[index].kind, container.name.as_str()));
        let now = Instant::now();
        let last = self.records[index].image_pull.take();
        let held = last.as_ref().and_then(|last| {
            last.back_off.holds_until(last.failed, now, timings.image_pull_longest)
        });
        if let (Some(retry_at), Some(last)) = (held, &last) {
            self.record(subject, Notice::pull_back_off(shown));
            let mut message = format!("Back-off pulling image {shown:?}");
            if self.node.config.version().at_least(PULL_ERROR_KEPT_SINCE) {
                message = format!("{message}: {ERR_IMAGE_PULL}: {}", last.error);
            }
            self.records[index].image_pull = Some(last.clone());
            let failure = Failure { reason: "ImagePullBackOff", message };
            return Err(ImageFailure { failure, retry_at });
        }
        self.record(subject, Notice::pulling(shown));
        let cri = Arc::clone(&self.node.cri);
        let pulled = self.patiently(cri.pull_image(spec)).await;
        let image = match pulled {
            Ok(_) => self.image_status(spec).await,
            Err(error) => Err(error),
        };
        let ended = Instant::now();
        let missing = || cri_api::CriError::not_found("the image is gone after it was pulled");
        match image.and_then(|image| image.ok_or_else(missing)) {
            Ok(image) => {
                let took = go_duration(ended.saturating_duration_since(now));
                self.record(subject, Notice::pulled(shown, &took, image.size));
                Ok(ReadyImage { image_ref: reference(&image, spec), image })
            }
            Err(error) => {
                let error = error.to_string();
                self.record(subject, Notice::pull_failed(shown, &error));
                let next = BackOff::next(
                    last.map(|last| last.back_off),
                    ended,
                    ended,
                    timings.image_pull_initial,
                    timings.image_pull_longest,
                );
                let trouble = PullTrouble { back_off: next, failed: ended, error: error.clone() };
                self.records[index].image_pull = Some(Box::new(trouble));
                Err(ImageFailure {
                    failure: Failure { reason: ERR_IMAGE_PULL, message: error },
                    // The next sync finds the back-off; then its end is waited for.
                    retry_at: ended + timings.relist_period,
                })
            }
        }
    }
}

/// What to create containers with: the image's id, else what was asked for.
fn reference(image: &v1::Image, spec: &v1::ImageSpec) -> String {
    if image.id.is_empty() { spec.image.clone() } else { image.id.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_without_tag_or_digest_means_the_latest() {
        for (reference, expected) in [
            ("busybox", "busybox:latest"),
            ("localhost/groups:v1", "localhost/groups:v1"),
            ("localhost:5000/groups", "localhost:5000/groups:latest"),
            (
                "registry.k8s.io/e2e-test-images/agnhost:2.45",
                "registry.k8s.io/e2e-test-images/agnhost:2.45",
            ),
            ("a@sha256:0123", "a@sha256:0123"),
        ] {
            assert_eq!(with_default_tag(reference).as_deref(), Ok(expected));
        }
        for reference in ["", "UPPER/case:1", "a b", "a:", "a//b", "-a", "ä"] {
            assert!(with_default_tag(reference).is_err(), "{reference:?}");
        }
    }

    #[test]
    fn durations_are_printed_as_go_does() {
        assert_eq!(go_duration(Duration::ZERO), "0s");
        assert_eq!(go_duration(Duration::from_millis(250)), "250ms");
        assert_eq!(go_duration(Duration::from_millis(1500)), "1.5s");
        assert_eq!(go_duration(Duration::from_secs(10)), "10s");
    }
}
