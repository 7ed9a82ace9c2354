//! Where ValidatingAdmissionPolicies are asked: after everything else has found a request good.

use k8s_openapi::api::admissionregistration::v1::{
    ParamRef, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
};
use kubernetes_objects::Status;
use kubernetes_objects::resource::{self, Resource};
use serde_json::Value as Json;

use super::{State, core};
use crate::cluster::object::{Object, Typed};
use crate::cluster::policies::{Operation, Request, decide};
use crate::cluster::selects;

const GROUP: &str = "admissionregistration.k8s.io";

/// What a request is about.
pub(super) struct Admitting<'a> {
    pub(super) operation: Operation,
    pub(super) resource: &'static Resource,
    pub(super) subresource: &'a str,
    pub(super) object: Option<&'a Object>,
    pub(super) old: Option<&'a Object>,
    pub(super) manager: &'a str,
    pub(super) dry_run: bool,
}

impl State {
    /// Asks every policy that is bound; keeps what they warn of.
    pub(super) fn ask_policies(&mut self, what: &Admitting<'_>) -> Result<(), Status> {
        let bindings =
            self.all_of::<ValidatingAdmissionPolicyBinding>("validatingadmissionpolicybindings");
        if bindings.is_empty() || what.resource.group == GROUP {
            return Ok(());
        }
        let policies = self.all_of::<ValidatingAdmissionPolicy>("validatingadmissionpolicies");
        let metadata = what.object.or(what.old).map(Object::metadata);
        let text =
            |text: Option<&Option<String>>| text.and_then(|text| text.clone()).unwrap_or_default();
        let namespace = text(metadata.map(|metadata| &metadata.namespace));
        let name = text(metadata.map(|metadata| &metadata.name));
        let json = |object: Option<&Object>| object.map(|one| one.as_json_of(what.resource));
        let (object, old) = (json(what.object), json(what.old));
        let namespaces = core("namespaces");
        let around = self.store.collection(namespaces).get(&(String::new(), namespace.clone()));
        let around = around.map(|record| record.object.as_json_of(namespaces));
        let request = Request {
            operation: what.operation,
            resource: what.resource,
            subresource: what.subresource,
            namespace: &namespace,
            name: &name,
            object: object.as_ref(),
            old: old.as_ref(),
            namespace_object: around.as_ref(),
            user: what.manager,
            dry_run: what.dry_run,
        };
        let parameters = |version: &str, kind: &str, reference: &ParamRef| {
            self.parameters(version, kind, &namespace, reference)
        };
        let decision = decide(&policies, &bindings, &request, &parameters);
        self.warnings.extend(decision.warnings);
        decision.denied.map_or(Ok(()), Err)
    }

    /// Every object of a resource, as its type.
    fn all_of<T: Typed>(&self, plural: &str) -> Vec<T> {
        let Some(resource) = resource::find(GROUP, "v1", plural) else { return Vec::new() };
        let all = self.store.collection(resource).objects().filter_map(Object::other);
        // What does not fit its type was refused when it was written.
        all.filter_map(|object| object.read().ok()).collect()
    }

    fn parameters(
        &self,
        version: &str,
        kind: &str,
        namespace: &str,
        reference: &ParamRef,
    ) -> Vec<Json> {
        let Some(resource) = resource::of_kind(version, kind) else { return Vec::new() };
        let within = match (resource.namespaced, &reference.namespace) {
            (false, _) => "",
            (true, Some(named)) => named.as_str(),
            (true, None) => namespace,
        };
        let fits = |object: &&Object| {
            let metadata = object.metadata();
            let name = metadata.name.as_deref();
            metadata.namespace.as_deref().unwrap_or_default() == within
                && reference.name.as_deref().is_none_or(|wanted| name == Some(wanted))
                && reference
                    .selector
                    .as_ref()
                    .is_none_or(|selector| selects(selector, metadata.labels.as_ref()))
        };
        let found = self.store.collection(resource).objects().filter(fits);
        found.map(|object| object.as_json_of(resource)).collect()
    }
}
