//! ValidatingAdmissionPolicies: what they refuse, and what they warn of.
//!
//! Rules and words: KEP-3488; `apiserver/pkg/admission/plugin/policy/validating` of 1.36.
//! Pure: from policies, bindings and a request to a decision.

mod expression;
mod matching;
mod validation;

use k8s_openapi::api::admissionregistration::v1::{
    ParamRef, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, Validation,
};
use kubernetes_objects::resource::Resource;
use kubernetes_objects::status::{Cause, CauseReason, Details, Status};
use serde_json::{Value as Json, json};

use expression::{ExpressionError, Scope};
use matching::matches;

pub(super) use validation::{binding_errors, policy_errors};

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Create,
    Update,
    Delete,
}

impl Operation {
    /// As rules have it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }
}

/// A request on its way, after everything but validation by policies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) operation: Operation,
    pub(super) resource: &'static Resource,
    pub(super) subresource: &'a str,
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
    /// The object that is to be; none when it is deleted.
    pub(super) object: Option<&'a Json>,
    /// The object that is; none when it is created.
    pub(super) old: Option<&'a Json>,
    /// The namespace that it is in.
    pub(super) namespace_object: Option<&'a Json>,
    pub(super) user: &'a str,
    pub(super) dry_run: bool,
}

/// Where parameters of policies are looked up: by kind, namespace and what a binding says.
pub(super) type Parameters<'a> = &'a dyn Fn(&str, &str, &ParamRef) -> Vec<Json>;

/// What policies make of a request.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Decision {
    /// The first refusal.
    pub(super) denied: Option<Status>,
    /// The texts of `Warning` headers.
    pub(super) warnings: Vec<String>,
}

/// Holds a request against policies.
pub(super) fn decide(
    policies: &[ValidatingAdmissionPolicy],
    bindings: &[ValidatingAdmissionPolicyBinding],
    request: &Request<'_>,
    parameters: Parameters<'_>,
) -> Decision {
    let mut decision = Decision::default();
    for policy in policies {
        let Some(spec) = &policy.spec else { continue };
        if !spec.match_constraints.as_ref().is_some_and(|meant| matches(meant, request)) {
            continue;
        }
        let name = policy.metadata.name.as_deref().unwrap_or_default();
        let of_policy =
            |binding: &&ValidatingAdmissionPolicyBinding| binding.spec.policy_name == name;
        for binding in bindings.iter().filter(of_policy) {
            let bound = &binding.spec;
            if bound.match_resources.as_ref().is_some_and(|meant| !matches(meant, request)) {
                continue;
            }
            let judge = Judge { policy, binding, request };
            let actions = bound.validation_actions.as_slice();
            for fault in judge.faults(parameters) {
                judge.apply(&fault, actions, &mut decision);
            }
        }
    }
    decision
}

/// A validation that does not hold.
struct Fault {
    message: String,
    reason: Option<String>,
}

/// One binding of one policy, and a request.
struct Judge<'a> {
    policy: &'a ValidatingAdmissionPolicy,
    binding: &'a ValidatingAdmissionPolicyBinding,
    request: &'a Request<'a>,
}

impl Judge<'_> {
    fn faults(&self, parameters: Parameters<'_>) -> Vec<Fault> {
        let Some(spec) = &self.policy.spec else { return Vec::new() };
        let reference = self.binding.spec.param_ref.as_ref();
        let (Some(kind), Some(reference)) = (&spec.param_kind, reference) else {
            return self.faults_with(&Json::Null);
        };
        let version = kind.api_version.as_deref().unwrap_or_default();
        let found = parameters(version, kind.kind.as_deref().unwrap_or_default(), reference);
        if found.is_empty() && reference.parameter_not_found_action.as_deref() == Some("Deny") {
            let message = "no params found for policy binding with `Deny` parameterNotFoundAction";
            return vec![Fault { message: message.to_owned(), reason: None }];
        }
        found.iter().flat_map(|parameters| self.faults_with(parameters)).collect()
    }

    fn faults_with(&self, parameters: &Json) -> Vec<Fault> {
        let Some(spec) = &self.policy.spec else { return Vec::new() };
        let mut scope = self.scope(parameters);
        for condition in spec.match_conditions.iter().flatten() {
            match scope.is_true(&condition.expression) {
                Ok(true) => {}
                Ok(false) => return Vec::new(),
                Err(error) => return self.failed(&condition.expression, &error),
            }
        }
        for variable in spec.variables.iter().flatten() {
            scope.name(&variable.name, &variable.expression);
        }
        let validations = spec.validations.iter().flatten();
        validations
            .flat_map(|validation| match scope.is_true(&validation.expression) {
                Ok(true) => Vec::new(),
                Ok(false) => vec![Fault {
                    message: message(validation, &scope),
                    reason: validation.reason.clone(),
                }],
                Err(error) => self.failed(&validation.expression, &error),
            })
            .collect()
    }

    /// An expression without a value: `failurePolicy` decides.
    fn failed(&self, expression: &str, error: &ExpressionError) -> Vec<Fault> {
        let policy = self.policy.spec.as_ref().and_then(|spec| spec.failure_policy.as_deref());
        if policy == Some("Ignore") {
            return Vec::new();
        }
        let message = format!("expression '{}' resulted in error: {error}", expression.trim());
        vec![Fault { message, reason: None }]
    }

    fn scope(&self, parameters: &Json) -> Scope {
        let Request { operation, resource, subresource, namespace, name, user, dry_run, .. } =
            *self.request;
        let absent = Json::Null;
        let mut scope = Scope::default();
        scope.add("object", self.request.object.unwrap_or(&absent));
        scope.add("oldObject", self.request.old.unwrap_or(&absent));
        scope.add("namespaceObject", self.request.namespace_object.unwrap_or(&absent));
        scope.add("params", parameters);
        let kind = json!({
            "group": resource.group, "version": resource.version, "kind": resource.kind,
        });
        let of = json!({
            "group": resource.group, "version": resource.version, "resource": resource.plural,
        });
        scope.add(
            "request",
            &json!({
                "operation": operation.name(), "kind": kind, "requestKind": kind,
                "resource": of, "requestResource": of,
                "subResource": subresource, "requestSubResource": subresource,
                "namespace": namespace, "name": name, "dryRun": dry_run,
                "userInfo": {"username": user, "groups": ["system:authenticated"]},
            }),
        );
        scope
    }

    fn apply(&self, fault: &Fault, actions: &[String], decision: &mut Decision) {
        let policy = self.policy.metadata.name.as_deref().unwrap_or_default();
        let binding = self.binding.metadata.name.as_deref().unwrap_or_default();
        let message = &fault.message;
        let has = |action: &str| actions.iter().any(|one| one == action);
        if has("Warn") {
            decision.warnings.push(format!(
                "Validation failed for ValidatingAdmissionPolicy '{policy}' with binding \
                 '{binding}': {message}"
            ));
        }
        if has("Deny") && decision.denied.is_none() {
            let message = format!(
                "ValidatingAdmissionPolicy '{policy}' with binding '{binding}' denied request: \
                 {message}"
            );
            decision.denied = Some(self.denial(message, fault.reason.as_deref()));
        }
    }

    fn denial(&self, message: String, reason: Option<&str>) -> Status {
        let (code, reason) = REASONS
            .iter()
            .find(|(_, known)| Some(*known) == reason)
            .copied()
            .unwrap_or((422, "Invalid"));
        let Request { resource, name, .. } = *self.request;
        let what = resource.qualified();
        let text = format!("{what} {} is forbidden: {message}", crate::cluster::quoted(name));
        let cause = Cause { reason: CauseReason::Unsaid, message, field: String::new() };
        Status::new(code, reason, text).with_details(Details {
            name: name.to_owned(),
            group: resource.group.to_owned(),
            kind: resource.plural.to_owned(),
            causes: vec![cause],
            ..Details::default()
        })
    }
}

/// The reasons that a validation may give, with their codes.
const REASONS: &[(u16, &str)] =
    &[(401, "Unauthorized"), (403, "Forbidden"), (413, "RequestEntityTooLarge"), (422, "Invalid")];

/// What a validation says when it does not hold.
fn message(validation: &Validation, scope: &Scope) -> String {
    let dynamic = validation.message_expression.as_ref().filter(|text| !text.trim().is_empty());
    let said = dynamic.and_then(|text| scope.text(text).ok()).filter(|said| {
        let said = said.trim();
        !said.is_empty() && !said.contains('\n')
    });
    said.or_else(|| validation.message.clone().filter(|message| !message.is_empty()))
        .unwrap_or_else(|| format!("failed expression: {}", validation.expression.trim()))
}
