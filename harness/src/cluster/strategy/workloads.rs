//! Kinds that make pods from a template.

use std::collections::BTreeMap;

use fake_kubelet::version::FeatureGates;
use k8s_openapi::api::core::v1::{Pod, PodTemplateSpec};
use kubernetes_objects::internal;
use kubernetes_objects::resource::Resource;
use serde_json::{Map, Value as Json, json};

use super::workload_rules::{self, Rules};
use super::{claims, defaults, fields};
use crate::cluster::object::Untyped;
use crate::cluster::refusal::FieldError;

/// What begins the labels of a job's pods; each stands there a second time without it, as before
/// 1.27.
const JOB_LABELS: &str = "batch.kubernetes.io/";

/// A kind that makes pods.
struct Kind {
    plural: &'static str,
    /// Where the template is.
    template: &'static str,
    /// What of its spec never changes.
    immutable: &'static [&'static str],
    /// What its spec gets where it is left out.
    defaults: fn() -> Json,
}

/// The kinds, with their defaults (`pkg/apis/{apps,batch}/v1/defaults.go` of 1.36).
static KINDS: &[Kind] = &[
    Kind {
        plural: "deployments",
        template: "/spec/template",
        immutable: &["selector"],
        defaults: || {
            json!({
                "replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600,
                "strategy": {"type": "RollingUpdate"},
            })
        },
    },
    Kind {
        plural: "replicasets",
        template: "/spec/template",
        immutable: &["selector"],
        defaults: || json!({"replicas": 1}),
    },
    Kind {
        plural: "daemonsets",
        template: "/spec/template",
        immutable: &["selector"],
        defaults: || json!({"revisionHistoryLimit": 10, "updateStrategy": {"type": "RollingUpdate"}}),
    },
    Kind {
        plural: "statefulsets",
        template: "/spec/template",
        immutable: &["selector"],
        defaults: || {
            json!({
                "replicas": 1, "revisionHistoryLimit": 10, "podManagementPolicy": "OrderedReady",
                "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
                "persistentVolumeClaimRetentionPolicy":
                    {"whenDeleted": "Retain", "whenScaled": "Retain"},
            })
        },
    },
    Kind {
        plural: "jobs",
        template: "/spec/template",
        immutable: &["completionMode", "selector", "template"],
        defaults: || {
            json!({
                "completionMode": "NonIndexed", "suspend": false, "backoffLimit": 6,
                "podReplacementPolicy": "TerminatingOrFailed", "manualSelector": false,
            })
        },
    },
    Kind {
        plural: "cronjobs",
        template: "/spec/jobTemplate/spec/template",
        immutable: &[],
        defaults: || {
            json!({
                "concurrencyPolicy": "Allow", "suspend": false,
                "successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1,
            })
        },
    },
];

fn kind_of(resource: &Resource) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.plural == resource.plural)
}

/// Whether a resource's objects make pods from a template.
pub(super) fn is_one(resource: &Resource) -> bool {
    kind_of(resource).is_some()
}

/// Fills in a new object and takes away a status that a client gave.
pub(super) fn prepare_for_create(resource: &Resource, object: &mut Untyped, gates: &FeatureGates) {
    object.metadata.generation = Some(1);
    fill_in(resource, object, None, gates);
    object.rest.insert("status".to_owned(), json!({}));
    if resource.plural == "jobs" {
        select_own_pods(object);
    }
}

/// Fills in what is left out, the template included.
pub(super) fn fill_in(
    resource: &Resource,
    object: &mut Untyped,
    before: Option<&Untyped>,
    gates: &FeatureGates,
) {
    let Some(kind) = kind_of(resource) else { return };
    let spec = object.rest.entry("spec").or_insert_with(|| json!({}));
    let Some(spec) = spec.as_object_mut() else { return };
    if let Json::Object(defaults) = (kind.defaults)() {
        add_missing(spec, defaults);
    }
    fill_in_strategy(resource, spec);
    if resource.plural == "jobs" {
        fill_in_counts(spec);
    }
    let claims = spec.get_mut("volumeClaimTemplates").and_then(Json::as_array_mut);
    claims.into_iter().flatten().for_each(claims::fill_in_template);
    let Some(mut template) = template_of(kind, object) else { return };
    if let Some(spec) = template.spec.take() {
        let carried = before.and_then(|before| template_of(kind, before));
        let mut pod = Pod { spec: Some(spec), ..Pod::default() };
        let carried = carried.map(|template| Pod { spec: template.spec, ..Pod::default() });
        fields::drop_disabled_spec(gates, &mut pod, carried.as_ref());
        pod.spec.iter_mut().for_each(defaults::spec);
        template.spec = pod.spec;
    }
    if let (Some(place), Ok(template)) =
        (template_mut(kind, object), serde_json::to_value(&template))
    {
        *place = template;
    }
}

fn add_missing(spec: &mut Map<String, Json>, defaults: Map<String, Json>) {
    for (name, value) in defaults {
        match spec.get_mut(&name) {
            None | Some(Json::Null) => {
                spec.insert(name, value);
            }
            Some(Json::Object(known)) => {
                if let Json::Object(defaults) = value {
                    add_missing(known, defaults);
                }
            }
            Some(_) => {}
        }
    }
}

/// A rolling update has limits; another strategy has none.
fn fill_in_strategy(resource: &Resource, spec: &mut Map<String, Json>) {
    let (field, limits) = match resource.plural {
        "deployments" => ("strategy", json!({"maxUnavailable": "25%", "maxSurge": "25%"})),
        "daemonsets" => ("updateStrategy", json!({"maxUnavailable": 1, "maxSurge": 0})),
        _ => return,
    };
    let Some(strategy) = spec.get_mut(field).and_then(Json::as_object_mut) else { return };
    if strategy.get("type").and_then(Json::as_str) == Some("RollingUpdate") {
        let update = strategy.entry("rollingUpdate").or_insert_with(|| json!({}));
        if let (Some(update), Json::Object(limits)) = (update.as_object_mut(), limits) {
            add_missing(update, limits);
        }
    }
}

fn fill_in_counts(spec: &mut Map<String, Json>) {
    let given = |spec: &Map<String, Json>, name| spec.get(name).is_some_and(|one| !one.is_null());
    // Neither given: one pod. Only parallelism given: a work queue of unknown size.
    if !given(spec, "completions") && !given(spec, "parallelism") {
        spec.insert("completions".to_owned(), 1.into());
    }
    if !given(spec, "parallelism") {
        spec.insert("parallelism".to_owned(), 1.into());
    }
}

/// A job knows its pods by its uid; without labels it has those of its pods.
fn select_own_pods(job: &mut Untyped) {
    let name = job.metadata.name.clone().unwrap_or_default();
    let uid = job.metadata.uid.clone().unwrap_or_default();
    let Some(spec) = job.rest.get_mut("spec").and_then(Json::as_object_mut) else { return };
    let template = spec.entry("template").or_insert_with(|| json!({}));
    if !template["metadata"]["labels"].is_object() {
        template["metadata"]["labels"] = json!({});
    }
    let labels = &mut template["metadata"]["labels"];
    labels[format!("{JOB_LABELS}job-name")] = name.clone().into();
    labels["job-name"] = name.into();
    labels[format!("{JOB_LABELS}controller-uid")] = uid.clone().into();
    labels["controller-uid"] = uid.clone().into();
    if job.metadata.labels.as_ref().is_none_or(BTreeMap::is_empty) {
        job.metadata.labels = serde_json::from_value(labels.clone()).ok();
    }
    if spec.get("manualSelector").and_then(Json::as_bool) != Some(true) {
        let selector = spec.entry("selector").or_insert_with(|| json!({}));
        if !selector.is_object() {
            *selector = json!({});
        }
        if !selector["matchLabels"].is_object() {
            selector["matchLabels"] = json!({});
        }
        selector["matchLabels"][format!("{JOB_LABELS}controller-uid")] = uid.into();
    }
}

fn template_of(kind: &Kind, object: &Untyped) -> Option<PodTemplateSpec> {
    let below = kind.template.strip_prefix("/spec").unwrap_or(kind.template);
    let template = object.rest.get("spec")?.pointer(below)?;
    serde_json::from_value(template.clone()).ok()
}

fn template_mut<'a>(kind: &Kind, object: &'a mut Untyped) -> Option<&'a mut Json> {
    let below = kind.template.strip_prefix("/spec").unwrap_or(kind.template);
    object.rest.get_mut("spec")?.pointer_mut(below)
}

/// Everything that is wrong with an object, in the server's order.
pub(super) fn validate(
    resource: &Resource,
    object: &Untyped,
    _: &FeatureGates,
    errors: &mut Vec<FieldError>,
) {
    let Some(kind) = kind_of(resource) else { return };
    let nothing = json!({});
    let whole = object.rest.get("spec").unwrap_or(&nothing);
    let path = if kind.plural == "cronjobs" { "spec.jobTemplate.spec" } else { "spec" };
    let spec = if kind.plural == "cronjobs" { &whole["jobTemplate"]["spec"] } else { whole };
    let template = template_of(kind, object).unwrap_or_default();
    let rules = Rules { kind: resource.kind, path, spec, template };
    let metadata = &object.metadata;
    match kind.plural {
        "deployments" => rules.deployment(errors),
        "replicasets" => rules.replica_set(errors),
        "daemonsets" => rules.daemon_set(errors),
        "statefulsets" => rules.stateful_set(errors),
        "jobs" => {
            rules.generated_selector(metadata.uid.as_deref().unwrap_or_default(), errors);
            rules.job(errors);
        }
        _ => {
            workload_rules::cron_job(metadata.name.as_deref().unwrap_or_default(), whole, errors);
            rules.job_without_selector(errors);
        }
    }
}

/// What an update must leave as it was, and what is wrong with the rest.
pub(super) fn validate_update(
    resource: &Resource,
    object: &Untyped,
    before: &Untyped,
    gates: &FeatureGates,
    errors: &mut Vec<FieldError>,
) {
    validate(resource, object, gates, errors);
    let Some(kind) = kind_of(resource) else { return };
    let field = |object: &Untyped, name: &str| {
        object.rest.get("spec").and_then(|spec| spec.get(name)).cloned().unwrap_or_default()
    };
    if kind.plural == "statefulsets" {
        if fixed_part(object) != fixed_part(before) {
            errors.push(FieldError::forbidden("spec", STATEFUL_SET_CHANGES));
        }
        return;
    }
    for name in kind.immutable {
        let now = field(object, name);
        if now != field(before, name) {
            let shown = match *name {
                "template" => internal::pod_template(&now),
                _ => now.to_string(),
            };
            let detail = "field is immutable";
            errors.push(FieldError::invalid(format!("spec.{name}"), shown, detail));
        }
    }
}

/// What may change in a stateful set, in the server's words.
const STATEFUL_SET_CHANGES: &str = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

/// The part of a stateful set's spec that never changes.
fn fixed_part(set: &Untyped) -> Map<String, Json> {
    const CHANGING: &[&str] = &[
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    ];
    let spec = set.rest.get("spec").and_then(Json::as_object).cloned().unwrap_or_default();
    let fixed =
        |(name, value): &(String, Json)| !CHANGING.contains(&name.as_str()) && !value.is_null();
    spec.into_iter().filter(fixed).collect()
}
