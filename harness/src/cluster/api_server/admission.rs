//! What admission plugins decide about new pods by looking at other objects.
//!
//! Rules and words: `plugin/pkg/admission/{priority,runtimeclass}` of 1.36.

use std::sync::Arc;

use k8s_openapi::api::core::v1::PodSpec;
use kubernetes_objects::Status;
use kubernetes_objects::resource::{self, Resource};
use serde_json::Value as Json;

use super::{State, core};
use crate::cluster::object::{Object, Untyped};
use crate::cluster::store::Record;

/// The classes that every cluster has.
const SYSTEM_CLASSES: &[(&str, i32)] =
    &[("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)];

/// What a class says of its pods.
struct Class {
    value: i32,
    preemption_policy: Option<String>,
}

impl Class {
    fn of(class: &Untyped) -> Self {
        let value = class.rest.get("value").and_then(Json::as_i64).unwrap_or(0);
        let policy = class.rest.get("preemptionPolicy").and_then(Json::as_str);
        Self {
            value: i32::try_from(value).unwrap_or(0),
            preemption_policy: policy.map(str::to_owned),
        }
    }
}

impl State {
    /// Fills in what the pod's classes say, and refuses classes that there are not.
    pub(super) fn admit(
        &self,
        resource: &'static Resource,
        object: &mut Object,
    ) -> Result<(), Status> {
        let Object::Pod(pod) = object else { return Ok(()) };
        if !std::ptr::eq(resource, core("pods")) {
            return Ok(());
        }
        let metadata = &pod.metadata;
        let name = metadata.name.clone().or(metadata.generate_name.clone()).unwrap_or_default();
        let refused = |why: String| {
            let message = format!("pods {name:?} is forbidden: {why}");
            Status::new(403, "Forbidden", message).with_details(Status::about("pods", &name))
        };
        let Some(spec) = pod.spec.as_ref() else { return Ok(()) };
        if let Some(class) = spec.runtime_class_name.as_deref()
            && self.class("node.k8s.io", "runtimeclasses", class).is_none()
        {
            return Err(refused(format!("pod rejected: RuntimeClass {class:?} not found")));
        }
        let (name, class) = match spec.priority_class_name.as_deref() {
            None | Some("") => match self.default_class() {
                Some((name, class)) => (Some(name), class),
                None => (None, Class { value: 0, preemption_policy: None }),
            },
            Some(name) => {
                let class = self.priority_class(name).ok_or_else(|| {
                    refused(format!("no PriorityClass with name {name} was found"))
                })?;
                (Some(name.to_owned()), class)
            }
        };
        check_priority(spec, &class).map_err(refused)?;
        if name.is_none() && spec.priority.is_none() {
            // The rest is what all pods get.
            return Ok(());
        }
        let spec = Arc::make_mut(pod).spec.get_or_insert_default();
        spec.priority_class_name = name;
        spec.priority = Some(class.value);
        spec.preemption_policy = spec.preemption_policy.take().or(class.preemption_policy);
        Ok(())
    }

    fn class(&self, group: &str, plural: &str, name: &str) -> Option<&Record> {
        let classes = resource::find(group, "v1", plural)?;
        self.store.collection(classes).get(&(String::new(), name.to_owned()))
    }

    fn priority_class(&self, name: &str) -> Option<Class> {
        let system = SYSTEM_CLASSES.iter().find(|(known, _)| *known == name);
        match system {
            Some((_, value)) => Some(Class { value: *value, preemption_policy: None }),
            None => {
                let record = self.class("scheduling.k8s.io", "priorityclasses", name)?;
                record.object.other().map(|class| Class::of(class))
            }
        }
    }

    /// The class of pods that name none; of several the lowest.
    fn default_class(&self) -> Option<(String, Class)> {
        let classes = resource::find("scheduling.k8s.io", "v1", "priorityclasses")?;
        let all = self.store.collection(classes).objects().filter_map(Object::other);
        let defaults = all.filter(|class| class.rest.get("globalDefault") == Some(&true.into()));
        let named = defaults
            .map(|class| (class.metadata.name.clone().unwrap_or_default(), Class::of(class)));
        named.min_by_key(|(_, class)| class.value)
    }
}

/// A pod may say its priority and whether it preempts only as its class does.
fn check_priority(spec: &PodSpec, class: &Class) -> Result<(), String> {
    if let Some(given) = spec.priority.filter(|given| *given != class.value) {
        return Err(format!(
            "the integer value of priority ({given}) must not be provided in pod spec; priority \
             admission controller computed {} from the given PriorityClass name",
            class.value
        ));
    }
    let given = spec.preemption_policy.as_deref().filter(|given| !given.is_empty());
    let own = class.preemption_policy.as_deref().unwrap_or("PreemptLowerPriority");
    match given {
        Some(given) if given != own => Err(format!(
            "the string value of PreemptionPolicy ({given}) must not be provided in pod spec; \
             priority admission controller computed {own} from the given PriorityClass name"
        )),
        _ => Ok(()),
    }
}
