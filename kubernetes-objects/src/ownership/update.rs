//! Who owns what after a create, an update, or a patch other than apply.

use serde_json::Value as Json;

use super::compare::Comparison;
use super::managers::{Manager, Managers, Operation};
use super::reset;
use super::set::FieldSet;
use super::typed::{Typed, empty_object};
use crate::resource::Resource;

/// How many updating managers an object keeps; the oldest become one
/// (`DefaultMaxUpdateManagers` of apimachinery, 1.36).
const MAX_UPDATE_MANAGERS: usize = 10;

/// The manager that the oldest become.
const ANCIENT: &str = "ancient-changes";

/// Who writes, and how.
#[derive(Debug, Clone, Copy)]
pub struct Writer<'a> {
    /// The manager's name: `fieldManager`, else what stands before the first `/` in the user agent.
    pub manager: &'a str,
    /// The subresource written through; empty for the object itself.
    pub subresource: &'a str,
    /// When, RFC 3339 in whole seconds, UTC.
    pub time: &'a str,
}

/// Who owns what after a create (`before` is none), an update, or a patch other than apply.
///
/// The writer owns what it changed or added and takes it from all others; what is gone is nobody's.
/// Entries that own nothing vanish. A write that changes nothing leaves managers and times as they
/// are. Nothing that the server does itself goes through here: binding a pod to a node, or marking
/// an object as being deleted, makes nobody an owner; neither does what admission adds, such as a
/// pod's default tolerations and priority, so `after` is the object with its defaults only.
///
/// `managers` are those that the write starts from: [`Managers::of_request`]. An object that is
/// stored without managers stays without. (structured-merge-diff 6 `Updater.Update` and apimachinery
/// `managedfields`, 1.36; held to recordings of 1.36.2)
#[must_use]
pub fn on_update(
    resource: &'static Resource,
    before: Option<&Json>,
    after: &Json,
    managers: Managers,
    writer: Writer<'_>,
) -> Managers {
    if before.is_some() && managers.is_empty() {
        return managers;
    }
    let typed = Typed::object(resource.schema);
    let reset = reset::reset(resource.kind, writer.subresource);
    let comparison = match before {
        Some(before) => Comparison::of(typed, before, after),
        None => Comparison::of(typed, &empty_object(resource.schema), after),
    }
    .without(reset);
    let changed = comparison.changed();
    let mut managers = managers.into_vec();
    take_from(&mut managers, &comparison, &changed);
    let own = changed.difference(reset::identity());
    if own.is_empty() {
        return Managers::new(managers);
    }
    give(&mut managers, own, resource, writer);
    cap(&mut managers);
    Managers::new(managers)
}

/// Takes what was changed or removed from all managers, and drops those that own nothing more.
pub(super) fn take_from(managers: &mut Vec<Manager>, comparison: &Comparison, changed: &FieldSet) {
    let gone = changed.union(&comparison.removed);
    managers.retain_mut(|manager| {
        manager.fields = manager.fields.difference(&gone);
        !manager.fields.is_empty()
    });
}

/// Makes the writer the owner of the fields too.
fn give(
    managers: &mut Vec<Manager>,
    fields: FieldSet,
    resource: &'static Resource,
    writer: Writer<'_>,
) {
    let new = Manager {
        name: writer.manager.into(),
        operation: Operation::Update,
        api_version: resource.api_version().into(),
        subresource: writer.subresource.into(),
        time: Some(writer.time.into()),
        fields,
    };
    match managers.iter_mut().find(|manager| manager.is(&new)) {
        Some(manager) => {
            manager.fields = manager.fields.union(&new.fields);
            manager.time = new.time;
        }
        None => managers.push(new),
    }
}

/// Makes one entry a version of the oldest updating managers, where there are too many.
fn cap(managers: &mut Vec<Manager>) {
    let is_update = |manager: &Manager| manager.operation == Operation::Update;
    let mut too_many = managers
        .iter()
        .filter(|manager| is_update(manager))
        .count()
        .saturating_sub(MAX_UPDATE_MANAGERS);
    if too_many == 0 {
        return;
    }
    let (mut updaters, mut kept): (Vec<Manager>, Vec<Manager>) =
        std::mem::take(managers).into_iter().partition(is_update);
    updaters.sort_by(|one, two| age(one).cmp(&age(two)));
    let mut buckets: Vec<Manager> = Vec::new();
    for updater in updaters {
        match buckets.iter_mut().find(|bucket| bucket.api_version == updater.api_version) {
            Some(bucket) if too_many > 0 => {
                bucket.name = ANCIENT.into();
                bucket.subresource = "".into();
                bucket.fields = bucket.fields.union(&updater.fields);
                bucket.time = updater.time;
                too_many -= 1;
            }
            Some(_) => kept.push(updater),
            None => buckets.push(updater),
        }
    }
    *managers = kept;
    managers.extend(buckets);
}

/// The oldest first; what has become of older ones before others of its time.
fn age(manager: &Manager) -> impl Ord + '_ {
    let Manager { name, api_version, subresource, time, .. } = manager;
    (time, **name != *ANCIENT, name, api_version, subresource)
}
