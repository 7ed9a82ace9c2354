//! Requests on objects: get, list, create, update, patch, delete.

use std::sync::Arc;

use hyper::StatusCode;
use hyper::body::Incoming;
use kubernetes_objects::Status;
use kubernetes_objects::decode::{self, Notation, Rules};
use kubernetes_objects::patch::PatchKind;
use kubernetes_objects::resource::Resource;
use kubernetes_objects::table::{partial, partial_list, table};
use serde_json::{Value as Json, json};

use super::answer::{self, Answer};
use super::body;
use super::negotiation::{Form, Shape, not_acceptable};
use super::options::{self, WriteOptions};
use super::path::Target;
use super::request::{Context, Head};
use crate::cluster::{Listed, Place};

/// The media types of patches.
const PATCH_TYPES: &[(&str, PatchKind)] = &[
    ("application/json-patch+json", PatchKind::Json),
    ("application/merge-patch+json", PatchKind::Merge),
    ("application/strategic-merge-patch+json", PatchKind::Strategic),
    ("application/apply-patch+yaml", PatchKind::Apply),
];

impl Target {
    /// The place in the store.
    pub(super) fn place(&self) -> Place<'_> {
        Place {
            resource: self.resource,
            namespace: &self.namespace,
            name: &self.name,
            subresource: self.below(),
        }
    }
}

pub(super) fn get(context: &Context, target: &Target, head: &Head) -> Result<Answer, Status> {
    let form = head.form()?;
    let version = head.query.text("resourceVersion");
    if !version.is_empty() {
        options::check_version(version, false, context.cluster.api.revision())?;
    }
    let object = context.cluster.api.read(&target.place())?;
    one(context, target, StatusCode::OK, object, form)
}

/// One object in the form that was asked for.
pub(super) fn one(
    context: &Context,
    target: &Target,
    code: StatusCode,
    object: Json,
    form: Form,
) -> Result<Answer, Status> {
    if object["kind"] == "Status" && object["apiVersion"] == "v1" {
        return Ok(answer::object(code, &object, form));
    }
    let shaped = match form.shape {
        Shape::Whole => object,
        Shape::Table(version, include) => {
            // What was only tried has no version.
            let metadata = match &object["metadata"]["resourceVersion"] {
                Json::Null => json!({}),
                version => json!({"resourceVersion": version}),
            };
            let now = context.cluster.clock.now().0;
            let objects = std::slice::from_ref(&object);
            with_version(table(target.resource, &metadata, objects, include, now), version)
        }
        Shape::Partial(version) => with_version(partial(&object), version),
        Shape::PartialList(_) => {
            let message =
                "you requested PartialObjectMetadataList, but the requested object is not a list";
            return Err(not_this(message));
        }
    };
    Ok(answer::object(code, &shaped, form))
}

fn with_version(mut object: Json, version: &str) -> Json {
    object["apiVersion"] = version.into();
    object
}

/// 406: the object has no such form.
fn not_this(message: &str) -> Status {
    Status { message: message.to_owned(), ..not_acceptable("") }
}

pub(super) fn list(context: &Context, target: &Target, head: &Head) -> Result<Answer, Status> {
    let form = head.form()?;
    let newest = context.cluster.api.revision();
    let options = options::list(&head.query, target.resource, newest)?;
    let listed = context.cluster.api.list(&target.place(), &options)?;
    many(context, target, listed, form)
}

/// The list of what is not kept: there is nothing.
pub(super) fn list_nothing(target: &Target, head: &Head) -> Result<Answer, Status> {
    if !target.name.is_empty() {
        return Err(Status::not_found(&target.resource.qualified(), &target.name));
    }
    Ok(answer::object(
        StatusCode::OK,
        &whole_list(target.resource, json!({}), Vec::new()),
        head.form()?,
    ))
}

fn whole_list(resource: &Resource, metadata: Json, items: Vec<Json>) -> Json {
    json!({
        "kind": format!("{}List", resource.kind), "apiVersion": resource.api_version(),
        "metadata": metadata, "items": items,
    })
}

fn many(context: &Context, target: &Target, listed: Listed, form: Form) -> Result<Answer, Status> {
    let mut metadata = json!({"resourceVersion": listed.revision.to_string()});
    if let Some(token) = listed.continue_token {
        metadata["continue"] = token.into();
    }
    if let Some(remaining) = listed.remaining {
        metadata["remainingItemCount"] = remaining.into();
    }
    let mut items = listed.items;
    let shaped = match form.shape {
        Shape::Whole => {
            for item in &mut items {
                if let Some(item) = item.as_object_mut() {
                    // What a list's items are, the list says.
                    item.remove("kind");
                    item.remove("apiVersion");
                }
            }
            whole_list(target.resource, metadata, items)
        }
        Shape::Table(version, include) => {
            let now = context.cluster.clock.now().0;
            with_version(table(target.resource, &metadata, &items, include, now), version)
        }
        Shape::PartialList(version) => with_version(partial_list(&metadata, &items), version),
        Shape::Partial(_) => {
            let kind = target.resource.kind;
            return Err(not_this(&format!(
                "you requested PartialObjectMetadata, but the requested object is a list \
                 (*{}.{kind}List)",
                if target.resource.group.is_empty() { "core" } else { target.resource.group }
            )));
        }
    };
    Ok(answer::object(StatusCode::OK, &shaped, form))
}

/// 415: a patch has a form that is not read. Patches are told apart before anyone looks at them,
/// and so are refused in other words than other bodies (go-restful).
fn no_patch() -> Status {
    Status::new(415, "UnsupportedMediaType", "415: Unsupported Media Type")
        .with_details(kubernetes_objects::Details::default())
}

/// Reads and decodes the object that a request brings, with warnings about its fields.
///
/// # Errors
/// [`Status`].
pub(super) async fn decoded(
    target: &Target,
    head: &Head,
    body: Incoming,
) -> Result<(Json, Vec<String>), Status> {
    let kind = if head.method == hyper::Method::POST { "CreateOptions" } else { "UpdateOptions" };
    let options = WriteOptions::read(&head.query, head.user_agent(), kind, false)?;
    decoded_with(target, head, body, &options).await
}

async fn decoded_with(
    target: &Target,
    head: &Head,
    body: Incoming,
    options: &WriteOptions,
) -> Result<(Json, Vec<String>), Status> {
    let notation = Notation::of_content_type(head.content_type())?;
    let text = body::read(body).await?;
    let rules = Rules { validation: options.writing().validation, release: head.release };
    let checked = decode::body(&text, notation, target.resource, target.below(), rules)?;
    Ok((checked.object, checked.warnings))
}

pub(super) async fn create(
    context: &Arc<Context>,
    target: &Target,
    head: &Head,
    body: Incoming,
) -> Result<Answer, Status> {
    let form = head.form()?;
    // A body that cannot be read is refused before options that make no sense.
    Notation::of_content_type(head.content_type())?;
    let options = WriteOptions::read(&head.query, head.user_agent(), "CreateOptions", false)?;
    let (object, warnings) = decoded_with(target, head, body, &options).await?;
    let created = context.cluster.api.create(&target.place(), object, &options.writing())?;
    let mut answer = one(context, target, StatusCode::CREATED, created.object, form)?;
    answer::warn(&mut answer, &[warnings, created.warnings].concat());
    Ok(answer)
}

pub(super) async fn update(
    context: &Arc<Context>,
    target: &Target,
    head: &Head,
    body: Incoming,
) -> Result<Answer, Status> {
    let form = head.form()?;
    let options = WriteOptions::read(&head.query, head.user_agent(), "UpdateOptions", false)?;
    let (object, warnings) = decoded_with(target, head, body, &options).await?;
    let updated = context.cluster.api.update(&target.place(), object, &options.writing())?;
    let mut answer = one(context, target, StatusCode::OK, updated.object, form)?;
    answer::warn(&mut answer, &[warnings, updated.warnings].concat());
    Ok(answer)
}

pub(super) async fn patch(
    context: &Arc<Context>,
    target: &Target,
    head: &Head,
    body: Incoming,
) -> Result<Answer, Status> {
    let known = PATCH_TYPES.iter().find(|(name, _)| *name == head.content_type());
    let Some((_, kind)) = known else { return Err(no_patch()) };
    let form = head.form()?;
    let body = body::read(body).await?;
    let applies = *kind == PatchKind::Apply;
    let options = WriteOptions::read(&head.query, head.user_agent(), "PatchOptions", applies)?;
    let patched = context.cluster.api.patch(&target.place(), *kind, &body, &options.writing())?;
    let code = if patched.created { StatusCode::CREATED } else { StatusCode::OK };
    let mut answer = one(context, target, code, patched.object, form)?;
    answer::warn(&mut answer, &patched.warnings);
    Ok(answer)
}

/// Reads the options that a deletion may bring as its body.
async fn deletion_body(head: &Head, body: Incoming) -> Result<Option<Json>, Status> {
    let text = body::read(body).await?;
    if text.is_empty() {
        return Ok(None);
    }
    let notation = Notation::of_content_type(head.content_type())?;
    decode::delete_options(&text, notation).map(Some)
}

pub(super) async fn delete(
    context: &Arc<Context>,
    target: &Target,
    head: &Head,
    body: Incoming,
) -> Result<Answer, Status> {
    let form = head.form()?;
    let body = deletion_body(head, body).await?;
    let options = options::deletion(&head.query, body.as_ref())?;
    let deleted = context.cluster.api.delete(&target.place(), &options)?;
    one(context, target, StatusCode::OK, deleted, form)
}

pub(super) async fn delete_collection(
    context: &Arc<Context>,
    target: &Target,
    head: &Head,
    body: Incoming,
) -> Result<Answer, Status> {
    let form = head.form()?;
    let body = deletion_body(head, body).await?;
    let newest = context.cluster.api.revision();
    let which = options::list(&head.query, target.resource, newest)?;
    let options = options::deletion(&head.query, body.as_ref())?;
    let deleted = context.cluster.api.delete_collection(&target.place(), &which, &options)?;
    many(context, target, deleted, form)
}
