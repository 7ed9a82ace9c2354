//! Reading objects: one, or a list in pages.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use kubernetes_objects::Status;
use kubernetes_objects::resource::Resource;
use kubernetes_objects::selector::{FieldSelector, LabelSelector};
use serde_json::{Value as Json, json};

use super::requests::{ListOptions, Listed, Place};
use super::{ApiServer, scale};
use crate::cluster::object::Object;
use crate::cluster::store::{Collection, ObjectName, Record, name_of};

/// An object as clients get it.
pub(super) fn as_sent(resource: &'static Resource, record: &Record) -> Json {
    let mut object = record.object.as_json_of(resource);
    if let Some(owners) = record.owners.to_json() {
        object["metadata"]["managedFields"] = owners;
    }
    object
}

impl ApiServer {
    /// Reads an object, or what is below it.
    ///
    /// # Errors
    /// [`Status`] when there is none.
    pub fn read(&self, place: &Place<'_>) -> Result<Json, Status> {
        let state = self.state();
        let name = (place.namespace.to_owned(), place.name.to_owned());
        let record = state.known(place.resource, &name)?.clone();
        drop(state);
        if place.subresource == "scale"
            && let Object::Other(workload) = &record.object
        {
            return Ok(scale::of(workload));
        }
        Ok(as_sent(place.resource, &record))
    }

    /// Lists objects.
    ///
    /// # Errors
    /// [`Status`] when the continue token is none of ours, or too old.
    pub fn list(&self, place: &Place<'_>, options: &ListOptions) -> Result<Listed, Status> {
        let state = self.state();
        let continued = read_token(&options.continue_token)?;
        let limit = if options.limit == 0 { usize::MAX } else { options.limit };
        let collection = state.store.collection(place.resource);
        // A list that goes on speaks for the revision at which it began, so that a watch from
        // there misses nothing.
        let revision = match &continued {
            Some(from) if collection.history().after(from.revision).is_err() => {
                return Err(expired());
            }
            Some(from) => from.revision,
            None => state.store.revision(),
        };
        let last = continued.map(|from| from.after);
        let mut found = Vec::new();
        let mut left = 0;
        let mut last_name = None;
        for (name, record) in as_of(collection, revision, place.namespace, last) {
            if found.len() == limit {
                left += 1;
                continue;
            }
            if is_wanted(record, &options.labels, &options.fields) {
                last_name = Some(name);
                found.push(record.clone());
            }
        }
        drop(state);
        let unselected = options.labels.is_empty() && options.fields.is_empty();
        let continue_token = last_name.filter(|_| left > 0).map(|name| token(revision, &name));
        Ok(Listed {
            revision,
            remaining: (continue_token.is_some() && unselected).then_some(left),
            continue_token,
            items: found.iter().map(|record| as_sent(place.resource, record)).collect(),
        })
    }
}

/// The objects that come after a name, as they were at a revision that is still known: a list in
/// pages shows one moment, whatever happens between its pages.
fn as_of<'a>(
    collection: &'a Collection,
    revision: u64,
    namespace: &'a str,
    last: Option<ObjectName>,
) -> Box<dyn Iterator<Item = (ObjectName, &'a Record)> + 'a> {
    let mut since = collection.history().after(revision).into_iter().flatten().peekable();
    if since.peek().is_none() {
        return Box::new(named(collection.after(namespace, last)));
    }
    let mut objects: BTreeMap<_, _> = named(collection.after(namespace, last.clone())).collect();
    // The newest first, so that what an object was before its first change is what stays.
    let changes: Vec<_> = since.collect();
    for change in changes.into_iter().rev() {
        let name = name_of(change.record.object.metadata());
        let in_sight = (namespace.is_empty() || name.0 == namespace)
            && last.as_ref().is_none_or(|last| name > *last);
        match &change.before {
            Some(before) if in_sight => objects.insert(name, before),
            _ => objects.remove(&name),
        };
    }
    Box::new(objects.into_iter())
}

fn named<'a>(
    records: impl Iterator<Item = &'a Record>,
) -> impl Iterator<Item = (ObjectName, &'a Record)> {
    records.map(|record| (name_of(record.object.metadata()), record))
}

/// Whether a client asked for an object.
pub(super) fn is_wanted(record: &Record, labels: &LabelSelector, fields: &FieldSelector) -> bool {
    let known = record.object.metadata().labels.as_ref();
    labels
        .requirements
        .iter()
        .all(|one| one.matches(known.and_then(|known| known.get(&one.key)).map(String::as_str)))
        && (fields.is_empty() || fields.matches(|path| field(&record.object, path)))
}

/// A field's value as field selectors compare it; empty where there is none.
fn field(object: &Object, path: &str) -> String {
    let metadata = object.metadata();
    let text = |value: Option<&String>| value.cloned().unwrap_or_default();
    match (path, object) {
        ("metadata.name", _) => text(metadata.name.as_ref()),
        ("metadata.namespace", _) => text(metadata.namespace.as_ref()),
        ("spec.nodeName", Object::Pod(pod)) => {
            text(pod.spec.as_ref().and_then(|spec| spec.node_name.as_ref()))
        }
        ("status.phase", Object::Pod(pod)) => {
            text(pod.status.as_ref().and_then(|status| status.phase.as_ref()))
        }
        // An event's source is its component, or who reports it.
        ("source", Object::Event(event)) => {
            let component = event.source.as_ref().and_then(|source| source.component.as_ref());
            let component = component.filter(|component| !component.is_empty());
            text(component.or(event.reporting_component.as_ref()))
        }
        _ => {
            let pointer = format!("/{}", path.replace('.', "/"));
            match object.to_json().pointer(&pointer) {
                None | Some(Json::Null) => default_of(path).to_owned(),
                Some(Json::String(text)) => text.clone(),
                Some(value) => value.to_string(),
            }
        }
    }
}

/// What a field stands for when it is left out.
fn default_of(path: &str) -> &'static str {
    match path {
        "spec.unschedulable" | "spec.hostNetwork" => "false",
        "status.successful" | "status.replicas" => "0",
        _ => "",
    }
}

/// A continue token: the revision of the first answer, and the name that the last one ended with.
fn token(revision: u64, (namespace, name): &ObjectName) -> String {
    let place = if namespace.is_empty() { name.clone() } else { format!("{namespace}/{name}") };
    let token = json!({"v": TOKEN_VERSION, "rv": revision, "start": format!("{place}\0")});
    BASE64.encode(token.to_string())
}

/// The version of continue tokens.
const TOKEN_VERSION: &str = "meta.k8s.io/v1";

/// Where an earlier answer ended.
struct Continue {
    revision: u64,
    after: ObjectName,
}

fn read_token(token: &str) -> Result<Option<Continue>, Status> {
    if token.is_empty() {
        return Ok(None);
    }
    let invalid = |why: &str| {
        let message = format!("invalid continue token: continue key is not valid: {why}");
        Status::bad_request(message)
    };
    let bytes = BASE64.decode(token).map_err(|error| {
        use base64::DecodeError::{InvalidByte, InvalidLastSymbol};
        let at = match error {
            InvalidByte(at, _) | InvalidLastSymbol(at, _) => at,
            _ => token.len().saturating_sub(1),
        };
        invalid(&format!("illegal base64 data at input byte {at}"))
    })?;
    let json: Json = serde_json::from_slice(&bytes).map_err(|error| invalid(&error.to_string()))?;
    let text = |field: &str| json.get(field).and_then(Json::as_str).unwrap_or_default();
    let version = text("v");
    if version != TOKEN_VERSION {
        let why = format!("server does not recognize this encoded version {version}");
        return Err(invalid(&why));
    }
    let revision = json.get("rv").and_then(Json::as_u64).filter(|revision| *revision != 0);
    let revision = revision.ok_or_else(|| {
        invalid("incorrect encoded start resourceVersion (version meta.k8s.io/v1)")
    })?;
    let start = text("start");
    if start.is_empty() {
        return Err(invalid("encoded start key empty (version meta.k8s.io/v1)"));
    }
    let place = start.trim_end_matches('\0');
    if place.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(Status::bad_request(format!(
            "invalid continue token: continue key is not valid: {start}"
        )));
    }
    let (namespace, name) = place.split_once('/').unwrap_or(("", place));
    Ok(Some(Continue { revision, after: (namespace.to_owned(), name.to_owned()) }))
}

/// The refusal to go on with a list whose revision is not known any more.
fn expired() -> Status {
    Status::new(
        410,
        "Expired",
        "The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.",
    )
}
