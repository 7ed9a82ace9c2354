//! Answers: objects in the form that was asked for, refusals, texts.

use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WARNING};
use hyper::{Response, StatusCode};
use kubernetes_objects::{Details, Status};
use serde_json::Value as Json;

use super::body::Body;
use super::negotiation::Form;

/// An answer to a request.
pub(super) type Answer = Response<Body>;

/// The most warnings that are sent, and the longest text of them all, in bytes.
const MOST_WARNING_BYTES: usize = 16 * 1024;

/// An answer with a body of a type.
pub(super) fn of_type(code: StatusCode, media_type: &'static str, body: Body) -> Answer {
    let mut answer = Response::new(body);
    *answer.status_mut() = code;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    answer
}

/// An object, in JSON or YAML.
pub(super) fn object(code: StatusCode, object: &Json, form: Form) -> Answer {
    if form.yaml {
        return match serde_saphyr::to_string(object) {
            Ok(text) => of_type(code, "application/yaml", text.into_bytes().into()),
            Err(error) => refusal(&Status::new(500, "InternalError", error.to_string())),
        };
    }
    let text = if form.pretty { format!("{object:#}") } else { object.to_string() };
    of_type(code, "application/json", format!("{text}\n").into_bytes().into())
}

/// An object in JSON.
pub(super) fn json(json: &Json) -> Answer {
    object(StatusCode::OK, json, Form::default())
}

/// Plain text.
pub(super) fn text(code: StatusCode, text: impl Into<String>) -> Answer {
    of_type(code, "text/plain; charset=utf-8", text.into().into_bytes().into())
}

/// Metrics in the Prometheus text format.
pub(super) fn metrics(text: String) -> Answer {
    of_type(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", text.into_bytes().into())
}

/// A refusal.
pub(super) fn refusal(status: &Status) -> Answer {
    let code = StatusCode::from_u16(status.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = object(code, &status.to_json(), Form::default());
    let retry = status.details.as_ref().and_then(|details| details.retry_after_seconds);
    if let Some(seconds) = retry {
        answer.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    answer
}

/// Adds warnings, as many as fit into headers.
pub(super) fn warn(answer: &mut Answer, warnings: &[String]) {
    let mut length = 0;
    for warning in warnings {
        let printable: String =
            warning.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let quoted = printable.replace('\\', "\\\\").replace('"', "\\\"");
        length += quoted.len();
        if length > MOST_WARNING_BYTES {
            return;
        }
        if let Ok(value) = HeaderValue::from_bytes(format!("299 - \"{quoted}\"").as_bytes()) {
            answer.headers_mut().append(WARNING, value);
        }
    }
}

/// 401: without the token there is no answer.
pub(super) fn unauthorized() -> Answer {
    refusal(&Status::new(401, "Unauthorized", "Unauthorized"))
}

/// 404: the path is below a group, and names none of its resources.
pub(super) fn unknown_resource() -> Status {
    Status::new(404, "NotFound", "the server could not find the requested resource")
        .with_details(Details::default())
}

/// 404: the path means nothing.
pub(super) fn unknown_path() -> Answer {
    text(StatusCode::NOT_FOUND, "404 page not found\n")
}

/// 405: the path takes other methods.
pub(super) fn not_allowed(methods: &str) -> Answer {
    let message = "the server does not allow this method on the requested resource";
    let status = Status::new(405, "MethodNotAllowed", message).with_details(Details::default());
    let mut answer = refusal(&status);
    if let Ok(methods) = HeaderValue::from_str(methods) {
        answer.headers_mut().insert(ALLOW, methods);
    }
    answer
}

/// 501: a real cluster does this, and this one does not.
pub(super) fn not_implemented(message: impl Into<String>) -> Status {
    Status::new(501, "NotImplemented", message)
}
