//! A read-only registry on loopback, for runtimes that pull.
//!
//! It speaks the part of the OCI distribution specification that a pull
//! needs, over plain HTTP, which runtimes accept from 127.0.0.1. It listens
//! on a port of its own and is gone when it is dropped.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use fake_cri::image::Image;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, JoinSet};

use super::assemble::{Blob, OciImage};
use super::error::OciError;

/// How long a client may take to send a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// The largest head of a request, in bytes.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// How many clients are served at once; more wait.
const MAX_CONNECTIONS: usize = 64;

/// A registry that serves what was published to it, as long as it lives.
#[derive(Debug)]
pub struct Registry {
    address: SocketAddr,
    content: Arc<RwLock<Content>>,
    server: AbortHandle,
}

/// What there is to pull.
#[derive(Debug, Default)]
struct Content {
    /// Manifests by repository, then by tag and by digest.
    repositories: HashMap<String, HashMap<String, Blob>>,
    /// Blobs by digest.
    blobs: HashMap<String, Blob>,
}

impl Registry {
    /// Starts on 127.0.0.1, on a free port.
    ///
    /// # Errors
    /// [`OciError::Listen`].
    pub async fn start() -> Result<Self, OciError> {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(OciError::Listen)?;
        let address = listener.local_addr().map_err(OciError::Listen)?;
        let content = Arc::new(RwLock::new(Content::default()));
        let server = tokio::spawn(accept(listener, Arc::clone(&content))).abort_handle();
        Ok(Self { address, content, server })
    }

    /// Where it listens, on 127.0.0.1.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Makes an image available; gives the reference to pull, `127.0.0.1:PORT/gidcheck/NAME:TAG`.
    ///
    /// # Errors
    /// As [`OciImage::assemble`].
    pub fn publish(&self, image: &Image) -> Result<String, OciError> {
        Ok(self.publish_assembled(&OciImage::assemble(image)?))
    }

    /// As [`Registry::publish`], for an image that is assembled already.
    #[must_use]
    pub fn publish_assembled(&self, image: &OciImage) -> String {
        let mut content = self.content.write().unwrap_or_else(PoisonError::into_inner);
        for blob in image.blobs() {
            content.blobs.insert(blob.digest().to_owned(), blob.clone());
        }
        let name = image.name();
        let manifest = image.manifest();
        let manifests = content.repositories.entry(name.repository().to_owned()).or_default();
        manifests.insert(name.tag().to_owned(), manifest.clone());
        manifests.insert(manifest.digest().to_owned(), manifest.clone());
        name.at(&self.address.to_string())
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn accept(listener: TcpListener, content: Arc<RwLock<Content>>) {
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    // The connections end with this set, and it with the registry.
    let mut connections = JoinSet::new();
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let content = Arc::clone(&content);
                connections.spawn(async move {
                    serve(stream, &content).await;
                    drop(slot);
                });
            }
            // Out of descriptors, or the client is gone: another try soon may do.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, content: &RwLock<Content>) {
    let service = service_fn(|request: Request<Incoming>| {
        let response = answer(request.method(), request.uri().path(), content);
        async move { Ok::<_, Infallible>(response) }
    });
    // A client that breaks off is its own loss.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// Answers a request; what HEAD must not carry, hyper leaves out.
fn answer(method: &Method, path: &str, content: &RwLock<Content>) -> Response<Full<Bytes>> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        let mut response = failure(
            StatusCode::METHOD_NOT_ALLOWED,
            "UNSUPPORTED",
            "this registry is for pulling only",
        );
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    if matches!(path, "/v2" | "/v2/") {
        return success("application/json", None, Bytes::from_static(b"{}"));
    }
    let content = content.read().unwrap_or_else(PoisonError::into_inner);
    let Some((repository, what, reference)) = parse(path) else {
        return failure(StatusCode::NOT_FOUND, "UNSUPPORTED", "no such endpoint");
    };
    let Some(manifests) = content.repositories.get(repository) else {
        return failure(StatusCode::NOT_FOUND, "NAME_UNKNOWN", "no such repository");
    };
    match what {
        Endpoint::Manifests => match manifests.get(reference) {
            Some(manifest) => {
                let media_type = manifest.descriptor().media_type().to_string();
                success(&media_type, Some(manifest.digest()), body(manifest))
            }
            None => failure(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN", "no such manifest"),
        },
        Endpoint::Blobs => match content.blobs.get(reference) {
            Some(blob) => success("application/octet-stream", Some(blob.digest()), body(blob)),
            None => failure(StatusCode::NOT_FOUND, "BLOB_UNKNOWN", "no such blob"),
        },
    }
}

#[derive(Clone, Copy)]
enum Endpoint {
    Manifests,
    Blobs,
}

/// `/v2/REPOSITORY/manifests/REFERENCE` or `/v2/REPOSITORY/blobs/DIGEST`.
fn parse(path: &str) -> Option<(&str, Endpoint, &str)> {
    let (path, reference) = path.strip_prefix("/v2/")?.rsplit_once('/')?;
    let (repository, endpoint) = path.rsplit_once('/')?;
    let endpoint = match endpoint {
        "manifests" => Endpoint::Manifests,
        "blobs" => Endpoint::Blobs,
        _ => return None,
    };
    Some((repository, endpoint, reference))
}

fn body(blob: &Blob) -> Bytes {
    Bytes::from_owner(Arc::clone(blob.content()))
}

fn success(media_type: &str, digest: Option<&str>, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    let headers = response.headers_mut();
    headers.insert("docker-distribution-api-version", HeaderValue::from_static("registry/2.0"));
    if let Ok(media_type) = HeaderValue::from_str(media_type) {
        headers.insert(CONTENT_TYPE, media_type);
    }
    if let Some(digest) = digest.and_then(|digest| HeaderValue::from_str(digest).ok()) {
        headers.insert("docker-content-digest", digest);
    }
    response
}

fn failure(status: StatusCode, code: &str, message: &str) -> Response<Full<Bytes>> {
    let errors = serde_json::json!({ "errors": [{ "code": code, "message": message }] });
    let mut response = success("application/json", None, errors.to_string().into());
    *response.status_mut() = status;
    response
}
