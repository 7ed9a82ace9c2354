//! Options of the commands that look at the images of manifests, and where images come from.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use fake_cri::image::normalise_reference;
use futures_util::StreamExt;

use super::progress::Progress;
use super::{CommandError, wait_for};
use crate::explain::images::{ImageError, Images, Source};
use crate::explain::{Manifests, references};
use crate::oci::archive::ImageAccounts;
use crate::oci::{PullError, pull};

/// How many images are pulled at once.
const AT_ONCE: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Pull {
    /// Pull what no archive has; all of it must be had.
    Missing,
    /// Pull what no archive has; what cannot be had is said to be so.
    Try,
    /// Pull nothing; what is not known is said to be so.
    Never,
}

/// What images are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A few manifests of which everything is to be known.
    Explain,
    /// Many manifests, of which as much as possible is to be known.
    Audit,
}

/// Where images come from.
#[derive(Debug, Args)]
pub(super) struct ImageOptions {
    /// Take images from this archive (OCI layout or docker save, also compressed, also unpacked as
    /// a folder); repeatable.
    #[arg(long, value_name = "FILE")]
    image_archive: Vec<PathBuf>,
    /// Take the image NAME from an archive with one image; repeatable. Without =FILE: explain
    /// every container as if it ran the image of this name.
    #[arg(long, value_name = "NAME[=FILE]", value_parser = image)]
    image: Vec<ImageOption>,
    /// Whether images that no archive has are pulled from their registries, with the credentials
    /// of the docker configuration; by default, explain does as with missing and audit as with
    /// try.
    #[arg(long, value_enum)]
    pull: Option<Pull>,
    /// How many seconds an image may take to be pulled.
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pull_timeout: u64,
}

/// What `--image` says.
#[derive(Debug, Clone)]
enum ImageOption {
    /// Where an image is.
    In(String, PathBuf),
    /// Which image all containers run.
    ForAll(String),
}

fn image(text: &str) -> Result<ImageOption, String> {
    let wrong = || "write it as NAME, or as NAME=FILE".to_owned();
    match text.split_once('=') {
        Some((name, path)) if !name.is_empty() && !path.is_empty() => {
            Ok(ImageOption::In(name.to_owned(), path.into()))
        }
        None if !text.is_empty() => Ok(ImageOption::ForAll(text.to_owned())),
        _ => Err(wrong()),
    }
}

impl ImageOptions {
    /// The images that the manifests need, for an architecture.
    ///
    /// # Errors
    /// [`CommandError`] for the first archive that is wrong, and where all images must be had, for
    /// the first that cannot be.
    pub(super) fn images(
        &self,
        manifests: &Manifests,
        architecture: Option<&str>,
        purpose: Purpose,
    ) -> Result<Images, CommandError> {
        let for_all = self.for_all(purpose)?;
        let architecture = architecture.unwrap_or(toolbox::ARCHITECTURE);
        let mut images = Images::of_architecture(architecture);
        let wrong = |error: ImageError| CommandError::Usage(error.to_string());
        for path in &self.image_archive {
            images.add_archive(path).map_err(wrong)?;
        }
        let mut places = BTreeMap::new();
        for option in &self.image {
            let ImageOption::In(reference, path) = option else { continue };
            if let Some(first) = places.insert(normalise_reference(reference), path) {
                return Err(CommandError::Usage(format!(
                    "image {reference} cannot be both {} and {}; give one --image for it",
                    first.display(),
                    path.display()
                )));
            }
            images.add_named(reference, path).map_err(wrong)?;
        }
        let named: BTreeSet<String> =
            references(manifests).into_iter().map(normalise_reference).collect();
        let wanted = match for_all {
            Some(reference) => BTreeSet::from([normalise_reference(reference)]),
            None => named.clone(),
        };
        images.check(&wanted).map_err(wrong)?;
        if purpose == Purpose::Explain && for_all.is_none() {
            images.fill_in(&wanted);
        }
        self.pull_missing(&wanted, architecture, &mut images, purpose)?;
        if let Some(reference) = for_all {
            images.replace_all(&named, reference);
        }
        Ok(images)
    }

    /// The image that all containers run.
    fn for_all(&self, purpose: Purpose) -> Result<Option<&str>, CommandError> {
        let mut all = self.image.iter().filter_map(|option| match option {
            ImageOption::ForAll(reference) => Some(reference.as_str()),
            ImageOption::In(..) => None,
        });
        let first = all.next();
        match (purpose, first, all.next()) {
            (Purpose::Audit, Some(reference), _) => Err(CommandError::Usage(format!(
                "an audit is of the images that the manifests name; --image {reference}=FILE says \
                 where that one is, and gidcheck explain --image {reference} looks at manifests as \
                 if they ran it"
            ))),
            (_, Some(first), Some(second)) => Err(CommandError::Usage(format!(
                "containers cannot run both {first} and {second}; give one --image without =FILE"
            ))),
            _ => Ok(first),
        }
    }

    fn pull_missing(
        &self,
        wanted: &BTreeSet<String>,
        architecture: &str,
        images: &mut Images,
        purpose: Purpose,
    ) -> Result<(), CommandError> {
        let missing = images.missing(wanted);
        if missing.is_empty() {
            return Ok(());
        }
        let others = images.names_left_over(wanted).map(|names| {
            format!("the archives have {names}; --image NAME=FILE says which one it is")
        });
        let pull = self.pull.unwrap_or(match purpose {
            Purpose::Explain => Pull::Missing,
            Purpose::Audit => Pull::Try,
        });
        if pull == Pull::Never {
            let why = others.unwrap_or_else(|| "it was not to be pulled".to_owned());
            missing.iter().for_each(|reference| images.add_unknown(reference, why.clone()));
            return Ok(());
        }
        let progress = Progress::of_images(missing.len());
        let pulled =
            wait_for(self.pull_all(&missing, architecture, pull == Pull::Missing, &progress))?;
        progress.finish();
        for (reference, accounts) in pulled {
            match accounts {
                Ok(accounts) => images.add(&reference, accounts, Source::Registry),
                Err(error) if pull == Pull::Missing => {
                    let advice = others.unwrap_or_else(|| ADVICE.to_owned());
                    let what = format!("an image cannot be had ({advice})");
                    return Err(CommandError::environment(what, error));
                }
                Err(error) => images.add_unknown(&reference, error.problem.to_string()),
            }
        }
        Ok(())
    }

    /// Pulls images, a few at once; where all must be had, only until one cannot be.
    async fn pull_all(
        &self,
        references: &BTreeSet<String>,
        architecture: &str,
        must_be_had: bool,
        progress: &Progress,
    ) -> Vec<(String, Result<ImageAccounts, PullError>)> {
        let within = Duration::from_secs(self.pull_timeout);
        let received = |bytes| progress.receive(bytes);
        let mut pulls = futures_util::stream::iter(references)
            .map(|reference| async {
                let accounts = pull(reference, architecture, within, &received).await;
                progress.advance();
                (reference.clone(), accounts)
            })
            .buffer_unordered(AT_ONCE);
        let mut all = Vec::new();
        while let Some(one) = pulls.next().await {
            let is_last = must_be_had && one.1.is_err();
            all.push(one);
            if is_last {
                break;
            }
        }
        all
    }
}

const ADVICE: &str = "give it with --image-archive, go on without it with --pull try, or do \
                      without any with --pull never";
