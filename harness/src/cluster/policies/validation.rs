//! Which policies and bindings the API server takes.

use k8s_openapi::api::admissionregistration::v1::{
    ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
};

use super::expression::compile;
use crate::cluster::refusal::FieldError;

/// What a binding may do.
const ACTIONS: &[&str] = &["Audit", "Deny", "Warn"];
/// What becomes of a request whose policy fails.
const FAILURE_POLICIES: &[&str] = &["Fail", "Ignore"];

/// Everything that is wrong with a policy.
pub(in crate::cluster) fn policy_errors(policy: &ValidatingAdmissionPolicy) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let Some(spec) = &policy.spec else {
        return vec![FieldError::required("spec.matchConstraints", "")];
    };
    if let Some(failure) = &spec.failure_policy
        && !FAILURE_POLICIES.contains(&failure.as_str())
    {
        errors.push(FieldError::unsupported("spec.failurePolicy", failure, FAILURE_POLICIES));
    }
    match &spec.match_constraints {
        None => errors.push(FieldError::required("spec.matchConstraints", "")),
        Some(meant) if meant.resource_rules.as_ref().is_none_or(Vec::is_empty) => {
            errors.push(FieldError::required("spec.matchConstraints.resourceRules", ""));
        }
        Some(_) => {}
    }
    let mut check = |field: String, text: &str| {
        if text.trim().is_empty() {
            errors.push(FieldError::required(field, "expression is not specified"));
        } else if let Err(error) = compile(text) {
            errors.push(FieldError::invalid_text(field, text, &error.to_string()));
        }
    };
    for (at, condition) in spec.match_conditions.iter().flatten().enumerate() {
        check(format!("spec.matchConditions[{at}].expression"), &condition.expression);
    }
    for (at, variable) in spec.variables.iter().flatten().enumerate() {
        check(format!("spec.variables[{at}].expression"), &variable.expression);
    }
    for (at, validation) in spec.validations.iter().flatten().enumerate() {
        check(format!("spec.validations[{at}].expression"), &validation.expression);
        if let Some(text) = &validation.message_expression {
            check(format!("spec.validations[{at}].messageExpression"), text);
        }
    }
    let says_nothing = spec.validations.as_ref().is_none_or(Vec::is_empty)
        && spec.audit_annotations.as_ref().is_none_or(Vec::is_empty);
    if says_nothing {
        let detail = "validations or auditAnnotations must be specified";
        errors.push(FieldError::required("spec.validations", detail));
        errors.push(FieldError::required("spec.auditAnnotations", detail));
    }
    errors
}

/// Everything that is wrong with a binding.
pub(in crate::cluster) fn binding_errors(
    binding: &ValidatingAdmissionPolicyBinding,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let spec = binding.spec.clone();
    if spec.policy_name.is_empty() {
        errors.push(FieldError::required("spec.policyName", ""));
    }
    let actions = spec.validation_actions;
    if actions.is_empty() {
        errors.push(FieldError::required("spec.validationActions", ""));
    }
    for (at, action) in actions.iter().enumerate() {
        let field = format!("spec.validationActions[{at}]");
        if !ACTIONS.contains(&action.as_str()) {
            errors.push(FieldError::unsupported(field, action, ACTIONS));
        } else if actions[..at].contains(action) {
            errors.push(FieldError::duplicate(field, action));
        }
    }
    if actions.iter().any(|action| action == "Deny")
        && actions.iter().any(|action| action == "Warn")
    {
        errors.push(FieldError::invalid_text(
            "spec.validationActions",
            &format!("[{}]", actions.join(" ")),
            "must not contain both Deny and Warn (repeating the same validation failure \
             information in the API response and headers serves no purpose)",
        ));
    }
    errors
}
