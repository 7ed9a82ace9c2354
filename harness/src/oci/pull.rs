//! Images straight from a registry, as a client of it: into a folder, as an image layout.
//!
//! Credentials are those of the usual docker configuration. Registries on
//! loopback are asked without TLS, as Docker does; all others only with it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use docker_credential::{CredentialRetrievalError, DockerCredential, get_credential};
use futures_util::StreamExt;
use oci_client::client::{Client, ClientConfig, ClientProtocol};
use oci_client::errors::{OciDistributionError, OciErrorCode};
use oci_client::manifest::{
    IMAGE_MANIFEST_LIST_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE, OCI_IMAGE_INDEX_MEDIA_TYPE,
    OCI_IMAGE_MEDIA_TYPE, OciDescriptor, OciImageManifest, OciManifest,
};
use oci_client::secrets::RegistryAuth;
use oci_client::{ParseError, Reference};
use thiserror::Error;

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a registry may be silent.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a registry may take for a manifest.
const MANIFEST_TIMEOUT: Duration = Duration::from_secs(60);
/// The most bytes of an image.
const MAX_BYTES: u64 = 16 * 1024 * 1024 * 1024;

/// What is understood.
const MEDIA_TYPES: &[&str] = &[
    OCI_IMAGE_INDEX_MEDIA_TYPE,
    OCI_IMAGE_MEDIA_TYPE,
    IMAGE_MANIFEST_LIST_MEDIA_TYPE,
    IMAGE_MANIFEST_MEDIA_TYPE,
];

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
    /// The registry has no such image.
    #[error("{0} has no such image; check the name and the tag")]
    NotFound(String),
    /// The registry did not answer in time.
    #[error("{0} does not answer in time")]
    Timeout(String),
    /// The registry has no image for linux.
    #[error("there is no image for linux among its platforms")]
    NoPlatform,
    /// It is larger than anything sensible.
    #[error("it has more than {MAX_BYTES} bytes")]
    TooLarge,
    /// A manifest is none.
    #[error("the manifest is not as specified: {0}")]
    Manifest(#[from] serde_json::Error),
    /// The registry fails, or cannot be reached.
    #[error("{}", chain(.0))]
    Registry(Box<OciDistributionError>),
    /// It cannot be kept.
    #[error("it cannot be kept: {0}")]
    Keep(#[from] io::Error),
}

/// An error and what caused it, in one line: clients say why only at the end.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

/// Told how many bytes of how many are there.
pub type PullProgress<'a> = &'a (dyn Fn(u64, u64) + Sync);

/// Pulls an image into a folder as an image layout, which [`super::archive`] reads.
///
/// Of an index the image for linux and this program's architecture is taken, else the first for
/// linux.
///
/// # Errors
/// [`PullError`].
pub async fn pull(image: &str, into: &Path, progress: PullProgress<'_>) -> Result<(), PullError> {
    pull_all(image, into, progress)
        .await
        .map_err(|problem| PullError { image: image.escape_debug().to_string(), problem })
}

async fn pull_all(image: &str, into: &Path, progress: PullProgress<'_>) -> Result<(), PullProblem> {
    let reference: Reference = image.parse()?;
    let registry = reference.registry().to_owned();
    let failed = |error| failure(&registry, error);
    let auth = credentials(&reference)?;
    // Whoever came first has chosen; the choice is the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::try_from(config(&reference)).map_err(failed)?;
    let layout = Layout::new(into)?;

    let manifest = manifest(&client, &reference, &auth).await?;
    let top = layout.keep_bytes(&manifest.bytes, &manifest.digest)?;
    let manifest: OciImageManifest = match serde_json::from_slice(&manifest.bytes)? {
        OciManifest::Image(manifest) => manifest,
        OciManifest::ImageIndex(index) => {
            let platform = |architecture: Option<&str>| {
                index.manifests.iter().find(|entry| {
                    entry.platform.as_ref().is_some_and(|platform| {
                        platform.os.to_string() == "linux"
                            && architecture.is_none_or(|it| platform.architecture.to_string() == it)
                    })
                })
            };
            let entry = platform(Some(toolbox::ARCHITECTURE)).or_else(|| platform(None));
            let digest = entry.ok_or(PullProblem::NoPlatform)?.digest.clone();
            let chosen =
                self::manifest(&client, &reference.clone_with_digest(digest), &auth).await?;
            layout.keep_bytes(&chosen.bytes, &chosen.digest)?;
            serde_json::from_slice(&chosen.bytes)?
        }
    };
    let blobs: Vec<&OciDescriptor> =
        std::iter::once(&manifest.config).chain(&manifest.layers).collect();
    let sizes = blobs.iter().map(|blob| u64::try_from(blob.size).unwrap_or(0));
    let total = sizes.fold(0, u64::saturating_add);
    if total > MAX_BYTES {
        return Err(PullProblem::TooLarge);
    }
    let mut done = 0;
    for blob in blobs {
        let mut file = layout.create(&blob.digest)?;
        let mut stream = client.pull_blob_stream(&reference, blob).await.map_err(failed)?;
        while let Some(bytes) = stream.next().await {
            let bytes = bytes?;
            done += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            // A registry may send more than its manifest says.
            if done > total {
                return Err(PullProblem::TooLarge);
            }
            file.write_all(&bytes)?;
            progress(done, total);
        }
    }
    Ok(layout.finish(&top, image)?)
}

struct Manifest {
    bytes: bytes::Bytes,
    digest: String,
}

async fn manifest(
    client: &Client,
    reference: &Reference,
    auth: &RegistryAuth,
) -> Result<Manifest, PullProblem> {
    let registry = reference.registry();
    let asking = client.pull_manifest_raw(reference, auth, MEDIA_TYPES);
    let answer = tokio::time::timeout(MANIFEST_TIMEOUT, asking).await;
    let answer = answer.map_err(|_| PullProblem::Timeout(registry.to_owned()))?;
    let (bytes, digest) = answer.map_err(|error| failure(registry, error))?;
    Ok(Manifest { bytes, digest })
}

fn config(reference: &Reference) -> ClientConfig {
    let registry = reference.resolve_registry().to_owned();
    let protocol = if is_on_loopback(&registry) {
        ClientProtocol::HttpsExcept(vec![registry])
    } else {
        ClientProtocol::Https
    };
    ClientConfig {
        protocol,
        connect_timeout: Some(CONNECT_TIMEOUT),
        read_timeout: Some(READ_TIMEOUT),
        user_agent: concat!("gidcheck/", env!("CARGO_PKG_VERSION")),
        ..ClientConfig::default()
    }
}

/// Whether a registry, with or without a port, is on this machine.
fn is_on_loopback(registry: &str) -> bool {
    let host = match registry.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => registry.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// What the docker configuration calls Docker Hub.
const DOCKER_HUB: (&str, &str) = ("docker.io", "https://index.docker.io/v1/");

/// The docker configuration's file, where there is one.
fn docker_configuration() -> Option<PathBuf> {
    let folder = match std::env::var_os("DOCKER_CONFIG") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(std::env::var_os("HOME")?).join(".docker"),
    };
    Some(folder.join("config.json")).filter(|file| file.exists())
}

fn credentials(reference: &Reference) -> Result<RegistryAuth, PullProblem> {
    if docker_configuration().is_none() {
        return Ok(RegistryAuth::Anonymous);
    }
    let registry = reference.registry();
    let server = if registry == DOCKER_HUB.0 { DOCKER_HUB.1 } else { registry };
    match get_credential(server) {
        Ok(DockerCredential::UsernamePassword(user, password)) => {
            Ok(RegistryAuth::Basic(user, password))
        }
        Ok(DockerCredential::IdentityToken(_)) => {
            Err(PullProblem::IdentityToken(registry.to_owned()))
        }
        Err(
            CredentialRetrievalError::ConfigNotFound
            | CredentialRetrievalError::NoCredentialConfigured,
        ) => Ok(RegistryAuth::Anonymous),
        Err(source) => Err(PullProblem::Credentials { registry: registry.to_owned(), source }),
    }
}

fn failure(registry: &str, error: OciDistributionError) -> PullProblem {
    let registry = registry.to_owned();
    match &error {
        OciDistributionError::UnauthorizedError { .. }
        | OciDistributionError::AuthenticationFailure(_)
        | OciDistributionError::ServerError { code: 401 | 403, .. } => {
            PullProblem::Denied(registry)
        }
        OciDistributionError::ImageManifestNotFoundError(_)
        | OciDistributionError::ServerError { code: 404, .. } => PullProblem::NotFound(registry),
        OciDistributionError::RegistryError { envelope, .. } => {
            let has = |codes: &[OciErrorCode]| {
                envelope.errors.iter().any(|error| codes.contains(&error.code))
            };
            if has(&[OciErrorCode::ManifestUnknown, OciErrorCode::NameUnknown]) {
                PullProblem::NotFound(registry)
            } else if has(&[OciErrorCode::Unauthorized, OciErrorCode::Denied]) {
                PullProblem::Denied(registry)
            } else {
                PullProblem::Registry(Box::new(error))
            }
        }
        _ => PullProblem::Registry(Box::new(error)),
    }
}

/// An image layout under construction.
struct Layout {
    root: PathBuf,
}

impl Layout {
    fn new(root: &Path) -> io::Result<Self> {
        fs::create_dir_all(root.join("blobs/sha256"))?;
        Ok(Self { root: root.to_owned() })
    }

    /// The file for a blob. Only hexadecimal digits become part of a path.
    fn create(&self, digest: &str) -> io::Result<File> {
        let digits = digest.strip_prefix("sha256:").filter(|digits| {
            digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
        let digits = digits.ok_or_else(|| {
            let what = format!("{digest:?} is no sha256 digest");
            io::Error::new(io::ErrorKind::InvalidData, what)
        })?;
        File::create(self.root.join("blobs/sha256").join(digits))
    }

    fn keep_bytes(&self, bytes: &[u8], digest: &str) -> io::Result<serde_json::Value> {
        self.create(digest)?.write_all(bytes)?;
        let media_type = serde_json::from_slice::<serde_json::Value>(bytes).ok();
        let media_type = media_type.and_then(|document| document.get("mediaType").cloned());
        Ok(serde_json::json!({"digest": digest, "mediaType": media_type.unwrap_or_default()}))
    }

    /// Writes the index, by which the image has its name.
    fn finish(&self, top: &serde_json::Value, reference: &str) -> io::Result<()> {
        let mut top = top.clone();
        if top["mediaType"].is_null() {
            top["mediaType"] = "".into();
        }
        top["annotations"] = serde_json::json!({"org.opencontainers.image.ref.name": reference,
                "io.containerd.image.name": reference});
        let index = serde_json::json!({"schemaVersion": 2, "manifests": [top]});
        fs::write(self.root.join("index.json"), index.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_registries_of_this_machine_are_asked_without_tls() {
        for registry in ["localhost", "localhost:5000", "127.0.0.1:5000", "127.8.0.1", "[::1]:5000"]
        {
            assert!(is_on_loopback(registry), "{registry}");
        }
        for registry in ["docker.io", "localhost.example:5000", "10.0.0.1:5000", "[2001:db8::1]:5"]
        {
            assert!(!is_on_loopback(registry), "{registry}");
        }
    }
}
