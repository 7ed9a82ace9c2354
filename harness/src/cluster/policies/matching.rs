//! Which requests a policy is about.

use std::collections::BTreeMap;

use k8s_openapi::api::admissionregistration::v1::{MatchResources, NamedRuleWithOperations};
use serde_json::Value as Json;

use super::Request;
use crate::cluster::selection::selects;

/// Whether a request is among those that are meant.
pub(super) fn matches(meant: &MatchResources, request: &Request<'_>) -> bool {
    let rules = meant.resource_rules.as_deref().unwrap_or_default();
    let excluded = meant.exclude_resource_rules.as_deref().unwrap_or_default();
    // Bindings that name no rules are about all that their policies are about.
    (rules.is_empty() || rules.iter().any(|rule| fits(rule, request)))
        && !excluded.iter().any(|rule| fits(rule, request))
        && in_namespace(meant, request)
        && of_object(meant, request)
}

fn in_namespace(meant: &MatchResources, request: &Request<'_>) -> bool {
    let Some(selector) = &meant.namespace_selector else { return true };
    // A namespace is in itself; what is in none is meant whatever the selector says.
    let namespace = if request.resource.plural == "namespaces" {
        request.object
    } else {
        request.namespace_object
    };
    namespace.is_none_or(|namespace| selects(selector, labels(namespace).as_ref()))
}

fn of_object(meant: &MatchResources, request: &Request<'_>) -> bool {
    let Some(selector) = &meant.object_selector else { return true };
    let fits = |object: &&Json| selects(selector, labels(object).as_ref());
    [request.object, request.old].iter().flatten().any(fits)
}

fn labels(object: &Json) -> Option<BTreeMap<String, String>> {
    serde_json::from_value(object.pointer("/metadata/labels")?.clone()).ok()
}

fn fits(rule: &NamedRuleWithOperations, request: &Request<'_>) -> bool {
    let has = |list: &Option<Vec<String>>, value: &str| {
        list.iter().flatten().any(|one| one == "*" || one == value)
    };
    let names = rule.resource_names.as_deref().unwrap_or_default();
    has(&rule.api_groups, request.resource.group)
        && has(&rule.api_versions, request.resource.version)
        && has(&rule.operations, request.operation.name())
        && rule.resources.iter().flatten().any(|one| is_resource(one, request))
        && (names.is_empty() || names.iter().any(|name| name == request.name))
}

/// `pods`, `pods/status`, `pods/*`, `*`, `*/*`, `*/status`.
fn is_resource(pattern: &str, request: &Request<'_>) -> bool {
    let (resource, subresource) = pattern.split_once('/').unwrap_or((pattern, ""));
    (resource == "*" || resource == request.resource.plural)
        && (subresource == "*" || subresource == request.subresource)
}
