//! Where the pods of a service are reached: Endpoints and EndpointSlices.
//!
//! Two controllers, as in kube-controller-manager, each with its own client:
//! `pkg/controller/endpoint` and `pkg/controller/endpointslice` of 1.36, for
//! IPv4. Topology hints are not given.

mod members;
mod object;
mod slices;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use k8s_openapi::api::core::v1::{Pod, Service};
use kubernetes_objects::Status;

use super::super::object::Object;
use super::super::store::{ChangeKind, ObjectName};
use super::Kinds;
use super::client::Client;
use super::informer::Told;
use super::queue::{Controller, Queue, enqueue};
use super::view::View;

/// How many services are worked on at once (`--concurrent-endpoint-syncs`,
/// `--concurrent-service-endpoint-syncs`).
const WORKERS: usize = 5;
/// Marks what belongs to a service without an address of its own.
const HEADLESS: &str = "service.kubernetes.io/headless";
/// When the change was made that this answers to.
const TRIGGERED: &str = "endpoints.kubernetes.io/last-change-trigger-time";

/// A selector: labels that a pod must have.
type Selector = BTreeMap<String, String>;

/// The services that select pods.
#[derive(Debug, Default)]
pub(super) struct Selecting(Mutex<BTreeMap<ObjectName, Selector>>);

impl Selecting {
    fn all(&self) -> MutexGuard<'_, BTreeMap<ObjectName, Selector>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether any service selects pods, so that pods matter.
    pub(super) fn is_any(&self) -> bool {
        !self.all().is_empty()
    }

    /// Takes in a service.
    fn note(&self, told: &Told<'_>) {
        let service: Option<Service> = told.after.other().and_then(|one| one.read().ok());
        let selector = service.as_ref().and_then(selector_of);
        let mut all = self.all();
        match selector.filter(|_| told.kind != ChangeKind::Deleted) {
            Some(selector) => all.insert(told.key(), selector.clone()),
            None => all.remove(&told.key()),
        };
    }

    /// The services that select a pod.
    fn of(&self, pod: &Pod) -> Vec<ObjectName> {
        let namespace = pod.metadata.namespace.clone().unwrap_or_default();
        let all = self.all();
        let own = all.range((namespace.clone(), String::new())..);
        own.take_while(|((known, _), _)| *known == namespace)
            .filter(|(_, selector)| is_selected(selector, pod))
            .map(|(key, _)| key.clone())
            .collect()
    }
}

/// What a service selects pods by, if it does.
fn selector_of(service: &Service) -> Option<&Selector> {
    let spec = service.spec.as_ref()?;
    let selector = spec.selector.as_ref().filter(|selector| !selector.is_empty())?;
    (spec.type_.as_deref() != Some("ExternalName")).then_some(selector)
}

fn is_selected(selector: &Selector, pod: &Pod) -> bool {
    let labels = pod.metadata.labels.as_ref();
    selector.iter().all(|(key, value)| labels.and_then(|labels| labels.get(key)) == Some(value))
}

/// Which of the two objects a controller keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Endpoints,
    Slices,
}

/// The controller of one of the two.
#[derive(Debug)]
pub(super) struct EndpointsOf {
    form: Form,
    kinds: Kinds,
    view: Arc<View>,
    client: Client,
    queue: Queue,
}

/// Both controllers.
#[derive(Debug)]
pub(super) struct AllEndpoints {
    kinds: Kinds,
    selecting: Selecting,
    pub(super) endpoints: Arc<EndpointsOf>,
    pub(super) slices: Arc<EndpointsOf>,
}

impl AllEndpoints {
    pub(super) fn new(
        kinds: Kinds,
        view: &Arc<View>,
        client: impl Fn(&'static str) -> Client,
    ) -> Self {
        let of = |form, name| {
            Arc::new(EndpointsOf {
                form,
                kinds,
                view: Arc::clone(view),
                client: client(name),
                queue: Queue::new(WORKERS),
            })
        };
        Self {
            kinds,
            selecting: Selecting::default(),
            endpoints: of(Form::Endpoints, "endpoint-controller"),
            slices: of(Form::Slices, "endpointslice-controller"),
        }
    }

    /// Whether changes of pods matter.
    pub(super) fn look_at_pods(&self) -> bool {
        self.selecting.is_any()
    }

    /// Takes in a change of which the view knows already.
    pub(super) fn hear(&self, told: &Told<'_>) {
        let mut keys = Vec::new();
        if told.is(self.kinds.services) {
            self.selecting.note(told);
            keys.push(told.key());
        } else if let Some(pod) = told.after.pod() {
            let before = told.before.and_then(Object::pod);
            if told.kind == ChangeKind::Modified
                && before.is_some_and(|before| members::same(before, pod))
            {
                return;
            }
            keys = self.selecting.of(pod);
            keys.extend(before.map(|before| self.selecting.of(before)).unwrap_or_default());
        }
        for key in keys {
            enqueue(&self.endpoints, &key);
            enqueue(&self.slices, &key);
        }
    }
}

impl EndpointsOf {
    /// The pods that a service selects.
    fn pods(&self, key: &ObjectName, selector: &Selector) -> Vec<Arc<Pod>> {
        let is_own = |pod: &Arc<Pod>| {
            pod.metadata.namespace.as_deref() == Some(&*key.0) && is_selected(selector, pod)
        };
        let mut pods: Vec<_> = self.client.api.pods().into_iter().filter(is_own).collect();
        pods.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
        pods
    }
}

impl Controller for EndpointsOf {
    fn queue(&self) -> &Queue {
        &self.queue
    }

    async fn sync(self: &Arc<Self>, key: &ObjectName) -> Result<(), Status> {
        let service: Option<Service> = self.view.get(self.kinds.services, key);
        let Some(service) = service else {
            // Slices go with the service that owns them; Endpoints have no owner.
            return match self.form {
                Form::Endpoints => self.forget(key).await,
                Form::Slices => Ok(()),
            };
        };
        let Some(selector) = selector_of(&service) else { return Ok(()) };
        if service.metadata.deletion_timestamp.is_some() {
            return Ok(());
        }
        let pods = self.pods(key, selector);
        match self.form {
            Form::Endpoints => self.write_object(key, &service, &pods).await,
            Form::Slices => self.write_slices(key, &service, &pods).await,
        }
    }
}
