//! The images of recorded cases, spelled out in a file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fake_cri::{FileNode, Image};
use serde::Deserialize;
use thiserror::Error;

use super::read::{FileError, read_text, what_of};

/// How large the files of all images may be together, in bytes.
const MAX_CONTENT_BYTES: usize = 64 * 1024 * 1024;

/// The images by the names that cases use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Images(BTreeMap<String, Arc<Image>>);

/// Why images cannot be had from a file.
#[derive(Debug, Error)]
pub enum ImageError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is not of the format.
    #[error("{}:{source}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        #[source]
        source: FormatError,
    },
}

/// What is wrong with an images file.
#[derive(Debug, Error)]
pub enum FormatError {
    /// It is no JSON, or says something that images have not.
    #[error("{line}:{column}: {what}")]
    Json {
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
        /// What is wrong there.
        what: String,
    },
    /// A file is several things at once, or nothing.
    #[error(
        " image {image:?}: {path:?} must be exactly one of \"content\", \"link\" and \
         \"directory\": true"
    )]
    Kind {
        /// The image.
        image: String,
        /// The file in it.
        path: String,
    },
    /// The files are too large.
    #[error(" image {image:?}: with it the files are larger than {MAX_CONTENT_BYTES} bytes")]
    TooLarge {
        /// The image.
        image: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ImageEntry {
    passwd: Option<String>,
    group: Option<String>,
    #[serde(default)]
    user: String,
    #[serde(default)]
    files: BTreeMap<String, FileEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileEntry {
    content: Option<Vec<Piece>>,
    link: Option<String>,
    #[serde(default)]
    directory: bool,
}

/// A text, once or many times.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Piece {
    text: String,
    #[serde(default = "once")]
    times: usize,
}

fn once() -> usize {
    1
}

impl Images {
    /// Reads images from JSON: by name `passwd` and `group` (no such file when left out), the
    /// config's `user`, and more `files` by path.
    ///
    /// # Errors
    /// [`FormatError`].
    pub fn parse(text: &str) -> Result<Self, FormatError> {
        let entries: BTreeMap<String, ImageEntry> =
            serde_json::from_str(text).map_err(|error| FormatError::Json {
                line: error.line(),
                column: error.column(),
                what: what_of(&error),
            })?;
        let mut images = Self::default();
        let mut total = 0;
        for (name, entry) in entries {
            let image = image(&name, entry, &mut total)?;
            images.insert(&name, image);
        }
        Ok(images)
    }

    /// Reads images from a file, as [`Images::parse`].
    ///
    /// # Errors
    /// [`ImageError`].
    pub fn read(path: &Path) -> Result<Self, ImageError> {
        let text = read_text(path)?;
        Self::parse(&text).map_err(|source| ImageError::Format { path: path.to_owned(), source })
    }

    /// Adds an image, in the place of one with the same name.
    pub fn insert(&mut self, name: &str, image: Image) {
        self.0.insert(name.to_owned(), Arc::new(image));
    }

    /// The image with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Image>> {
        self.0.get(name)
    }

    /// All images with their names, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Arc<Image>)> {
        self.0.iter().map(|(name, image)| (name.as_str(), image))
    }

    /// Keeps those whose names are wanted.
    pub(super) fn retain(&mut self, wanted: impl Fn(&str) -> bool) {
        self.0.retain(|name, _| wanted(name));
    }

    /// Takes over other images; where names are the same, theirs count.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }
}

/// What an image is called on a runtime that needs no registry.
fn reference(name: &str) -> String {
    format!("localhost/{name}:v1")
}

fn image(name: &str, entry: ImageEntry, total: &mut usize) -> Result<Image, FormatError> {
    let mut image = Image { reference: reference(name), user: entry.user, ..Image::default() };
    image.files.insert("/etc", FileNode::directory());
    let mut count = |length: usize| {
        *total = total.saturating_add(length);
        if *total <= MAX_CONTENT_BYTES {
            return Ok(());
        }
        Err(FormatError::TooLarge { image: name.to_owned() })
    };
    for (path, content) in [("/etc/passwd", entry.passwd), ("/etc/group", entry.group)] {
        if let Some(content) = content {
            count(content.len())?;
            image.files.insert(path, FileNode::file(content.into_bytes()));
        }
    }
    for (path, file) in entry.files {
        let node = match file {
            FileEntry { content: Some(pieces), link: None, directory: false } => {
                let lengths =
                    pieces.iter().map(|piece| piece.text.len().saturating_mul(piece.times));
                count(lengths.fold(0, usize::saturating_add))?;
                let pieces = pieces.iter().map(|piece| piece.text.repeat(piece.times));
                FileNode::file(pieces.collect::<String>().into_bytes())
            }
            FileEntry { content: None, link: Some(target), directory: false } => {
                FileNode::symlink(target)
            }
            FileEntry { content: None, link: None, directory: true } => FileNode::directory(),
            _ => return Err(FormatError::Kind { image: name.to_owned(), path }),
        };
        image.files.insert(&path, node);
    }
    Ok(image)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_what_its_entry_says() {
        let text = r#"{"a": {"passwd": "x", "group": null, "user": "7",
            "files": {"/etc/group": {"content": [{"text": "ab", "times": 2}, {"text": "c"}]},
                      "/l": {"link": "/etc"}, "/d": {"directory": true}}}}"#;
        let images = Images::parse(text).expect("it is well-formed");
        let image = images.get("a").expect("it was given");
        assert_eq!((image.reference.as_str(), image.user.as_str()), ("localhost/a:v1", "7"));
        assert_eq!(image.files.read("/l/group").as_deref(), Ok(b"ababc".as_slice()));
        assert_eq!(image.files.get("/d"), Some(&FileNode::directory()));
    }

    #[test]
    fn hostile_images_are_refused() {
        for (text, part) in [
            ("{", "1:1: EOF"),
            (r#"{"a": {"users": ""}}"#, "unknown field `users`"),
            (r#"{"a": {"files": {"/x": {}}}}"#, "exactly one of"),
            (r#"{"a": {"files": {"/x": {"link": "/", "directory": true}}}}"#, "exactly one of"),
            (
                r#"{"a": {"files": {"/x": {"content": [{"text": "aa", "times": 9223372036854775807}]}}}}"#,
                "larger than",
            ),
        ] {
            let error = Images::parse(text).expect_err(text).to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
