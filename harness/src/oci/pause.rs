//! The sandbox image.

use fake_cri::image::Image;

/// The image of a pod's sandbox: it waits, and ends at once when it is told to.
///
/// For runtimes that cannot have `registry.k8s.io/pause`.
#[must_use]
pub fn pause_image() -> Image {
    Image {
        reference: "pause".to_owned(),
        entrypoint: vec!["/bin/pause".to_owned()],
        ..Image::default()
    }
}
