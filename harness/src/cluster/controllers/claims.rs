//! Says why a claim of storage waits, again and again, as nobody makes storage here.
//!
//! Rules and words: `pkg/controller/volume/persistentvolume` of 1.36, for a
//! cluster without volumes and without a provisioner.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use k8s_openapi::api::storage::v1::StorageClass;
use kubernetes_objects::Status;
use tokio::time::Instant;

use super::super::store::{ChangeKind, ObjectName};
use super::Kinds;
use super::client::Client;
use super::informer::Told;
use super::queue::{Controller, Queue, enqueue, enqueue_at};
use super::recorder::Recorder;
use super::view::View;

/// How often a claim that waits is looked at (`--pvclaimbinder-sync-period`).
const PERIOD: Duration = Duration::from_secs(15);
/// How many claims are worked on at once.
const WORKERS: usize = 1;
/// Marks the class of claims that name none.
const DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";
/// The scheduler has chosen a node for the first pod that uses the claim.
const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
/// What begins the names of provisioners that would be part of the controller itself.
const IN_TREE: &str = "kubernetes.io/";

/// The controller of claims.
#[derive(Debug)]
pub(super) struct Claims {
    kinds: Kinds,
    view: Arc<View>,
    recorder: Arc<Recorder>,
    queue: Queue,
}

/// Why a claim waits.
struct Reason {
    type_: &'static str,
    reason: &'static str,
    message: String,
}

fn normal(reason: &'static str, message: impl Into<String>) -> Reason {
    Reason { type_: "Normal", reason, message: message.into() }
}

impl Claims {
    pub(super) fn new(kinds: Kinds, view: &Arc<View>, client: Client) -> Arc<Self> {
        let recorder = Recorder::new(&Arc::new(client), "persistentvolume-controller");
        Arc::new(Self {
            kinds,
            view: Arc::clone(view),
            recorder: Arc::new(recorder),
            queue: Queue::new(WORKERS),
        })
    }

    /// Takes in a change of which the view knows already.
    pub(super) fn hear(self: &Arc<Self>, told: &Told<'_>) {
        if told.is(self.kinds.claims) && told.kind != ChangeKind::Deleted {
            enqueue(self, &told.key());
        }
    }

    /// The class that a claim asks for, or gets when it asks for none.
    fn class(&self, claim: &PersistentVolumeClaim) -> Result<Option<StorageClass>, Reason> {
        let given = claim.spec.as_ref().and_then(|spec| spec.storage_class_name.clone());
        let Some(name) = given else { return Ok(self.default_class()) };
        if name.is_empty() {
            return Ok(None);
        }
        let class = self.view.get(self.kinds.storage_classes, &(String::new(), name.clone()));
        class.map(Some).ok_or_else(|| Reason {
            type_: "Warning",
            reason: "ProvisioningFailed",
            message: format!("storageclass.storage.k8s.io \"{name}\" not found"),
        })
    }

    /// The newest class that is marked as the default.
    fn default_class(&self) -> Option<StorageClass> {
        let heard = self.view.heard();
        let classes = heard.objects(self.kinds.storage_classes);
        let is_default = |metadata: &k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta| {
            let annotations = metadata.annotations.as_ref();
            annotations.and_then(|all| all.get(DEFAULT_CLASS)).is_some_and(|value| value == "true")
        };
        let newest = classes
            .filter(|(_, class)| is_default(class.metadata()))
            .max_by_key(|(_, class)| class.metadata().creation_timestamp.clone().map(|at| at.0));
        newest.and_then(|(_, class)| class.other()?.read().ok())
    }

    fn reason(&self, claim: &PersistentVolumeClaim) -> Reason {
        let class = match self.class(claim) {
            Ok(class) => class,
            Err(reason) => return reason,
        };
        let Some(class) = class else {
            let message =
                "no persistent volumes available for this claim and no storage class is set";
            return normal("FailedBinding", message);
        };
        let chosen =
            claim.metadata.annotations.as_ref().is_some_and(|all| all.contains_key(SELECTED_NODE));
        let waits = class.volume_binding_mode.as_deref() == Some("WaitForFirstConsumer");
        if waits && !chosen {
            let message = "waiting for first consumer to be created before binding";
            return normal("WaitForFirstConsumer", message);
        }
        if class.provisioner.starts_with(IN_TREE) {
            return Reason {
                type_: "Warning",
                reason: "ProvisioningFailed",
                message: format!("no volume plugin matched name: {}", class.provisioner),
            };
        }
        normal(
            "ExternalProvisioning",
            format!(
                "Waiting for a volume to be created either by the external provisioner '{}' or \
                 manually by the system administrator. If volume creation is delayed, please \
                 verify that the provisioner is running and correctly registered.",
                class.provisioner
            ),
        )
    }
}

impl Controller for Claims {
    fn queue(&self) -> &Queue {
        &self.queue
    }

    async fn sync(self: &Arc<Self>, key: &ObjectName) -> Result<(), Status> {
        let Some(claim) = self.view.get::<PersistentVolumeClaim>(self.kinds.claims, key) else {
            return Ok(());
        };
        let phase = claim.status.as_ref().and_then(|status| status.phase.as_deref());
        if phase != Some("Pending") || claim.metadata.deletion_timestamp.is_some() {
            return Ok(());
        }
        // One that names its volume waits for that without a word.
        let named = claim.spec.as_ref().and_then(|spec| spec.volume_name.as_deref());
        if named.is_some_and(|name| !name.is_empty()) {
            return Ok(());
        }
        let Reason { type_, reason, message } = self.reason(&claim);
        self.recorder.record(self.kinds.claims, &claim.metadata, type_, reason, &message);
        enqueue_at(self, key, Instant::now() + PERIOD);
        Ok(())
    }
}
