//! Server-side apply.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::compare::Comparison;
use super::contents::{faults, fields_of};
use super::element::PathElement;
use super::managers::{Manager, Managers, Operation};
use super::merge::{merge, remove, with_structures};
use super::reset;
use super::set::{FieldSet, path_text};
use super::typed::{Typed, empty_object};
use super::update::{Writer, on_update, take_from};
use crate::release::Release;
use crate::resource::Resource;
use crate::{Cause, CauseReason, Details, Status};

/// The manager of what was there before an object without managers is applied to.
const BEFORE_FIRST_APPLY: &str = "before-first-apply";

/// The manager that takes over from client-side apply what its annotation says that it applied.
const KUBECTL: &str = "kubectl";

/// Where client-side apply notes what it applied.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Merges a configuration into an object, and says who owns what then.
///
/// What the manager applied before, gives no longer, and shares with nobody is removed. The object
/// comes without `metadata.managedFields` and before defaults; `live` is none where it is created.
/// A merge that changes nothing keeps the times. (structured-merge-diff 6 `Updater.Apply` and
/// apimachinery `managedfields`, 1.36; held to recordings of 1.36.2)
///
/// # Errors
///
/// 409 with a cause for each field of another manager that would change, unless forced; 400 for a
/// configuration in another version or with `managedFields`; 500 for one that does not fit the
/// schema, as the server does.
pub fn apply(
    resource: &'static Resource,
    live: Option<&Json>,
    managers: Managers,
    config: &Json,
    writer: Writer<'_>,
    force: bool,
) -> Result<(Json, Managers), Status> {
    fits(resource, config, Release::NEWEST)?;
    let apply = Apply { resource, typed: Typed::object(resource.schema), config, writer };
    let empty;
    let (live, managers) = match live {
        Some(live) if managers.is_empty() => (live, apply.adopt(live)),
        Some(live) => (live, managers),
        None => {
            empty = empty_object(resource.schema);
            (&empty, Managers::default())
        }
    };
    let merged = apply.merged(live, &managers);
    let conflicts = apply.conflicts(live, &merged, &managers);
    let conflicts = match writer.manager {
        _ if force => Vec::new(),
        KUBECTL => {
            let applied = apply.still_as_applied(live);
            conflicts.into_iter().filter(|conflict| !applied.has(&conflict.path)).collect()
        }
        _ => conflicts,
    };
    if !conflicts.is_empty() {
        return Err(refusal(&conflicts));
    }
    let managers = apply.owners(live, &merged, managers);
    Ok((apply.annotated(merged)?, managers))
}

/// Refuses what is no configuration of the resource, as a release knows it.
///
/// # Errors
///
/// 400 for a configuration in another version or with `managedFields`; 500 for one that does not
/// fit the schema, as the server does.
pub fn fits(resource: &'static Resource, config: &Json, release: Release) -> Result<(), Status> {
    let text = |path: &str| config.pointer(path).and_then(Json::as_str).unwrap_or_default();
    let (given, expected) = (text("/apiVersion"), resource.api_version());
    if given != expected {
        return Err(Status::bad_request(format!(
            "Incorrect version specified in apply patch. Specified patch version: {given}, \
             expected: {expected}"
        )));
    }
    if config.pointer("/metadata/managedFields").is_some_and(|fields| !fields.is_null()) {
        return Err(Status::bad_request("metadata.managedFields must be nil"));
    }
    let faults = faults(Typed::object(resource.schema), config, release);
    if faults.is_empty() {
        return Ok(());
    }
    let what = match faults.as_slice() {
        [fault] => fault.clone(),
        faults => format!("errors:\n  {}", faults.join("\n  ")),
    };
    let group_version = match resource.group {
        "" => format!("/{}", resource.version),
        _ => expected,
    };
    let message = format!(
        "failed to create typed patch object ({}/{}; {group_version}, Kind={}): {what}",
        text("/metadata/namespace"),
        text("/metadata/name"),
        resource.kind,
    );
    Err(Status::new(500, "", message))
}

/// A field that another manager owns with another value.
struct Conflict<'a> {
    with: &'a Manager,
    path: Vec<PathElement>,
}

struct Apply<'a> {
    resource: &'static Resource,
    typed: Typed,
    config: &'a Json,
    writer: Writer<'a>,
}

impl Apply<'_> {
    /// An object that nobody owns is its first owner's.
    fn adopt(&self, live: &Json) -> Managers {
        let first = Writer { manager: BEFORE_FIRST_APPLY, ..self.writer };
        on_update(self.resource, None, live, Managers::default(), first)
    }

    /// The entry of the applier, owning what the configuration gives.
    fn entry(&self, time: Option<Arc<str>>) -> Manager {
        let reset = reset::reset(self.resource.kind, self.writer.subresource);
        Manager {
            name: self.writer.manager.into(),
            operation: Operation::Apply,
            api_version: self.resource.api_version().into(),
            subresource: self.writer.subresource.into(),
            time,
            fields: fields_of(self.typed, self.config).recursive_difference(reset),
        }
    }

    /// The object with the configuration laid over it, without what the applier gives no longer.
    fn merged(&self, live: &Json, managers: &Managers) -> Json {
        let merged = merge(self.typed, live, self.config);
        let entry = self.entry(None);
        let Some(last) = managers.iter().find(|manager| manager.is(&entry)) else {
            return merged;
        };
        if last.fields.is_empty() {
            return merged;
        }
        let whole = |fields: &FieldSet| with_structures(self.typed, fields);
        let present = |value: &Json| whole(&fields_of(self.typed, value));
        let without =
            |fields: &FieldSet| remove(self.typed, &merged, fields).unwrap_or_else(|| json!({}));
        let last = whole(&last.fields);
        let pruned = without(&last);
        let owned = managers
            .iter()
            .filter(|manager| !manager.is(&entry))
            .map(|manager| &manager.fields)
            .fold(entry.fields.clone(), |all, fields| all.union(fields));
        let all = present(&merged);
        let pruned = without(&all.difference(&present(&pruned).union(&whole(&owned))));
        without(&all.difference(&present(&pruned)).intersection(&last))
    }

    fn comparison(&self, live: &Json, merged: &Json) -> Comparison {
        let reset = reset::reset(self.resource.kind, self.writer.subresource);
        Comparison::of(self.typed, live, merged).without(reset)
    }

    fn conflicts<'a>(
        &self,
        live: &Json,
        merged: &Json,
        managers: &'a Managers,
    ) -> Vec<Conflict<'a>> {
        let changed = self.comparison(live, merged).changed();
        let entry = self.entry(None);
        let mut others: Vec<&Manager> =
            managers.iter().filter(|manager| !manager.is(&entry)).collect();
        others.sort_by_key(|manager| (&manager.name, manager.operation, &manager.subresource));
        others
            .into_iter()
            .flat_map(|with| {
                let paths = with.fields.intersection(&changed).paths();
                paths.into_iter().map(move |path| Conflict { with, path })
            })
            .collect()
    }

    /// Who owns what once the applier has taken what it gives.
    fn owners(&self, live: &Json, merged: &Json, managers: Managers) -> Managers {
        let comparison = self.comparison(live, merged);
        let entry = self.entry(None);
        let (mine, mut others): (Vec<Manager>, Vec<Manager>) =
            managers.into_vec().into_iter().partition(|manager| manager.is(&entry));
        take_from(&mut others, &comparison, &comparison.changed());
        let before = mine.into_iter().next().and_then(|manager| manager.time);
        let time = if live == merged { before } else { Some(self.writer.time.into()) };
        let fields = entry.fields.difference(reset::identity());
        if !fields.is_empty() {
            others.push(Manager { time, fields, ..entry });
        }
        Managers::new(others)
    }

    /// What client-side apply applied, as far as it still is as it applied it.
    fn still_as_applied(&self, live: &Json) -> FieldSet {
        let applied = last_applied(live)
            .and_then(|text| serde_json::from_str::<Json>(text).ok())
            .filter(|applied| {
                applied.get("apiVersion").and_then(Json::as_str)
                    == Some(&*self.resource.api_version())
            })
            .filter(|applied| faults(self.typed, applied, Release::NEWEST).is_empty());
        let Some(applied) = applied else { return FieldSet::default() };
        let differs = Comparison::of(self.typed, &applied, live);
        let fields = fields_of(self.typed, &applied);
        fields.difference(&differs.changed()).difference(&differs.removed)
    }

    /// The object with client-side apply's annotation brought up to date, where it has one.
    fn annotated(&self, mut merged: Json) -> Result<Json, Status> {
        if self.writer.manager != KUBECTL || last_applied(&merged).is_none_or(str::is_empty) {
            return Ok(merged);
        }
        let mut applied = self.config.clone();
        if let Some(annotations) =
            applied.pointer_mut("/metadata/annotations").and_then(Json::as_object_mut)
        {
            annotations.remove(LAST_APPLIED);
        }
        let fault =
            |error| Status::new(500, "", format!("failed to set last-applied annotation: {error}"));
        let text = serde_json::to_string(&applied).map_err(fault)?;
        if let Some(annotations) =
            merged.pointer_mut("/metadata/annotations").and_then(Json::as_object_mut)
        {
            annotations.insert(LAST_APPLIED.to_owned(), (text + "\n").into());
        }
        Ok(merged)
    }
}

fn last_applied(object: &Json) -> Option<&str> {
    object.pointer("/metadata/annotations")?.get(LAST_APPLIED)?.as_str()
}

/// 409 that names every conflict.
fn refusal(conflicts: &[Conflict<'_>]) -> Status {
    let causes: Vec<Cause> = conflicts
        .iter()
        .map(|conflict| Cause {
            reason: CauseReason::ManagerConflict,
            message: format!("conflict with {}", shown(conflict.with)),
            field: path_text(&conflict.path),
        })
        .collect();
    let message = match causes.as_slice() {
        [one] => format!("Apply failed with 1 conflict: {}: {}", one.message, one.field),
        _ => {
            let lines = conflicts.chunk_by(|one, two| std::ptr::eq(one.with, two.with)).flat_map(
                |of_one| {
                    let first = format!("conflicts with {}:", shown(of_one[0].with));
                    let paths = of_one.iter().map(|one| format!("- {}", path_text(&one.path)));
                    std::iter::once(first).chain(paths)
                },
            );
            let lines: Vec<String> = lines.collect();
            format!("Apply failed with {} conflicts: {}", causes.len(), lines.join("\n"))
        }
    };
    Status::new(409, "Conflict", message).with_details(Details { causes, ..Details::default() })
}

/// A manager as conflicts name it.
fn shown(manager: &Manager) -> String {
    let mut text = Json::from(&*manager.name).to_string();
    if !manager.subresource.is_empty() {
        text += &format!(" with subresource {:?}", manager.subresource);
    }
    if manager.operation == Operation::Update {
        text += &format!(" using {}", manager.api_version);
    }
    text
}
