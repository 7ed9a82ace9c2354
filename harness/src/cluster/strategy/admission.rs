//! ValidatingAdmissionPolicies and their bindings.

use k8s_openapi::api::admissionregistration::v1::{
    ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
};
use kubernetes_objects::resource::Resource;

use crate::cluster::object::Untyped;
use crate::cluster::policies::{binding_errors, policy_errors};
use crate::cluster::refusal::FieldError;

const GROUP: &str = "admissionregistration.k8s.io";

/// Whether a resource is one of these.
pub(super) fn is_one(resource: &Resource) -> bool {
    resource.group == GROUP && resource.plural.starts_with("validatingadmissionpolic")
}

/// Everything that is wrong with one.
pub(super) fn validate(resource: &Resource, object: &Untyped, errors: &mut Vec<FieldError>) {
    if resource.plural == "validatingadmissionpolicies" {
        if let Ok(policy) = object.read::<ValidatingAdmissionPolicy>() {
            errors.extend(policy_errors(&policy));
        }
    } else if let Ok(binding) = object.read::<ValidatingAdmissionPolicyBinding>() {
        errors.extend(binding_errors(&binding));
    }
}
