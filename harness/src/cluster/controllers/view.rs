//! What the controllers have been told of the cluster so far.
//!
//! One copy for all of them, a watch's delay behind the store. What a sync
//! needs of many pods is counted as they change, so that it costs the same
//! however many there are.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use k8s_openapi::api::core::v1::Pod;
use kubernetes_objects::resource::Resource;

use super::super::object::{Object, Typed};
use super::super::store::{Change, ChangeKind, ObjectName, has_ended, name_of};
use super::pods::{controller_of, is_active, is_ready, is_terminating};

/// Labels, and how many pods have exactly these.
type ByLabels = HashMap<BTreeMap<String, String>, usize>;

/// The pods of one controller.
#[derive(Debug, Default)]
pub(super) struct Owned {
    pub(super) pods: BTreeMap<ObjectName, Arc<Pod>>,
    pub(super) ended: BTreeMap<ObjectName, Arc<Pod>>,
    pub(super) counts: PodCounts,
    /// Of the active ones.
    by_labels: ByLabels,
}

/// How many pods of a controller are how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct PodCounts {
    pub(super) active: usize,
    pub(super) ready: usize,
    pub(super) terminating: usize,
}

impl Owned {
    fn add(&mut self, name: ObjectName, pod: &Arc<Pod>) {
        self.count(pod, true);
        let pods = if has_ended(pod) { &mut self.ended } else { &mut self.pods };
        pods.insert(name, Arc::clone(pod));
    }

    fn remove(&mut self, name: &ObjectName) {
        let known = self.pods.remove(name).or_else(|| self.ended.remove(name));
        if let Some(pod) = known {
            self.count(&pod, false);
        }
    }

    fn count(&mut self, pod: &Pod, more: bool) {
        let step = |count: &mut usize, holds: bool| match (holds, more) {
            (true, true) => *count += 1,
            (true, false) => *count -= 1,
            (false, _) => {}
        };
        let active = is_active(pod);
        step(&mut self.counts.active, active);
        step(&mut self.counts.ready, active && is_ready(pod));
        step(&mut self.counts.terminating, is_terminating(pod));
        if !active {
            return;
        }
        let labels = pod.metadata.labels.as_ref();
        match labels.and_then(|labels| self.by_labels.get_mut(labels)) {
            Some(count) => {
                step(count, true);
                if *count == 0
                    && let Some(labels) = labels
                {
                    self.by_labels.remove(labels);
                }
            }
            None => {
                self.by_labels.insert(labels.cloned().unwrap_or_default(), 1);
            }
        }
    }

    /// How many active pods have labels of which this is true.
    pub(super) fn with_labels(&self, fits: impl Fn(&BTreeMap<String, String>) -> bool) -> usize {
        self.by_labels.iter().filter(|(labels, _)| fits(labels)).map(|(_, count)| count).sum()
    }

    /// The active pods.
    pub(super) fn active(&self) -> Vec<Arc<Pod>> {
        self.pods.values().filter(|pod| is_active(pod)).cloned().collect()
    }
}

/// What has been heard so far.
#[derive(Debug, Default)]
pub(super) struct View {
    state: Mutex<Heard>,
}

/// The copy itself.
#[derive(Debug, Default)]
pub(super) struct Heard {
    objects: HashMap<&'static str, BTreeMap<ObjectName, Object>>,
    owned: HashMap<String, Owned>,
    /// Pods without a controller.
    pub(super) orphans: BTreeMap<ObjectName, Arc<Pod>>,
    /// Pods that have ended, oldest first.
    pub(super) ended: BTreeSet<(Option<String>, ObjectName)>,
    /// The objects besides a controller's pods that name an owner, by its uid.
    pub(super) dependents: HashMap<String, BTreeMap<(&'static str, ObjectName), &'static Resource>>,
}

impl View {
    /// The copy, to look at several things at once.
    pub(super) fn heard(&self) -> MutexGuard<'_, Heard> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An object, read as its type; one that cannot be read is as good as none.
    pub(super) fn get<T: Typed>(
        &self,
        resource: &'static Resource,
        name: &ObjectName,
    ) -> Option<T> {
        let object = self.object(resource, name)?;
        object.other()?.read().ok()
    }

    /// An object.
    pub(super) fn object(&self, resource: &'static Resource, name: &ObjectName) -> Option<Object> {
        self.heard().object(resource, name).cloned()
    }
}

impl Heard {
    /// Takes in a change.
    pub(super) fn take_in(&mut self, resource: &'static Resource, change: &Change) {
        let after = &change.record.object;
        let gone = change.kind == ChangeKind::Deleted;
        let name = name_of(after.metadata());
        let before = change.before.as_ref().map(|before| &before.object);
        if let Some(before) = before {
            self.forget_owners(before, &name);
        }
        if !gone {
            self.note_owners(resource, after, &name);
        }
        if after.pod().is_some() {
            // A pod that nobody controls, and that goes on, only takes its own place again.
            let stays = |pod: &Pod| !has_ended(pod) && controller_of(&pod.metadata).is_none();
            if let Some(before) = before.and_then(Object::pod)
                && !(stays(before) && after.pod().is_some_and(|after| !gone && stays(after)))
            {
                self.forget_pod(before, &name);
            }
            if let Some(pod) = after.pod().filter(|_| !gone) {
                self.note_pod(pod, name);
            }
            return;
        }
        let objects = self.objects.entry(resource.plural).or_default();
        if gone {
            objects.remove(&name);
        } else {
            objects.insert(name, after.clone());
        }
    }

    fn note_pod(&mut self, pod: &Arc<Pod>, name: ObjectName) {
        if has_ended(pod) {
            self.ended.insert((created(pod), name.clone()));
        }
        match controller_of(&pod.metadata) {
            Some(owner) => {
                if let Some(owned) = self.owned.get_mut(&owner.uid) {
                    owned.add(name, pod);
                } else {
                    self.owned.entry(owner.uid.clone()).or_default().add(name, pod);
                }
            }
            None => {
                self.orphans.insert(name, Arc::clone(pod));
            }
        }
    }

    fn forget_pod(&mut self, pod: &Pod, name: &ObjectName) {
        if has_ended(pod) {
            self.ended.remove(&(created(pod), name.clone()));
        }
        let Some(owner) = controller_of(&pod.metadata) else {
            self.orphans.remove(name);
            return;
        };
        if let Some(owned) = self.owned.get_mut(&owner.uid) {
            owned.remove(name);
            if owned.pods.is_empty() && owned.ended.is_empty() {
                self.owned.remove(&owner.uid);
            }
        }
    }

    fn note_owners(&mut self, resource: &'static Resource, object: &Object, name: &ObjectName) {
        for owner in owners_besides_controller(object) {
            let dependents = self.dependents.entry(owner.to_owned()).or_default();
            dependents.insert((resource.plural, name.clone()), resource);
        }
    }

    fn forget_owners(&mut self, object: &Object, name: &ObjectName) {
        for owner in owners_besides_controller(object) {
            if let Some(dependents) = self.dependents.get_mut(owner) {
                dependents.retain(|(_, known), _| known != name);
                if dependents.is_empty() {
                    self.dependents.remove(owner);
                }
            }
        }
    }

    /// An object other than a pod.
    pub(super) fn object(&self, resource: &'static Resource, name: &ObjectName) -> Option<&Object> {
        self.objects.get(resource.plural)?.get(name)
    }

    /// The objects of a resource other than pods.
    pub(super) fn objects(
        &self,
        resource: &'static Resource,
    ) -> impl Iterator<Item = (&ObjectName, &Object)> {
        self.objects.get(resource.plural).into_iter().flatten()
    }

    /// The objects of a resource in a namespace.
    pub(super) fn objects_in<'a>(
        &'a self,
        resource: &'static Resource,
        namespace: &'a str,
    ) -> impl Iterator<Item = (&'a ObjectName, &'a Object)> {
        let from = (namespace.to_owned(), String::new());
        self.objects
            .get(resource.plural)
            .into_iter()
            .flat_map(move |objects| objects.range(from.clone()..))
            .take_while(move |((known, _), _)| known == namespace)
    }

    /// The pods of the controller with this uid.
    pub(super) fn owned(&self, uid: &str) -> Option<&Owned> {
        self.owned.get(uid)
    }

    /// Whether there is any object besides pods that could make pods.
    pub(super) fn any(&self, resources: &[&'static Resource]) -> bool {
        resources.iter().any(|one| self.objects(one).next().is_some())
    }
}

fn created(pod: &Pod) -> Option<String> {
    pod.metadata.creation_timestamp.as_ref().map(|at| at.0.to_string())
}

/// The uids of the owners that are not a pod's controller.
fn owners_besides_controller(object: &Object) -> impl Iterator<Item = &str> {
    let is_pod = object.pod().is_some();
    let owners = object.metadata().owner_references.iter().flatten();
    owners
        .filter(move |owner| !(is_pod && owner.controller == Some(true)))
        .map(|owner| owner.uid.as_str())
}
