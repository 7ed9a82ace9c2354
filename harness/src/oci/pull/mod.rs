//! Images straight from a registry.
//!
//! Credentials are those of the usual docker configuration. Registries on
//! loopback are asked without TLS, as Docker does; all others only with it.
//! What is pulled goes into a file without a name, so that nothing is left
//! however the program ends.

mod client;
mod credentials;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::time::Duration;

use docker_credential::CredentialRetrievalError;
use fake_cri::image::normalise_reference;
use oci_spec::distribution::{ParseError, Reference};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::archive::documents::{Index, MAX_DEPTH, Manifest};
use super::archive::file::{Blob, MAX_DOCUMENT_BYTES, hexadecimal};
use super::archive::{self, ImageAccounts, Problem};
use crate::report::{counted, shown_line};
use client::Client;
use credentials::credentials;

/// The most bytes of an image.
const MAX_BYTES: u64 = 16 * 1024 * 1024 * 1024;

/// Why an image could not be pulled.
#[derive(Debug, Error)]
#[error("image {image} cannot be pulled: {problem}")]
pub struct PullError {
    /// The reference.
    pub image: String,
    /// What is wrong.
    pub problem: PullProblem,
}

/// What is wrong with a pull.
#[derive(Debug, Error)]
pub enum PullProblem {
    /// The reference is none.
    #[error("it is no image reference: {0}")]
    Reference(#[from] ParseError),
    /// The docker configuration has credentials that cannot be had.
    #[error("the docker configuration has credentials for {registry} that cannot be had: {source}")]
    Credentials {
        /// The registry.
        registry: String,
        /// Why not.
        source: CredentialRetrievalError,
    },
    /// The docker configuration has a token of a kind that a registry does not take.
    #[error(
        "the docker configuration has an identity token for {0}; log in with user and password"
    )]
    IdentityToken(String),
    /// The registry does not let this user read it.
    #[error(
        "{0} does not let you read it; check the name, and log in with `docker login {0}` if it is \
         private"
    )]
    Denied(String),
    /// The registry sends for a token to somebody who gives none.
    #[error("{0} asks for a token, and who is to give one gives none; ask its operator")]
    Token(String),
    /// The registry has no such image.
    #[error("{0} has no such image; check the name and the tag")]
    NotFound(String),
    /// The registry takes no more requests.
    #[error("{0} takes no more requests for now; log in with `docker login {0}`, or try later")]
    TooMany(String),
    /// The registry did not answer in time.
    #[error("{0} does not answer in time")]
    Timeout(String),
    /// It takes too long.
    #[error("it is not there after {}; --pull-timeout allows more", in_seconds(*.0))]
    TooSlow(Duration),
    /// The registry has no image for linux.
    #[error("there is no image for linux among its platforms")]
    NoPlatform,
    /// It is larger than anything sensible.
    #[error("it has more than {MAX_BYTES} bytes")]
    TooLarge,
    /// A document of it is larger than anything sensible.
    #[error("{document} has more than {most} bytes")]
    DocumentTooLarge {
        /// Which.
        document: &'static str,
        /// The most that is read.
        most: u64,
    },
    /// A blob has another size than the manifest says.
    #[error("{registry} sends another number of bytes than the manifest says of {digest}")]
    OtherSize {
        /// The registry.
        registry: String,
        /// The blob.
        digest: String,
    },
    /// The registry sends something else than was asked for.
    #[error("{registry} sends something else than {digest}, by its digest; do not trust it")]
    OtherContent {
        /// The registry.
        registry: String,
        /// What was asked for.
        digest: String,
    },
    /// A manifest is none.
    #[error("the manifest is not as specified: {0}")]
    Manifest(#[from] serde_json::Error),
    /// A manifest is of another kind, such as Docker's first.
    #[error("what it names is no image, or one of a kind that is long out of use")]
    NoImage,
    /// Indexes lead to indexes without end.
    #[error("indexes inside indexes go too deep")]
    TooDeep,
    /// The registry answers with an error.
    #[error("{registry} answers with status {status}: {}", shown_line(said))]
    Status {
        /// The registry.
        registry: String,
        /// The HTTP status.
        status: u16,
        /// The start of what it says.
        said: String,
    },
    /// The registry fails, or cannot be reached.
    #[error("{registry} cannot be asked: {}", cause(source.as_ref()))]
    Registry {
        /// The registry.
        registry: String,
        /// Why not.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What was pulled cannot be read as an image.
    #[error(transparent)]
    Content(#[from] Problem),
    /// It cannot be kept.
    #[error("it cannot be kept in the folder for temporary files: {0}")]
    Keep(#[from] io::Error),
}

/// What caused an error in the end: clients wrap that many times over.
fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut last = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    shown_line(&last.to_string())
}

fn in_seconds(time: Duration) -> String {
    counted(usize::try_from(time.as_secs()).unwrap_or(usize::MAX), "second")
}

/// Told how many bytes have come since it was told last.
pub type Received<'a> = &'a (dyn Fn(u64) + Sync);

/// Pulls an image and reads its user files, within a time.
///
/// Of an index the image for linux and the architecture is taken, else the first for linux. What cannot be interrupted may go on for a while after the time is over: the tokio
/// runtime is not to wait for it.
///
/// # Errors
/// [`PullError`].
pub async fn pull(
    image: &str,
    architecture: &str,
    within: Duration,
    received: Received<'_>,
) -> Result<ImageAccounts, PullError> {
    let accounts = async {
        let pulled = pull_all(image, architecture, received).await?;
        aside(move || pulled.accounts()).await?.map_err(PullProblem::Content)
    };
    let accounts = tokio::time::timeout(within, accounts).await;
    let accounts = accounts.unwrap_or(Err(PullProblem::TooSlow(within)));
    accounts.map_err(|problem| PullError { image: shown_line(image), problem })
}

/// Does what takes a while beside everything else.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, PullProblem> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| PullProblem::Keep(io::Error::other(error)))
}

/// An image on this machine.
struct Pulled {
    image: String,
    file: File,
    places: HashMap<String, (u64, u64)>,
    manifest: Manifest,
    digest: String,
}

impl Pulled {
    /// Reads its user files; this takes a while.
    fn accounts(self) -> Result<ImageAccounts, Problem> {
        let Self { image, file, places, manifest, digest } = self;
        archive::accounts_of_blobs(file, places, &manifest, &image, &digest)
    }
}

async fn pull_all(
    image: &str,
    architecture: &str,
    received: Received<'_>,
) -> Result<Pulled, PullProblem> {
    let reference: Reference = normalise_reference(image).parse()?;
    let registry = reference.registry();
    let asked = registry.to_owned();
    // Programs that keep credentials may ask their user.
    let credentials = aside(move || credentials(&asked)).await??;
    let mut client = Client::new(&reference, credentials)?;
    let mut store = Store::new()?;
    let (manifest, digest) = manifest(&mut client, &reference, architecture).await?;

    if manifest.config.size > Some(MAX_DOCUMENT_BYTES) {
        let most = MAX_DOCUMENT_BYTES;
        return Err(PullProblem::DocumentTooLarge { document: "the config", most });
    }
    let mut left = MAX_BYTES;
    for descriptor in std::iter::once(&manifest.config).chain(&manifest.layers) {
        let blob = Blob::of_digest(&descriptor.digest)?;
        let size = descriptor.size.ok_or(PullProblem::NoImage)?;
        left = left.checked_sub(size).ok_or(PullProblem::TooLarge)?;
        if store.has(&blob) {
            continue;
        }
        let other_size = || PullProblem::OtherSize {
            registry: registry.to_owned(),
            digest: descriptor.digest.clone(),
        };
        let mut body = client.blob(&descriptor.digest).await?;
        let mut missing = size;
        let mut hasher = Sha256::new();
        while let Some(piece) = body.next().await? {
            let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
            missing = missing.checked_sub(length).ok_or_else(other_size)?;
            hasher.update(&piece);
            store.file.write_all(&piece)?;
            received(length);
        }
        if missing > 0 {
            return Err(other_size());
        }
        expect_digest(registry, &descriptor.digest, hasher)?;
        store.place(blob, size);
    }
    let Store { file, places, .. } = store;
    Ok(Pulled { image: image.to_owned(), file, places, manifest, digest })
}

/// The image's manifest, and the digest by which the image is pulled.
async fn manifest(
    client: &mut Client,
    reference: &Reference,
    architecture: &str,
) -> Result<(Manifest, String), PullProblem> {
    let registry = reference.registry();
    let mut name = reference.digest().or(reference.tag()).unwrap_or("latest").to_owned();
    let mut first = None;
    for _ in 0..MAX_DEPTH {
        let is_digest = name.contains(':');
        if is_digest {
            // What an index says becomes part of an address.
            Blob::of_digest(&name)?;
        }
        let bytes = client.manifest(&name).await?;
        let hasher = Sha256::new_with_prefix(&bytes);
        let digest = format!("sha256:{}", hexadecimal(&hasher.clone().finalize()));
        if is_digest {
            expect_digest(registry, &name, hasher)?;
        }
        let digest = first.get_or_insert(digest);
        let document: Json = serde_json::from_slice(&bytes)?;
        if document.get("manifests").is_some() {
            let index: Index = serde_json::from_value(document)?;
            name.clone_from(&index.for_linux(architecture).ok_or(PullProblem::NoPlatform)?.digest);
        } else if document.get("config").is_some() {
            return Ok((serde_json::from_value(document)?, digest.clone()));
        } else {
            return Err(PullProblem::NoImage);
        }
    }
    Err(PullProblem::TooDeep)
}

fn expect_digest(registry: &str, expected: &str, hasher: Sha256) -> Result<(), PullProblem> {
    if expected.strip_prefix("sha256:") == Some(&hexadecimal(&hasher.finalize())) {
        return Ok(());
    }
    let (registry, digest) = (registry.to_owned(), shown_line(expected));
    Err(PullProblem::OtherContent { registry, digest })
}

/// Blobs, one after the other in a file without a name.
struct Store {
    file: File,
    length: u64,
    places: HashMap<String, (u64, u64)>,
}

impl Store {
    fn new() -> io::Result<Self> {
        Ok(Self { file: tempfile::tempfile()?, length: 0, places: HashMap::new() })
    }

    fn has(&self, blob: &Blob) -> bool {
        self.places.contains_key(&blob.path)
    }

    /// The bytes that were written last are this blob.
    fn place(&mut self, blob: Blob, size: u64) {
        self.places.insert(blob.path, (self.length, size));
        self.length += size;
    }
}
