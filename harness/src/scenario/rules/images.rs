//! What the files of an image must hold to.

use crate::document::{Node, Problem, Problems};

/// The largest file of an image, in bytes.
const MAX_FILE: usize = 16 * 1024 * 1024;

/// Checks the files of an image.
pub(super) fn check_files(image: &Node, problems: &mut Problems) {
    for entry in image.get("files").map(Node::entries).unwrap_or_default() {
        if !entry.key.starts_with('/') {
            problems.add(
                Problem::new(entry.key_span, format!("{:?} is not an absolute path", &*entry.key))
                    .help("files are named from the image's root, such as /etc/motd"),
            );
        }
        let kinds = ["content", "link", "directory"];
        if kinds.iter().filter(|kind| entry.value.get(kind).is_some()).count() != 1 {
            problems.add(
                Problem::new(entry.key_span, "a file is one thing")
                    .help("give exactly one of content, link, directory"),
            );
        }
        let repeat =
            entry.value.get("repeat").and_then(Node::text).and_then(|text| text.parse().ok());
        let content = entry.value.get("content").and_then(Node::text).unwrap_or_default();
        if content.len().saturating_mul(repeat.unwrap_or(1)) > MAX_FILE {
            problems.add(
                Problem::new(entry.key_span, format!("this file has more than {MAX_FILE} bytes"))
                    .help("repeat its content less often"),
            );
        }
        if let Some(mode) = entry.value.get("mode")
            && !mode
                .text()
                .is_some_and(|text| u32::from_str_radix(text, 8).is_ok_and(|mode| mode <= 0o7777))
        {
            problems.add(
                Problem::new(mode.span, "mode is not an octal number up to 7777")
                    .help("write it in quotes, as in \"0770\""),
            );
        }
    }
}
