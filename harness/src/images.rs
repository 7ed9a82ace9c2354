//! From the images that a scenario spells out to images that a runtime has.

use fake_cri::ImageStore;
use fake_cri::image::{FileNode, Image};

use crate::scenario::{FileSpec, ImageSpec};

/// What an image runs when neither it nor the manifest says: it waits.
const WAIT: &str = "/bin/pause";

/// The store of a case: its own images, and the one of the example manifests.
#[must_use]
pub fn store_of(specs: &[ImageSpec]) -> ImageStore {
    let store = ImageStore::new();
    for spec in specs {
        store.add(image_of(spec));
    }
    store
}

fn image_of(spec: &ImageSpec) -> Image {
    let mut image = Image {
        reference: spec.name.clone(),
        user: spec.user.clone().unwrap_or_default(),
        entrypoint: spec.entrypoint.clone().unwrap_or_else(|| vec![WAIT.to_owned()]),
        cmd: spec.cmd.clone(),
        ..Image::default()
    };
    for (path, content) in [("/etc/passwd", &spec.passwd), ("/etc/group", &spec.group)] {
        if let Some(content) = content {
            image.files.insert(path, FileNode::file(content.as_bytes()));
        }
    }
    for (path, file) in &spec.files {
        image.files.insert(path, node_of(file));
    }
    image
}

fn node_of(file: &FileSpec) -> FileNode {
    let mut node = match (&file.content, &file.link) {
        (Some(content), _) => {
            let times = file.repeat.map_or(1, |times| usize::try_from(times).unwrap_or(usize::MAX));
            FileNode::file(content.repeat(times).into_bytes())
        }
        (None, Some(target)) => FileNode::symlink(target.clone()),
        (None, None) => FileNode::directory(),
    };
    let mode = file.mode.as_deref().and_then(|mode| u32::from_str_radix(mode, 8).ok());
    node.mode = mode.unwrap_or(node.mode);
    node.uid = file.uid;
    node.gid = file.gid;
    node
}
