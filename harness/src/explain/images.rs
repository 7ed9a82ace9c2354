//! The images of manifests: out of archives, out of registries, or built in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fake_cri::Image;
use fake_cri::image::normalise_reference;
use thiserror::Error;

use crate::oci::archive::{ArchiveError, ImageAccounts, read_accounts};
use crate::report::shown_line;

/// The most names of images that are listed in a sentence.
const MAX_LISTED: usize = 8;

/// What is wrong with the archives that are given.
#[derive(Debug, Error)]
pub enum ImageError {
    /// An archive cannot be read.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// An archive that is to be one image has several, or none.
    #[error(
        "{} is to be image {reference}, but has {count} images ({names}); give it with \
         --image-archive, and its images go by their own names",
        path.display()
    )]
    NotOne {
        /// The name that was given.
        reference: String,
        /// The archive.
        path: PathBuf,
        /// How many images it has.
        count: usize,
        /// What they are called.
        names: String,
    },
    /// Two images have the same name.
    #[error(
        "{} has two different images of the name {reference}; say with --image {reference}=FILE \
         which one it is",
        together(first, second)
    )]
    Twice {
        /// The name.
        reference: String,
        /// An archive.
        first: PathBuf,
        /// Another, or the same.
        second: PathBuf,
    },
}

fn together(first: &Path, second: &Path) -> String {
    if first == second {
        return first.display().to_string();
    }
    format!("{} together with {}", first.display(), second.display())
}

/// Where an image was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// In an archive, or in a folder with an image layout.
    Archive(PathBuf),
    /// In the registry that its name leads to.
    Registry,
    /// In this program, as in every simulated cluster.
    BuiltIn,
}

/// An image that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownImage {
    /// Its user files, and the layers that brought them.
    pub accounts: Arc<ImageAccounts>,
    /// Where it was found.
    pub source: Source,
    /// Whether it is looked at in place of the image that a manifest names.
    pub is_stand_in: bool,
}

impl KnownImage {
    /// What it is called where it was found; none where it has no name there.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.accounts.references.first().filter(|_| self.accounts.is_named).map(String::as_str)
    }

    /// All complete references that it answers to.
    fn names(&self) -> BTreeSet<String> {
        let references = self.accounts.references.iter().map(|name| normalise_reference(name));
        let mut names: BTreeSet<_> = references.collect();
        if let Some(digest) = &self.accounts.digest {
            let of_digest = names.iter().filter(|_| self.accounts.is_named).map(|name| {
                let repository = name.rsplit_once(['@', ':']).map_or(&**name, |(name, _)| name);
                normalise_reference(&format!("{repository}@{digest}"))
            });
            names.extend(of_digest.collect::<Vec<_>>());
        }
        names
    }
}

/// The images that are known, by their complete references.
#[derive(Debug)]
pub struct Images {
    known: BTreeMap<String, KnownImage>,
    /// Every image of the archives, under whatever name.
    archived: Vec<KnownImage>,
    /// For which architecture they are taken, where there are several.
    architecture: String,
    /// References that mean one image in one archive and another one in the other.
    twice: BTreeMap<String, (PathBuf, PathBuf)>,
    /// Why others are not known.
    unknown: BTreeMap<String, String>,
}

impl Default for Images {
    /// No image but the one of the published manifests, which every simulated cluster has.
    fn default() -> Self {
        let image = Image::agnhost();
        let reference = normalise_reference(&image.reference);
        let accounts = ImageAccounts {
            references: vec![image.reference.clone()],
            is_named: true,
            image,
            ..ImageAccounts::default()
        };
        let source = Source::BuiltIn;
        let known = KnownImage { accounts: Arc::new(accounts), source, is_stand_in: false };
        Self {
            known: BTreeMap::from([(reference, known)]),
            archived: Vec::new(),
            architecture: toolbox::ARCHITECTURE.to_owned(),
            twice: BTreeMap::new(),
            unknown: BTreeMap::new(),
        }
    }
}

impl Images {
    /// No image yet but the built-in one; of those for several platforms the one for this
    /// architecture is taken.
    #[must_use]
    pub fn of_architecture(architecture: &str) -> Self {
        Self { architecture: architecture.to_owned(), ..Self::default() }
    }

    /// Adds every image of an archive, by the names that the archive gives.
    ///
    /// # Errors
    /// [`ImageError::Archive`].
    pub fn add_archive(&mut self, path: &Path) -> Result<(), ImageError> {
        for accounts in read_accounts(path, &self.architecture)? {
            let source = Source::Archive(path.to_owned());
            let image = KnownImage { accounts: Arc::new(accounts), source, is_stand_in: false };
            for reference in image.names() {
                self.add_archived(reference, &image);
            }
            self.archived.push(image);
        }
        Ok(())
    }

    fn add_archived(&mut self, reference: String, image: &KnownImage) {
        let there = self.known.get(&reference);
        match (there.map(|there| &there.source), &image.source) {
            (Some(Source::Archive(first)), Source::Archive(second)) => {
                let is_same = there.is_some_and(|there| there.accounts.is_same_as(&image.accounts));
                if !is_same {
                    let both = (first.clone(), second.clone());
                    self.twice.entry(reference).or_insert(both);
                }
            }
            _ => {
                self.known.insert(reference, image.clone());
            }
        }
    }

    /// Adds the only image of an archive by another name, which goes before all others.
    ///
    /// # Errors
    /// [`ImageError::Archive`], [`ImageError::NotOne`].
    pub fn add_named(&mut self, reference: &str, path: &Path) -> Result<(), ImageError> {
        let mut found = read_accounts(path, &self.architecture)?;
        if found.len() == 1 {
            self.add(reference, found.remove(0), Source::Archive(path.to_owned()));
            return Ok(());
        }
        let names = found.iter().flat_map(|image| image.references.iter().map(String::as_str));
        Err(ImageError::NotOne {
            reference: reference.to_owned(),
            path: path.to_owned(),
            count: found.len(),
            names: listed(names),
        })
    }

    /// Adds an image by a name.
    pub fn add(&mut self, reference: &str, accounts: ImageAccounts, source: Source) {
        let reference = normalise_reference(reference);
        self.twice.remove(&reference);
        let image = KnownImage { accounts: Arc::new(accounts), source, is_stand_in: false };
        self.known.insert(reference, image);
    }

    /// Says why an image is not known.
    pub fn add_unknown(&mut self, reference: &str, why: String) {
        self.unknown.insert(normalise_reference(reference), why);
    }

    /// Whether archives agree on what they call by these references.
    ///
    /// # Errors
    /// [`ImageError::Twice`] for the first on which they do not.
    pub fn check(&self, wanted: &BTreeSet<String>) -> Result<(), ImageError> {
        let twice = wanted.iter().find_map(|name| Some((name, self.twice.get(name)?)));
        twice.map_or(Ok(()), |(reference, (first, second))| {
            Err(ImageError::Twice {
                reference: reference.clone(),
                first: first.clone(),
                second: second.clone(),
            })
        })
    }

    /// Those of some complete references that are not known yet.
    #[must_use]
    pub fn missing(&self, wanted: &BTreeSet<String>) -> BTreeSet<String> {
        wanted.iter().filter(|name| !self.known.contains_key(*name)).cloned().collect()
    }

    /// Takes the only image of the archives that nothing names for the only one that is missing.
    pub fn fill_in(&mut self, wanted: &BTreeSet<String>) {
        let missing = self.missing(wanted);
        let mut over = self.left_over(wanted);
        let (Some(first), Some(reference)) = (over.next(), missing.first()) else { return };
        // The same image may be there more than once.
        let is_only = over.all(|other| other.accounts.is_same_as(&first.accounts));
        let image = KnownImage { is_stand_in: true, ..first.clone() };
        drop(over);
        if is_only && missing.len() == 1 {
            self.known.insert(reference.clone(), image);
        }
    }

    /// The images of the archives that none of these references names.
    fn left_over<'a>(
        &'a self,
        wanted: &'a BTreeSet<String>,
    ) -> impl Iterator<Item = &'a KnownImage> {
        self.archived.iter().filter(|image| image.names().is_disjoint(wanted))
    }

    /// Names of the images that archives have and none of these references names; none where
    /// there are no such images.
    #[must_use]
    pub fn names_left_over(&self, wanted: &BTreeSet<String>) -> Option<String> {
        let over = self.left_over(wanted);
        let names: Vec<_> =
            over.map(|image| image.name().unwrap_or("one without a name")).collect();
        (!names.is_empty()).then(|| listed(names.into_iter()))
    }

    /// Makes all these references mean one image, which may be one that is not known.
    pub fn replace_all(&mut self, references: &BTreeSet<String>, by: &str) {
        let by = normalise_reference(by);
        let known = self.known.get(&by).cloned();
        let why = self.unknown.get(&by).cloned();
        for reference in references.iter().filter(|reference| **reference != by) {
            self.known.remove(reference);
            if let Some(known) = &known {
                let stand_in = KnownImage { is_stand_in: true, ..known.clone() };
                self.known.insert(reference.clone(), stand_in);
            } else if let Some(why) = &why {
                self.unknown.insert(reference.clone(), format!("in its place, {by}: {why}"));
            }
        }
    }

    /// The image with this reference, however short it is written.
    #[must_use]
    pub fn find(&self, reference: &str) -> Option<&KnownImage> {
        self.known.get(&normalise_reference(reference))
    }

    /// Why the image with this reference is not known, where that is known.
    #[must_use]
    pub fn why_unknown(&self, reference: &str) -> Option<&str> {
        self.unknown.get(&normalise_reference(reference)).map(String::as_str)
    }
}

/// Names, one after the other in a sentence.
fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.map(shown_line).collect();
    let shown = names.iter().take(MAX_LISTED).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MAX_LISTED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(name: &str, is_named: bool, digest: &str) -> KnownImage {
        let accounts = ImageAccounts {
            references: vec![name.to_owned()],
            is_named,
            digest: Some(digest.to_owned()),
            ..ImageAccounts::default()
        };
        let source = Source::Archive("web.tar".into());
        KnownImage { accounts: Arc::new(accounts), source, is_stand_in: false }
    }

    #[test]
    fn an_image_answers_to_its_name_and_to_its_digest() {
        let names = image("web:1", true, "sha256:12").names();
        for written in ["web:1", "docker.io/web:1", "web@sha256:12", "web:1@sha256:12"] {
            assert!(names.contains(&normalise_reference(written)), "{written}");
        }
        for other in ["web:2", "web:1@sha256:13", "team/web@sha256:12"] {
            assert!(!names.contains(&normalise_reference(other)), "{other}");
        }
        // What an archive does not name is nobody's digest.
        let unnamed = image("localhost/web:latest", false, "sha256:12").names();
        assert_eq!(unnamed, BTreeSet::from(["localhost/web:latest".to_owned()]));
    }

    #[test]
    fn many_names_are_listed_in_part() {
        assert_eq!(listed(["a", "b\u{1b}"].into_iter()), "a, b\\u{1b}");
        let many: Vec<_> = (0..10).map(|number| number.to_string()).collect();
        let text = listed(many.iter().map(String::as_str));
        assert_eq!(text, "0, 1, 2, 3, 4, 5, 6, 7 and 2 more");
    }
}
