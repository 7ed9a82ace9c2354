//! A client of one repository in one registry that believes nothing: what it reads is bounded.
//!
//! Client crates read manifests, tokens and what a registry says of an error
//! whole, however much that is (<https://github.com/oras-project/rust-oci-client/issues/206>).

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use oci_spec::distribution::Reference;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{Response, StatusCode};
use serde::Deserialize;

use super::PullProblem;
use crate::oci::archive::file::MAX_DOCUMENT_BYTES;

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a registry may be silent.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// The largest token, and the most that is read of what a registry says of an error, in bytes.
const MAX_ANSWER_BYTES: u64 = 1024 * 1024;
/// How much is shown of what a registry says of an error, in characters.
const SHOWN: usize = 200;

/// What is understood, of the specification and of Docker.
const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, \
                         application/vnd.oci.image.manifest.v1+json, \
                         application/vnd.docker.distribution.manifest.list.v2+json, \
                         application/vnd.docker.distribution.manifest.v2+json";

/// A client of one repository.
pub(super) struct Client {
    http: reqwest::Client,
    /// As people call it.
    registry: String,
    /// Such as `https://registry.example/v2/team/web`.
    base: String,
    repository: String,
    credentials: Option<(String, String)>,
    authorization: Option<HeaderValue>,
}

impl Client {
    /// A client for the repository of a reference, with a user and a password where it needs them.
    pub(super) fn new(
        reference: &Reference,
        credentials: Option<(String, String)>,
    ) -> Result<Self, PullProblem> {
        let registry = reference.registry().to_owned();
        let host = reference.resolve_registry();
        let is_here = is_on_loopback(host);
        // Whoever came first has chosen; the choice is the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut http = reqwest::Client::builder();
        if is_here {
            // No proxy has a way to this machine's own loopback.
            http = http.no_proxy();
        }
        let http = http
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            // Also where it sends us, for layers or for a token.
            .https_only(!is_here)
            .user_agent(concat!("gidcheck/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| failed(&registry, error))?;
        let scheme = if is_here { "http" } else { "https" };
        let repository = reference.repository().to_owned();
        Ok(Self {
            credentials,
            base: format!("{scheme}://{host}/v2/{repository}"),
            http,
            registry,
            repository,
            authorization: None,
        })
    }

    /// A manifest or an index, by tag or digest; no more than [`MAX_DOCUMENT_BYTES`].
    pub(super) async fn manifest(&mut self, name: &str) -> Result<Bytes, PullProblem> {
        let answer = self.get(&format!("manifests/{name}"), MANIFESTS).await?;
        let registry = &self.registry;
        read(answer, MAX_DOCUMENT_BYTES, registry).await?.ok_or_else(|| {
            PullProblem::DocumentTooLarge { document: "the manifest", most: MAX_DOCUMENT_BYTES }
        })
    }

    /// A blob, to be read piece by piece.
    pub(super) async fn blob(&mut self, digest: &str) -> Result<Body, PullProblem> {
        let answer = self.get(&format!("blobs/{digest}"), "*/*").await?;
        Ok(Body { answer, registry: self.registry.clone() })
    }

    async fn get(&mut self, path: &str, accept: &'static str) -> Result<Response, PullProblem> {
        let mut answer = self.send(path, accept).await?;
        if answer.status() == StatusCode::UNAUTHORIZED {
            // Tokens run out while layers come.
            self.authorization = self.authorize(answer.headers()).await?;
            answer = self.send(path, accept).await?;
        }
        self.accept(answer).await
    }

    async fn send(&self, path: &str, accept: &'static str) -> Result<Response, PullProblem> {
        let mut request = self.http.get(format!("{}/{path}", self.base)).header(ACCEPT, accept);
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        request.send().await.map_err(|error| failed(&self.registry, error))
    }

    /// What is to be sent along, by what the registry demands.
    async fn authorize(&self, demand: &HeaderMap) -> Result<Option<HeaderValue>, PullProblem> {
        let denied = || PullProblem::Denied(self.registry.clone());
        let demands = demand.get_all(WWW_AUTHENTICATE).iter().filter_map(|it| it.to_str().ok());
        let demands: Vec<_> =
            demands.filter_map(|it| http_auth::parse_challenges(it).ok()).collect();
        let find = |scheme: &str| {
            demands.iter().flatten().find(|demand| demand.scheme.eq_ignore_ascii_case(scheme))
        };
        if let Some(bearer) = find("Bearer") {
            let parameter = |name: &str| {
                let mut all = bearer.params.iter();
                all.find(|(key, _)| key.eq_ignore_ascii_case(name))
                    .map(|(_, value)| value.to_unescaped())
            };
            let realm = parameter("realm").ok_or_else(denied)?;
            let scope = parameter("scope");
            let scope = scope.unwrap_or_else(|| format!("repository:{}:pull", self.repository));
            let token = self.token(&realm, parameter("service"), &scope).await?;
            return secret(format!("Bearer {token}")).map(Some).ok_or_else(denied);
        }
        let (Some(_), Some((user, password))) = (find("Basic"), &self.credentials) else {
            return Err(denied());
        };
        let both = base64::Engine::encode(
            &base64::engine::general_purpose::STANDARD,
            format!("{user}:{password}"),
        );
        secret(format!("Basic {both}")).map(Some).ok_or_else(denied)
    }

    async fn token(
        &self,
        realm: &str,
        service: Option<String>,
        scope: &str,
    ) -> Result<String, PullProblem> {
        #[derive(Deserialize)]
        struct Token {
            token: Option<String>,
            access_token: Option<String>,
        }
        let mut query = vec![("scope", scope.to_owned())];
        query.extend(service.map(|service| ("service", service)));
        let mut request = self.http.get(realm).query(&query);
        if let Some((user, password)) = &self.credentials {
            request = request.basic_auth(user, Some(password));
        }
        let answer = request.send().await.map_err(|error| failed(&self.registry, error))?;
        let answer = self.accept(answer).await?;
        let body = read(answer, MAX_ANSWER_BYTES, &self.registry).await?;
        let token = body.and_then(|body| serde_json::from_slice::<Token>(&body).ok());
        token
            .and_then(|token| token.token.or(token.access_token))
            .ok_or_else(|| PullProblem::Token(self.registry.clone()))
    }

    /// An answer that says yes.
    async fn accept(&self, answer: Response) -> Result<Response, PullProblem> {
        let registry = self.registry.clone();
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        Err(match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => PullProblem::Denied(registry),
            StatusCode::NOT_FOUND => PullProblem::NotFound(registry),
            StatusCode::TOO_MANY_REQUESTS => PullProblem::TooMany(registry),
            _ => {
                let said = read(answer, MAX_ANSWER_BYTES, &registry).await.ok().flatten();
                let said = String::from_utf8_lossy(&said.unwrap_or_default()).trim().to_owned();
                let said = said.chars().take(SHOWN).collect::<String>();
                PullProblem::Status { registry, status: status.as_u16(), said }
            }
        })
    }
}

/// The content of a blob on its way.
pub(super) struct Body {
    answer: Response,
    registry: String,
}

impl Body {
    /// The next piece; none at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, PullProblem> {
        self.answer.chunk().await.map_err(|error| failed(&self.registry, error))
    }
}

/// A whole answer; none where it has more than `most` bytes.
async fn read(
    mut answer: Response,
    most: u64,
    registry: &str,
) -> Result<Option<Bytes>, PullProblem> {
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(|error| failed(registry, error))? {
        let length = u64::try_from(body.len() + piece.len()).unwrap_or(u64::MAX);
        if length > most {
            return Ok(None);
        }
        body.extend_from_slice(&piece);
    }
    Ok(Some(body.into()))
}

/// A header that no log shows.
fn secret(value: String) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(value).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn failed(registry: &str, error: reqwest::Error) -> PullProblem {
    if error.is_timeout() {
        return PullProblem::Timeout(registry.to_owned());
    }
    PullProblem::Registry { registry: registry.to_owned(), source: Box::new(error) }
}

/// Whether a registry, with or without a port, is on this machine.
fn is_on_loopback(registry: &str) -> bool {
    let host = match registry.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => registry.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
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
