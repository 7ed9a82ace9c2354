//! YAML, as `kubectl get -o yaml` prints it: one or several documents.

use serde_json::{Map, Value as Json};
use serde_saphyr::options::Options;

use super::object::{Part, RawObject, Sink};
use super::{InputError, MAX_YAML_BYTES};

/// The deepest nesting of lists in lists.
const MAX_DEPTH: usize = 64;

/// Reads every document of a text.
pub(super) fn read(name: &str, text: &str, sink: &mut dyn Sink) -> Result<(), InputError> {
    if u64::try_from(text.len()).is_ok_and(|length| length > MAX_YAML_BYTES) {
        return Err(InputError::TooLarge {
            source_name: name.to_owned(),
            limit: MAX_YAML_BYTES,
            advice: "give JSON (`-o json`), which is read as a stream",
        });
    }
    sink.begin_source(name);
    let documents: Vec<Json> = serde_saphyr::from_multiple_with_options(text, options())
        .map_err(|error| syntax(name, &error, sink))?;
    for document in documents {
        take(document, None, sink, 0)?;
    }
    Ok(())
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH * 2,
            max_nodes: usize::MAX,
            max_events: usize::MAX,
            max_documents: 100_000,
            max_total_scalar_bytes: usize::MAX,
            max_aliases: 1_000,
            max_anchors: 1_000,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 1_000_000,
            max_replay_stack_depth: MAX_DEPTH,
            max_alias_expansions_per_anchor: 1_000,
        },
        with_snippet: false,
    }
}

fn syntax(name: &str, error: &serde_saphyr::Error, sink: &dyn Sink) -> InputError {
    let place = error.location();
    let message = error.without_snippet().to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    InputError::Syntax {
        source_name: name.to_owned(),
        line: place.as_ref().map_or(1, |place| place.line()),
        column: place.as_ref().map_or(1, |place| place.column()),
        format: "YAML",
        message: crate::report::shown_line(message),
        understood: sink.understood(),
    }
}

/// Takes an object, or every object of a list.
fn take(
    document: Json,
    list_of: Option<&(String, String)>,
    sink: &mut dyn Sink,
    depth: usize,
) -> Result<(), InputError> {
    let mut fields = match document {
        Json::Object(fields) => fields,
        Json::Array(items) => return take_all(items, list_of, sink, depth),
        Json::Null => return Ok(()),
        other => {
            sink.refuse(None, "", &format!("{} is no object", other));
            return Ok(());
        }
    };
    let (default_version, default_kind) = list_of.cloned().unwrap_or_default();
    let api_version = text(&mut fields, "apiVersion").unwrap_or(default_version);
    let kind = text(&mut fields, "kind").unwrap_or(default_kind);
    match fields.remove("items") {
        Some(Json::Array(items)) => {
            let list_of = kind.strip_suffix("List").filter(|kind| !kind.is_empty());
            let list_of = list_of.map(|kind| (api_version.clone(), kind.to_owned()));
            return take_all(items, list_of.as_ref(), sink, depth);
        }
        Some(Json::Null) => return Ok(()),
        _ => {}
    }
    let mut part = |name| fields.remove(name).map(Part::Value);
    let object = RawObject {
        api_version,
        kind,
        metadata: part("metadata"),
        spec: part("spec"),
        status: part("status"),
        line: None,
    };
    if sink.take(object) { Ok(()) } else { Err(InputError::TooMany) }
}

fn take_all(
    items: Vec<Json>,
    list_of: Option<&(String, String)>,
    sink: &mut dyn Sink,
    depth: usize,
) -> Result<(), InputError> {
    if depth > MAX_DEPTH {
        sink.refuse(None, "", "lists are nested too deep");
        return Ok(());
    }
    items.into_iter().try_for_each(|item| take(item, list_of, sink, depth + 1))
}

fn text(fields: &mut Map<String, Json>, name: &str) -> Option<String> {
    if let Some(Json::String(text)) = fields.remove(name) { Some(text) } else { None }
}
