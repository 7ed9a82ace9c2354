//! Empties namespaces that are deleted, says what is still in the way, and lets them go.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Namespace, NamespaceCondition};
use kubernetes_objects::Status;
use kubernetes_objects::resource::{RESOURCES, Resource};

use super::super::DeleteOptions;
use super::super::store::{ChangeKind, ObjectName};
use super::Kinds;
use super::client::Client;
use super::informer::Told;
use super::queue::{Controller, Queue, enqueue};
use super::view::View;

/// How many namespaces are worked on at once (`--concurrent-namespace-syncs`).
const WORKERS: usize = 10;

/// What is said of a namespace that ends, while all is well: type, reason and message
/// (`pkg/controller/namespace/deletion/status_condition_utils.go`, 1.36).
const CONDITIONS: [(&str, &str, &str); 5] = [
    (
        "NamespaceDeletionDiscoveryFailure",
        "ResourcesDiscovered",
        "All resources successfully discovered",
    ),
    (
        "NamespaceDeletionGroupVersionParsingFailure",
        "ParsedGroupVersions",
        "All legacy kube types successfully parsed",
    ),
    (
        "NamespaceDeletionContentFailure",
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
    (REMAINING, "ContentRemoved", "All content successfully removed"),
    (HELD, "ContentHasNoFinalizers", "All content-preserving finalizers finished"),
];
/// Says which objects are still there.
const REMAINING: &str = "NamespaceContentRemaining";
/// Says which finalizers hold them.
const HELD: &str = "NamespaceFinalizersRemaining";

/// The namespace controller.
#[derive(Debug)]
pub(super) struct Namespaces {
    kinds: Kinds,
    view: Arc<View>,
    client: Client,
    queue: Queue,
}

impl Namespaces {
    pub(super) fn new(kinds: Kinds, view: &Arc<View>, client: Client) -> Arc<Self> {
        Arc::new(Self { kinds, view: Arc::clone(view), client, queue: Queue::new(WORKERS) })
    }

    /// Takes in a change of which the view knows already.
    pub(super) fn hear(self: &Arc<Self>, told: &Told<'_>) {
        let metadata = told.after.metadata();
        if told.is(self.kinds.namespaces) {
            if metadata.deletion_timestamp.is_some() && told.kind != ChangeKind::Deleted {
                enqueue(self, &told.key());
            }
        } else if told.kind == ChangeKind::Deleted
            && let Some(namespace) = &metadata.namespace
        {
            let key = (String::new(), namespace.clone());
            if self.is_ending(&key) {
                enqueue(self, &key);
            }
        }
    }

    fn is_ending(&self, key: &ObjectName) -> bool {
        let heard = self.view.heard();
        heard
            .object(self.kinds.namespaces, key)
            .is_some_and(|namespace| namespace.metadata().deletion_timestamp.is_some())
    }

    /// The objects that are in a namespace.
    fn contents(&self, namespace: &str) -> Vec<(&'static Resource, String)> {
        let namespaced = RESOURCES.iter().filter(|resource| {
            resource.namespaced
                && resource.verbs.contains(&"delete")
                && resource.group != "events.k8s.io"
        });
        namespaced
            .flat_map(|resource| {
                let names = self.client.api.names_in(resource, namespace);
                names.into_iter().map(move |name| (resource, name))
            })
            .collect()
    }
}

impl Namespaces {
    /// Writes into a namespace's status what is still in it, if that is not said there yet.
    async fn say_what_is_left(
        &self,
        name: &str,
        left: &[(&'static Resource, String)],
    ) -> Result<(), Status> {
        let mut resources: BTreeMap<String, usize> = BTreeMap::new();
        let mut finalizers: BTreeMap<String, usize> = BTreeMap::new();
        for (resource, object) in left {
            let found = self.client.api.object(resource, name, object);
            let Some(found) = found else { continue };
            let of_group = format!("{}.{}", resource.plural, resource.group);
            *resources.entry(of_group).or_default() += 1;
            for finalizer in found.metadata().finalizers.iter().flatten() {
                *finalizers.entry(finalizer.clone()).or_default() += 1;
            }
        }
        let object = self.client.api.object(self.kinds.namespaces, "", name);
        let Some(Ok(mut namespace)) =
            object.as_ref().and_then(|object| object.other()).map(|one| one.read::<Namespace>())
        else {
            return Ok(());
        };
        let status = namespace.status.get_or_insert_default();
        let known = status.conditions.take().unwrap_or_default();
        let now = self.client.api.clock().now();
        let conditions = CONDITIONS.map(|condition| {
            let (type_, ..) = condition;
            let wanted = match type_ {
                REMAINING => remaining(condition, &resources),
                HELD => held(condition, &finalizers),
                _ => said(condition),
            };
            let before = known.iter().find(|one| one.type_ == type_);
            let since = before.filter(|before| before.status == wanted.status);
            let since = since.and_then(|before| before.last_transition_time.clone());
            NamespaceCondition {
                last_transition_time: since.or_else(|| Some(now.clone())),
                ..wanted
            }
        });
        if conditions[..] == known[..] {
            return Ok(());
        }
        status.conditions = Some(conditions.into());
        match self.client.update_typed(self.kinds.namespaces, "status", &namespace).await {
            Err(status) if status.code != 404 => Err(status),
            _ => Ok(()),
        }
    }
}

/// A condition as it is while all is well.
fn said((type_, reason, message): (&str, &str, &str)) -> NamespaceCondition {
    NamespaceCondition {
        type_: type_.to_owned(),
        status: "False".to_owned(),
        reason: Some(reason.to_owned()),
        message: Some(message.to_owned()),
        last_transition_time: None,
    }
}

fn remaining(
    condition: (&str, &str, &str),
    resources: &BTreeMap<String, usize>,
) -> NamespaceCondition {
    if resources.is_empty() {
        return said(condition);
    }
    let counts =
        resources.iter().map(|(name, count)| format!("{name} has {count} resource instances"));
    let message = format!("Some resources are remaining: {}", joined(counts));
    let status = "True".to_owned();
    NamespaceCondition { status, ..said((condition.0, "SomeResourcesRemain", &message)) }
}

fn held(condition: (&str, &str, &str), finalizers: &BTreeMap<String, usize>) -> NamespaceCondition {
    if finalizers.is_empty() {
        return said(condition);
    }
    let counts =
        finalizers.iter().map(|(name, count)| format!("{name} in {count} resource instances"));
    let message =
        format!("Some content in the namespace has finalizers remaining: {}", joined(counts));
    let status = "True".to_owned();
    NamespaceCondition { status, ..said((condition.0, "SomeFinalizersRemain", &message)) }
}

fn joined(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

impl Controller for Namespaces {
    fn queue(&self) -> &Queue {
        &self.queue
    }

    async fn sync(self: &Arc<Self>, key: &ObjectName) -> Result<(), Status> {
        if !self.is_ending(key) {
            return Ok(());
        }
        for (resource, name) in self.contents(&key.1) {
            let options = DeleteOptions::default();
            match self.client.delete(resource, &key.1, &name, &options).await {
                Err(status) if status.code != 404 => return Err(status),
                _ => {}
            }
        }
        let left = self.contents(&key.1);
        self.say_what_is_left(&key.1, &left).await?;
        if !left.is_empty() {
            // Their going brings this back.
            return Ok(());
        }
        let object = self.client.api.object(self.kinds.namespaces, "", &key.1);
        let Some(Ok(mut namespace)) =
            object.as_ref().and_then(|object| object.other()).map(|one| one.read::<Namespace>())
        else {
            return Ok(());
        };
        namespace.spec.get_or_insert_default().finalizers = None;
        match self.client.update_typed(self.kinds.namespaces, "finalize", &namespace).await {
            Err(status) if status.code != 404 => Err(status),
            _ => Ok(()),
        }
    }
}
