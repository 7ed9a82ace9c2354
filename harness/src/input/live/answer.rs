//! One request to an API server: bounded in time and size, and every answer told apart.

use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Body as _, Buf};
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderMap, LOCATION};
use hyper::{Request, Response};
use kube::Client;
use kube::client::Body;
use serde::Deserialize;

use super::error::LiveError;
use crate::report::shown_line;

/// The most bytes of an answer: 500 objects of half a megabyte each.
const MOST_BYTES: usize = 256 * 1024 * 1024;
/// How much of a message is shown.
const MESSAGE: usize = 300;

/// What an API server says when it refuses.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Refusal {
    message: String,
}

/// An API server.
pub(super) struct Server {
    pub(super) client: Client,
    /// How long an answer may take, from the request to its last byte.
    pub(super) timeout: Duration,
}

impl Server {
    /// Asks for a path with its query; gives the JSON that is answered.
    pub(super) async fn get(&self, path: &str, query: &str) -> Result<String, LiveError> {
        match tokio::time::timeout(self.timeout, ask(&self.client, path, query)).await {
            Ok(answer) => answer,
            Err(_) => Err(LiveError::Timeout { path: path.to_owned(), within: self.timeout }),
        }
    }
}

async fn ask(client: &Client, path: &str, query: &str) -> Result<String, LiveError> {
    let unreachable =
        |source| LiveError::Unreachable { path: path.to_owned(), source: Box::new(source) };
    let uri = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    let request = Request::get(uri)
        .header(ACCEPT, "application/json")
        .body(Body::empty())
        .map_err(|error| unreachable(kube::Error::HttpError(error)))?;
    let answer = client.send(request).await.map_err(unreachable)?;
    let (code, headers) = (answer.status(), answer.headers().clone());
    let bytes = read(path, answer).await?;
    if code.is_redirection() {
        let to = header(&headers, LOCATION).unwrap_or_else(|| "nowhere".to_owned());
        return Err(LiveError::Elsewhere { path: path.to_owned(), code: code.as_u16(), to });
    }
    if !code.is_success() {
        return Err(refused(path, code.as_u16(), &bytes));
    }
    let content_type = header(&headers, CONTENT_TYPE).unwrap_or_else(|| "nothing".to_owned());
    match String::from_utf8(bytes) {
        Ok(text) if content_type.starts_with("application/json") => Ok(text),
        _ => Err(LiveError::NotJson { path: path.to_owned(), content_type }),
    }
}

async fn read(path: &str, answer: Response<Body>) -> Result<Vec<u8>, LiveError> {
    let mut body = answer.into_body();
    let too_large = || LiveError::TooLarge { path: path.to_owned(), limit: MOST_BYTES };
    if usize::try_from(body.size_hint().lower()).is_ok_and(|least| least > MOST_BYTES) {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| LiveError::Unreachable {
            path: path.to_owned(),
            source: Box::new(error),
        })?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.remaining() > MOST_BYTES {
            return Err(too_large());
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

fn header(headers: &HeaderMap, name: hyper::header::HeaderName) -> Option<String> {
    let value = headers.get(name)?.as_bytes();
    Some(shorter(&String::from_utf8_lossy(value)))
}

fn shorter(text: &str) -> String {
    shown_line(text.trim()).chars().take(MESSAGE).collect()
}

fn refused(path: &str, code: u16, body: &[u8]) -> LiveError {
    let refusal: Refusal = serde_json::from_slice(body).unwrap_or_default();
    let message = if refusal.message.is_empty() {
        shorter(&String::from_utf8_lossy(body))
    } else {
        shorter(&refusal.message)
    };
    match code {
        401 => LiveError::Unauthorized,
        403 => LiveError::Forbidden(message),
        410 => LiveError::Expired(path.to_owned()),
        429 => LiveError::Busy(path.to_owned()),
        code => LiveError::Refused { path: path.to_owned(), code, message },
    }
}
