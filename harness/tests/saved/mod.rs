//! An image in an archive, as `docker save` writes it, and what the program says of it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use insta::Settings;
use serde_json::json;
use tempfile::TempDir;

/// Runs the program in a folder of the tests' data.
pub(crate) fn gidcheck(folder: &str, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_gidcheck"))
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(folder))
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program was built with this test");
    let mut stdin = child.stdin.take().expect("the input is a pipe");
    // A program that refuses its arguments does not read.
    let _ = stdin.write_all(input);
    drop(stdin);
    child.wait_with_output().expect("the program ends by itself")
}

pub(crate) fn shown(output: &Output) -> String {
    format!(
        "{}{}exit code {}\n",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
        output.status.code().expect("the program ends by itself")
    )
}

/// Input that is refused, with words that say what and where.
pub(crate) fn assert_refused(output: &Output, code: i32, words: &[&str]) {
    let text = shown(output);
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(output.stdout.is_empty(), "{text}");
    for word in words {
        assert!(text.contains(word), "{word:?} is missing in: {text}");
    }
}

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
        let config = json!({
            "os": "linux", "architecture": architecture, "config": {"User": "web"},
            "rootfs": {"type": "layers", "diff_ids": [
                "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
            ]},
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
        let base = tar(&[("etc/passwd", BASE.0.as_bytes()), ("etc/group", BASE.1.as_bytes())]);
        let staff = tar(&[("etc/group", groups.as_bytes())]);
        let archive = tar(&[
            ("manifest.json", manifest.to_string().as_bytes()),
            ("config.json", config.to_string().as_bytes()),
            ("base.tar", &base),
            ("staff.tar", &staff),
        ]);
        fs::write(self.path(file), archive).expect("the folder can be written");
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    /// What the program says, as a snapshot without the place of the archive.
    pub(crate) fn assert_snapshot(&self, name: &str, output: &Output) {
        let mut settings = Settings::clone_current();
        settings.set_snapshot_path("../../../snapshots");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        let text = shown(output).replace(&self.0.path().display().to_string(), "IMAGES");
        settings.bind(|| insta::assert_snapshot!(name, text));
    }
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
