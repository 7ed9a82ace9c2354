//! Who asks a registry: what the usual docker configuration says.

use std::path::PathBuf;

use docker_credential::{CredentialRetrievalError, DockerCredential, get_credential};

use super::PullProblem;

/// What the docker configuration calls Docker Hub.
const DOCKER_HUB: (&str, &str) = ("docker.io", "https://index.docker.io/v1/");

/// A user and a password; none for a registry that the configuration does not know.
///
/// # Errors
/// [`PullProblem::Credentials`], [`PullProblem::IdentityToken`].
pub(super) fn credentials(registry: &str) -> Result<Option<(String, String)>, PullProblem> {
    if configuration().is_none() {
        return Ok(None);
    }
    let server = if registry == DOCKER_HUB.0 { DOCKER_HUB.1 } else { registry };
    match get_credential(server) {
        Ok(DockerCredential::UsernamePassword(user, password)) => Ok(Some((user, password))),
        Ok(DockerCredential::IdentityToken(_)) => {
            Err(PullProblem::IdentityToken(registry.to_owned()))
        }
        Err(
            CredentialRetrievalError::ConfigNotFound
            | CredentialRetrievalError::NoCredentialConfigured,
        ) => Ok(None),
        Err(source) => Err(PullProblem::Credentials { registry: registry.to_owned(), source }),
    }
}

/// The docker configuration's file, where there is one.
fn configuration() -> Option<PathBuf> {
    let folder = match std::env::var_os("DOCKER_CONFIG") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(std::env::var_os("HOME")?).join(".docker"),
    };
    Some(folder.join("config.json")).filter(|file| file.exists())
}
