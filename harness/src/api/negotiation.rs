//! In which form a client wants its answer, by the `Accept` header and the query.

use kubernetes_objects::Status;
use kubernetes_objects::table::IncludeObject;

use super::query::Query;
use crate::cluster::quoted;

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Form {
    /// YAML instead of JSON.
    pub(super) yaml: bool,
    /// Indented, for people.
    pub(super) pretty: bool,
    /// Whether the client named the media type of watch streams.
    pub(super) says_stream: bool,
    /// What becomes of the objects.
    pub(super) shape: Shape,
}

/// What becomes of objects in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Shape {
    /// They are sent as they are.
    #[default]
    Whole,
    /// They become a table of this version of `meta.k8s.io`.
    Table(&'static str, IncludeObject),
    /// Only their metadata is sent.
    Partial(&'static str),
    /// Only the metadata of a list's objects is sent.
    PartialList(&'static str),
}

/// Which representations a resource has, as refusals list them.
const REPRESENTATIONS: &str = "application/json, application/yaml, \
    application/vnd.kubernetes.protobuf, application/json;stream=watch, \
    application/vnd.kubernetes.protobuf;stream=watch";

/// What of its object a table's row may have.
const INCLUDED: &[&str] = &["", "Metadata", "Object", "None"];

/// One entry of an `Accept` header.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct MediaRange<'a> {
    pub(super) media_type: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
    quality: f32,
}

impl MediaRange<'_> {
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

/// The entries of an `Accept` header, most wanted first.
pub(super) fn accepted(header: &str) -> Vec<MediaRange<'_>> {
    let mut ranges: Vec<_> = header.split(',').filter_map(media_range).collect();
    ranges.sort_by(|one, other| other.quality.total_cmp(&one.quality));
    ranges
}

fn media_range(text: &str) -> Option<MediaRange<'_>> {
    let mut parts = text.split(';').map(str::trim);
    let media_type = parts.next().filter(|name| !name.is_empty())?;
    let mut quality = 1.0;
    let mut parameters = Vec::new();
    for (name, value) in parts.filter_map(|part| part.split_once('=')) {
        let value = value.trim().trim_matches('"');
        match name.trim() {
            "q" => quality = value.parse().unwrap_or(1.0),
            name => parameters.push((name, value)),
        }
    }
    Some(MediaRange { media_type, parameters, quality })
}

/// The form of the answer to a request for objects.
///
/// # Errors
/// [`Status`] when there is no such form.
pub(super) fn form(accept: &str, query: &Query, user_agent: &str) -> Result<Form, Status> {
    let ranges = accepted(accept);
    let default = [MediaRange { media_type: "*/*", parameters: Vec::new(), quality: 1.0 }];
    let ranges = if ranges.is_empty() { &default[..] } else { &ranges };
    let mut form = ranges
        .iter()
        .find_map(|range| form_of(range, query))
        .ok_or_else(|| not_acceptable(REPRESENTATIONS))?;
    let include = query.text("includeObject");
    if matches!(form.shape, Shape::Table(..)) && !INCLUDED.contains(&include) {
        return Err(Status::bad_request(format!(
            "Unable to convert to Table as requested: includeObject: Invalid value: {}: must be \
             'Metadata', 'Object', 'None', or empty",
            quoted(include)
        )));
    }
    if let Some(pretty) = query.first("pretty") {
        form.pretty = !matches!(pretty, "0" | "false");
    } else if !form.yaml
        && ["curl", "Wget", "Mozilla/5.0"].iter().any(|it| user_agent.starts_with(it))
    {
        form.pretty = true;
    }
    Ok(form)
}

fn form_of(range: &MediaRange<'_>, query: &Query) -> Option<Form> {
    let yaml = match range.media_type {
        "application/json" | "application/*" | "*/*" => false,
        "application/yaml" => true,
        _ => return None,
    };
    let says_stream = match range.parameter("stream") {
        None | Some("") => false,
        Some("watch") if !yaml => true,
        Some(_) => return None,
    };
    let pretty = range.parameter("pretty").is_some_and(|value| value == "1" || value == "true");
    Some(Form { yaml, pretty, says_stream, shape: shape_of(range, query)? })
}

fn shape_of(range: &MediaRange<'_>, query: &Query) -> Option<Shape> {
    let Some(wanted) = range.parameter("as").filter(|wanted| !wanted.is_empty()) else {
        return Some(Shape::Whole);
    };
    let version = match (range.parameter("g"), range.parameter("v")) {
        (Some("meta.k8s.io"), Some("v1")) => "meta.k8s.io/v1",
        (Some("meta.k8s.io"), Some("v1beta1")) => "meta.k8s.io/v1beta1",
        _ => return None,
    };
    let include = match query.first("includeObject") {
        Some("None") => IncludeObject::None,
        Some("Object") => IncludeObject::Object,
        _ => IncludeObject::Metadata,
    };
    match wanted {
        "Table" => Some(Shape::Table(version, include)),
        "PartialObjectMetadata" => Some(Shape::Partial(version)),
        "PartialObjectMetadataList" => Some(Shape::PartialList(version)),
        _ => None,
    }
}

/// 406: none of the forms that the client takes can be made.
pub(super) fn not_acceptable(representations: &str) -> Status {
    let message = format!("406: Not Acceptable\n\nAvailable representations: {representations}");
    Status::new(406, "NotAcceptable", message).with_details(kubernetes_objects::Details::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(accept: &str) -> Result<Form, Status> {
        form(accept, &Query::parse("").expect("it is empty"), "kubectl")
    }

    #[test]
    fn kubectls_tables_come_before_what_it_takes_otherwise() {
        let accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
        let shape = of(accept).expect("it is acceptable").shape;
        assert_eq!(shape, Shape::Table("meta.k8s.io/v1", IncludeObject::Metadata));
    }

    #[test]
    fn what_cannot_be_made_is_passed_over_for_what_can() {
        for accept in ["application/vnd.kubernetes.protobuf, application/json", "", "*/*"] {
            assert_eq!(of(accept).expect(accept), Form::default(), "{accept}");
        }
        let accept = "application/json;as=Unknown;v=v1;g=meta.k8s.io, application/yaml;q=0.5";
        assert!(of(accept).expect(accept).yaml);
        assert!(of("application/json;q=0.1, application/yaml").expect("yaml").yaml);
    }

    #[test]
    fn a_form_that_there_is_not_is_refused_as_recorded() {
        let status = of("application/xml").expect_err("there is no XML");
        assert_eq!(
            status.message,
            "406: Not Acceptable\n\nAvailable representations: application/json, \
             application/yaml, application/vnd.kubernetes.protobuf, application/json;stream=watch, \
             application/vnd.kubernetes.protobuf;stream=watch"
        );
    }
}
