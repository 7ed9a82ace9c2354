//! An image in an archive, as `docker save` writes it.

#![allow(dead_code, reason = "each suite uses what it needs")]

use std::fs;
use std::path::PathBuf;

use serde_json::json;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

/// A folder with `web.tar`, as `docker save` writes it: a base, and a layer that adds a group.
pub(crate) struct Saved(TempDir);

const BASE: (&str, &str) = (
    "root:x:0:0::/root:/bin/sh\nweb:x:1000:1000::/:/bin/sh\n",
    "root:x:0:\nadm:x:4:root\nweb:x:1000:\n",
);
pub(crate) const GROUPS: &str = "root:x:0:\nadm:x:4:root\nweb:x:1000:\nstaff:x:50000:web\n";

impl Saved {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let saved = Self(folder);
        saved.write("web.tar", "example.test/web:1", "amd64", GROUPS);
        saved
    }

    pub(crate) fn write(&self, file: &str, reference: &str, architecture: &str, groups: &str) {
        self.write_with_user(file, reference, architecture, groups, "web");
    }

    /// The same with another user in the image's config.
    pub(crate) fn write_with_user(
        &self,
        file: &str,
        reference: &str,
        architecture: &str,
        groups: &str,
        user: &str,
    ) {
        let base = tar(&[("etc/passwd", BASE.0.as_bytes()), ("etc/group", BASE.1.as_bytes())]);
        let staff = tar(&[("etc/group", groups.as_bytes())]);
        let config = json!({
            "os": "linux", "architecture": architecture, "config": {"User": user},
            "rootfs": {"type": "layers", "diff_ids": [digest(&base), digest(&staff)]},
            "history": [
                {"created_by": "ADD rootfs.tar /"},
                {"created_by": "ENV PATH=/bin", "empty_layer": true},
                {"created_by": "RUN groupadd -g 50000 staff && usermod -aG staff web"},
            ],
        });
        let manifest = json!([{
            "Config": "config.json", "RepoTags": [reference],
            "Layers": ["base.tar", "staff.tar"],
        }]);
        let files = [
            ("manifest.json", manifest.to_string().into_bytes()),
            ("config.json", config.to_string().into_bytes()),
            ("base.tar", base),
            ("staff.tar", staff),
        ];
        self.write_archive(file, &files.each_ref().map(|(path, content)| (*path, &**content)));
    }

    /// Writes an archive of these files.
    pub(crate) fn write_archive(&self, file: &str, files: &[(&str, &[u8])]) {
        fs::write(self.path(file), tar(files)).expect("the folder can be written");
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    /// What the program says, without the place of the archive.
    pub(crate) fn without_place(&self, text: &str) -> String {
        text.replace(&self.0.path().display().to_string(), "IMAGES")
    }
}

fn digest(layer: &[u8]) -> String {
    let digest = Sha256::digest(layer);
    let hexadecimal: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hexadecimal}")
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        archive.append_data(&mut header, path, *content).expect("memory can be written");
    }
    archive.into_inner().expect("memory can be written")
}
