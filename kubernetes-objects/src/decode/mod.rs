//! From a request's body to an object that fits its kind: syntax, bounds, `apiVersion` and
//! `kind`, types, unknown and duplicate fields, all refused in the words of an API server.

mod check;
mod expected;
mod json;
mod node;
mod time;
mod yaml;

use serde_json::Value as Json;

use crate::go;
use crate::protobuf;
use crate::release::Release;
use crate::resource::Resource;
use crate::schema::meta_v1::DELETE_OPTIONS;
use crate::status::{Cause, CauseReason, Details, Status};
use check::{Reader, check};
use expected::Expected;
use node::Node;

/// How deep a body may be nested; no kind comes near it.
const MAX_DEPTH: usize = 200;

/// How many unknown and duplicate fields are told at most, as in `sigs.k8s.io/json`.
const MAX_STRICT_ERRORS: usize = 100;

/// How much of a body that makes no sense is quoted, in bytes (apiserver `summarizeData`).
const MAX_QUOTED: usize = 30;

/// What servers say before the fault of an applied configuration.
const NO_JSON: &str = "error converting YAML to JSON";

/// Where the server's table of kinds of options is made, by which refusals name it.
const DELETE_OPTIONS_SCHEME: &str = "pkg/apis/meta/internalversion/scheme/register.go:27";

/// What becomes of fields that are unknown or stand twice (`fieldValidation`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FieldValidation {
    /// They are left out without a word.
    Ignore,
    /// They are left out with a warning, as a server does when nothing is asked for.
    #[default]
    Warn,
    /// They refuse the request.
    Strict,
}

/// What a body is held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// What becomes of fields that are unknown or stand twice.
    pub validation: FieldValidation,
    /// The release whose fields are known.
    pub release: Release,
}

impl From<FieldValidation> for Rules {
    /// The newest release's fields.
    fn from(validation: FieldValidation) -> Self {
        Self { validation, release: Release::NEWEST }
    }
}

/// The notation of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notation {
    /// JSON.
    Json,
    /// YAML 1.1, of which the first document counts.
    Yaml,
    /// Protobuf, in the envelope that Kubernetes puts around objects.
    Protobuf,
}

/// An object that fits its kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// The object, without unknown fields and nulls.
    pub object: Json,
    /// What the client should be warned of: the texts of `Warning` headers.
    pub warnings: Vec<String>,
}

/// How a patch led to an object that is to be checked.
#[derive(Debug, Clone, Copy)]
pub enum PatchedBy<'a> {
    /// A JSON patch; refusals quote its result.
    Json(&'a [u8]),
    /// A JSON merge patch; refusals quote its result.
    Merge(&'a [u8]),
    /// A strategic merge patch, which refusals quote.
    StrategicMerge(&'a [u8]),
}

impl Notation {
    /// The notation that a `Content-Type` names; JSON where there is none.
    ///
    /// # Errors
    /// 415 for all others (recorded, `api-1.36.2.json`).
    pub fn of_content_type(content_type: &str) -> Result<Self, Status> {
        match content_type.split(';').next().unwrap_or_default().trim() {
            "" | "application/json" => Ok(Self::Json),
            "application/yaml" => Ok(Self::Yaml),
            protobuf::MEDIA_TYPE => Ok(Self::Protobuf),
            _ => Err(Status::new(
                415,
                "UnsupportedMediaType",
                "the body of the request was in an unknown format - accepted media types \
                 include: application/json, application/yaml, application/vnd.kubernetes.protobuf",
            )),
        }
    }
}

/// Reads the body with which an object, or what is below it, is created or replaced.
///
/// # Errors
/// 400 in the server's words.
pub fn body(
    body: &[u8],
    notation: Notation,
    resource: &'static Resource,
    subresource: &str,
    rules: impl Into<Rules>,
) -> Result<Checked, Status> {
    let Rules { validation, release } = rules.into();
    let expected = Expected::of(resource, subresource);
    let unrecognized = |words: String| expected.unrecognized(&words, &summary(body));
    let (node, duplicates) = match notation {
        Notation::Json => {
            let words = |words| format!("couldn't get version/kind; json parse error: {words}");
            (json::read(body).map_err(words).map_err(unrecognized)?, None)
        }
        Notation::Yaml => {
            let read = yaml::read(&String::from_utf8_lossy(body)).map_err(unrecognized)?;
            let told = format!("yaml: unmarshal errors:\n{}", read.duplicates.join("\n"));
            (read.node, (!read.duplicates.is_empty()).then_some(told))
        }
        Notation::Protobuf => {
            let refused = |error: protobuf::Malformed| Status::bad_request(error.to_string());
            let envelope = protobuf::Envelope::open(body).map_err(refused)?;
            let object = envelope.object(expected.schema).map_err(refused)?;
            let unknown = || {
                let (version, kind) = (envelope.api_version, envelope.kind);
                Status::bad_request(format!(
                    "no kind {kind:?} is registered for version {version:?}"
                ))
            };
            (Node::from(&object.ok_or_else(unknown)?), None)
        }
    };
    let cannot = expected.accept(&node, unrecognized)?;
    let checked = check(node, expected.schema, Reader::Decoder, release);
    let checked = checked.map_err(|words| cannot.refuse(&words))?;
    let strict = duplicates.into_iter().chain(checked.strict).collect();
    let warnings = told(strict, validation).map_err(|words| cannot.refuse(&words))?;
    expected.accept_version(&cannot)?;
    Ok(Checked { object: checked.object, warnings })
}

/// Reads the options that a deletion may bring as its body.
///
/// # Errors
/// 400 in the server's words.
pub fn delete_options(body: &[u8], notation: Notation) -> Result<Json, Status> {
    let node = match notation {
        Notation::Json => json::read(body).map_err(|words| {
            Status::bad_request(format!("couldn't get version/kind; json parse error: {words}"))
        })?,
        Notation::Yaml => {
            yaml::read(&String::from_utf8_lossy(body)).map_err(Status::bad_request)?.node
        }
        Notation::Protobuf => {
            let refused = |error: protobuf::Malformed| Status::bad_request(error.to_string());
            let envelope = protobuf::Envelope::open(body).map_err(refused)?;
            let options = envelope.object(&DELETE_OPTIONS).map_err(refused)?;
            Node::from(&options.unwrap_or_default())
        }
    };
    let (api_version, kind) = expected::version_and_kind(&node).map_err(Status::bad_request)?;
    if !matches!(kind, "" | "DeleteOptions") {
        return Err(Status::bad_request(format!(
            "no kind {kind:?} is registered for version {api_version:?} in scheme \
             {DELETE_OPTIONS_SCHEME:?}"
        )));
    }
    let checked = check(node, &DELETE_OPTIONS, Reader::Decoder, Release::NEWEST)
        .map_err(Status::bad_request)?;
    Ok(checked.object)
}

/// Checks an object that is JSON already, as [`body`] does.
///
/// # Errors
/// 400 in the server's words.
pub fn checked(
    object: &Json,
    resource: &'static Resource,
    subresource: &str,
    rules: impl Into<Rules>,
) -> Result<Checked, Status> {
    let Rules { validation, release } = rules.into();
    let expected = Expected::of(resource, subresource);
    let node = Node::from(object);
    let unrecognized =
        |words: String| expected.unrecognized(&words, &summary(object.to_string().as_bytes()));
    let cannot = expected.accept(&node, unrecognized)?;
    let checked = check(node, expected.schema, Reader::Decoder, release);
    let checked = checked.map_err(|words| cannot.refuse(&words))?;
    let warnings = told(checked.strict, validation).map_err(|words| cannot.refuse(&words))?;
    expected.accept_version(&cannot)?;
    Ok(Checked { object: checked.object, warnings })
}

/// Reads an applied configuration, in YAML or JSON. Whether it fits its kind is for
/// [`crate::ownership`] to say, whose words differ.
///
/// # Errors
/// 400 in the server's words.
pub fn applied(body: &[u8], validation: FieldValidation) -> Result<Checked, Status> {
    let read = yaml::read(&String::from_utf8_lossy(body))
        .map_err(|words| Status::bad_request(format!("error decoding YAML: {NO_JSON}: {words}")))?;
    if !matches!(read.node, Node::Object(_) | Node::Null) {
        return Err(Status::bad_request(format!(
            "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot \
             unmarshal {} into Go value of type map[string]interface {{}}",
            read.node.kind()
        )));
    }
    let told = format!("{NO_JSON}: yaml: unmarshal errors:\n{}", read.duplicates.join("\n"));
    let warnings = match validation {
        _ if read.duplicates.is_empty() => Vec::new(),
        FieldValidation::Ignore => Vec::new(),
        FieldValidation::Warn => vec![told],
        FieldValidation::Strict => {
            return Err(Status::bad_request(format!("error strict decoding YAML: {told}")));
        }
    };
    Ok(Checked { object: read.node.into_json(), warnings })
}

/// Checks what a patch made of an object.
///
/// # Errors
/// 422 about the patch.
pub fn patched(
    object: &Json,
    by: PatchedBy<'_>,
    resource: &'static Resource,
    subresource: &str,
    rules: impl Into<Rules>,
) -> Result<Checked, Status> {
    let Rules { validation, release } = rules.into();
    let expected = Expected::of(resource, subresource);
    let invalid = |words: &str| {
        let shown = match by {
            PatchedBy::Json(_) | PatchedBy::Merge(_) => object.to_string(),
            PatchedBy::StrategicMerge(patch) => {
                json::read(patch).map(|patch| go::value(&patch.into_json())).unwrap_or_default()
            }
        };
        let message = format!("Invalid value: {shown:?}: {words}");
        let cause = Cause {
            reason: CauseReason::Invalid,
            message: message.clone(),
            field: "patch".to_owned(),
        };
        Status::new(422, "Invalid", format!(" \"\" is invalid: patch: {message}"))
            .with_details(Details { causes: vec![cause], ..Details::default() })
    };
    let reader = match by {
        PatchedBy::Json(_) | PatchedBy::Merge(_) => Reader::Decoder,
        PatchedBy::StrategicMerge(_) => Reader::Converter,
    };
    let checked = check(Node::from(object), expected.schema, reader, release);
    let checked = checked.map_err(|words| invalid(&words))?;
    let strict = by.duplicates().into_iter().chain(checked.strict).collect();
    let warnings = told(strict, validation).map_err(|words| invalid(&words))?;
    Ok(Checked { object: checked.object, warnings })
}

impl PatchedBy<'_> {
    /// The server's words about fields that stand twice in the patch itself.
    fn duplicates(self) -> Vec<String> {
        let (prefix, body) = match self {
            Self::Json(body) => ("json patch ", body),
            Self::Merge(body) | Self::StrategicMerge(body) => ("", body),
        };
        // A patch that is no JSON has been refused before it led to anything.
        let duplicates = json::read(body).map(|patch| patch.duplicates()).unwrap_or_default();
        duplicates.into_iter().map(|words| format!("{prefix}{words}")).collect()
    }
}

/// Reads JSON of which no type is known; of fields that stand twice the last one counts.
///
/// # Errors
/// What is wrong with it, in the server's words.
pub(crate) fn untyped(body: &[u8]) -> Result<Json, String> {
    json::read(body).map(Node::into_json)
}

/// What becomes of faults in fields: warnings, or the words of a refusal.
fn told(strict: Vec<String>, validation: FieldValidation) -> Result<Vec<String>, String> {
    match validation {
        FieldValidation::Ignore => Ok(Vec::new()),
        FieldValidation::Warn => Ok(strict),
        FieldValidation::Strict if strict.is_empty() => Ok(strict),
        FieldValidation::Strict => Err(format!("strict decoding error: {}", strict.join(", "))),
    }
}

/// The beginning of a body, in hexadecimal digits unless it begins like JSON.
fn summary(body: &[u8]) -> String {
    match body {
        [] => "<empty>".to_owned(),
        [b'{', ..] if body.len() > MAX_QUOTED => {
            format!("{} ...", String::from_utf8_lossy(&body[..MAX_QUOTED]))
        }
        [b'{', ..] => String::from_utf8_lossy(body).into_owned(),
        _ => {
            let hexadecimal = |body: &[u8]| body.iter().map(|byte| format!("{byte:02x}")).collect();
            if body.len() > MAX_QUOTED {
                let quoted: String = hexadecimal(&body[..MAX_QUOTED]);
                format!("{quoted} ...")
            } else {
                hexadecimal(body)
            }
        }
    }
}
