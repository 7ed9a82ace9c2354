//! What containers ask for and may use at most.
//!
//! Rules and words: `ValidateContainerResourceRequirements` and `validatePodResources` of
//! `pkg/apis/core/validation`, 1.36.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{PodSpec, ResourceRequirements};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kubernetes_objects::quantity;

use super::{FieldError, names};

type List = BTreeMap<String, Quantity>;

/// What begins the names of pages of memory; their size follows.
const PAGES: &str = "hugepages-";

/// What begins the names of what is asked for, in quotas.
const REQUESTS: &str = "requests.";

/// Resources of pods as a whole, besides pages.
const OF_PODS: &[&str] = &["cpu", "memory"];

/// Resources of containers whose names have no domain.
const OF_CONTAINERS: &[&str] = &["cpu", "memory", "ephemeral-storage"];

/// Resources whose names have no domain, whatever they are counted for.
const STANDARD: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "storage",
    "requests.storage",
    "services.nodeports",
    "services.loadbalancers",
];

/// Whose resources they are, which decides about their names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Container,
    Pod,
}

/// Checks a container's resources.
pub(super) fn of_container(
    resources: &ResourceRequirements,
    spec: &PodSpec,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    check(resources, Of::Container, spec, path, errors);
}

/// Checks the resources of a pod as a whole.
pub(super) fn of_pod(spec: &PodSpec, errors: &mut Vec<FieldError>) {
    let Some(resources) = &spec.resources else { return };
    if resources.claims.is_some() {
        let detail = "claims cannot be set for Resources at pod-level";
        errors.push(FieldError::forbidden("spec.resources.claims", detail));
    }
    check(resources, Of::Pod, spec, "spec.resources", errors);
    let nothing = List::new();
    let requests = resources.requests.as_ref().unwrap_or(&nothing);
    let mut sums: BTreeMap<&String, quantity::Quantity> = BTreeMap::new();
    for (name, asked) in spec
        .containers
        .iter()
        .filter_map(|container| container.resources.as_ref()?.requests.as_ref())
        .flatten()
    {
        if let Some(asked) = read(asked) {
            let sum = sums.get(name).map_or(asked, |sum| sum.plus(asked));
            sums.insert(name, sum);
        }
    }
    for (name, sum) in sums {
        let of_pod = requests.get(name);
        if of_pod.and_then(read).is_none_or(|of_pod| of_pod < sum) {
            let shown = of_pod.map_or("0", |of_pod| &of_pod.0);
            let detail =
                format!("must be greater than or equal to aggregate container requests of {sum}");
            let field = format!("spec.resources.requests[{name}]");
            errors.push(FieldError::invalid_text(field, shown, &detail));
        }
    }
    let limits = resources.limits.as_ref().unwrap_or(&nothing);
    for (index, container) in spec.containers.iter().enumerate() {
        let own = container.resources.as_ref().and_then(|own| own.limits.as_ref());
        for (name, own) in own.into_iter().flatten() {
            let Some(of_pod) = limits.get(name) else { continue };
            if exceeds(own, of_pod) {
                let field = format!("spec.resources.containers[{index}][{name}].limits");
                let detail = format!("must be less than or equal to pod limits of {}", of_pod.0);
                errors.push(FieldError::invalid_text(field, &own.0, &detail));
            }
        }
    }
}

fn check(
    resources: &ResourceRequirements,
    of: Of,
    spec: &PodSpec,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    let nothing = List::new();
    let limits = resources.limits.as_ref().unwrap_or(&nothing);
    let requests = resources.requests.as_ref().unwrap_or(&nothing);
    for (name, limit) in limits {
        check_one(name, limit, of, &format!("{path}.limits[{name}]"), errors);
    }
    for (name, request) in requests {
        check_one(name, request, of, &format!("{path}.requests[{name}]"), errors);
        let field = format!("{path}.requests");
        match limits.get(name) {
            Some(limit) if !may_be_overcommitted(name) && read(request) != read(limit) => {
                let detail = format!("must be equal to {name} limit of {}", limit.0);
                errors.push(FieldError::invalid_text(field, &request.0, &detail));
            }
            Some(limit) if exceeds(request, limit) => {
                let detail = format!("must be less than or equal to {name} limit of {}", limit.0);
                errors.push(FieldError::invalid_text(field, &request.0, &detail));
            }
            None if !may_be_overcommitted(name) => {
                let detail = "Limit must be set for non overcommitable resources";
                errors.push(FieldError::required(format!("{path}.limits"), detail));
            }
            Some(_) | None => {}
        }
    }
    let all: BTreeSet<&str> = limits.keys().chain(requests.keys()).map(String::as_str).collect();
    let has_pages = all.iter().any(|name| is_page(name));
    if has_pages && !all.contains("cpu") && !all.contains("memory") {
        errors.push(FieldError::forbidden(path, "HugePages require cpu or memory"));
    }
    check_claims(resources, spec, path, errors);
}

fn check_one(name: &str, amount: &Quantity, of: Of, path: &str, errors: &mut Vec<FieldError>) {
    let before = errors.len();
    names::qualified(path, name, errors);
    if errors.len() == before && !name.contains('/') && !is_standard(name) {
        let detail = "must be a standard resource type or fully qualified";
        errors.push(FieldError::invalid_text(path, name, detail));
    }
    match of {
        Of::Container => check_name_for_container(name, path, errors),
        Of::Pod if errors.len() == before && !is_for_pods(name) => {
            errors.push(FieldError::unsupported(path, name, OF_PODS));
        }
        Of::Pod => {}
    }
    let Some(read) = read(amount) else { return };
    if read.is_negative() {
        let detail = "must be greater than or equal to 0";
        errors.push(FieldError::invalid_text(path, &amount.0, detail));
    }
    if !is_native(name) && !read.is_whole() {
        errors.push(FieldError::invalid_text(path, &amount.0, "must be an integer"));
    }
    let size = name.strip_prefix(PAGES).and_then(|size| size.parse().ok());
    if size.is_some_and(|size| !read.is_multiple_of(size)) {
        let detail = format!("{} is not positive integer multiple of {name}", amount.0);
        errors.push(FieldError::invalid_text(path, &amount.0, &detail));
    }
}

fn check_name_for_container(name: &str, path: &str, errors: &mut Vec<FieldError>) {
    let detail = if !name.contains('/') {
        if OF_CONTAINERS.contains(&name) || is_page(name) {
            return;
        }
        "must be a standard resource for containers"
    } else {
        // What is not Kubernetes' own must have a place in quotas, which count it as requests.
        let in_quotas = names::qualified_faults(&format!("{REQUESTS}{name}"));
        if is_native(name) || (!name.starts_with(REQUESTS) && in_quotas.is_empty()) {
            return;
        }
        "doesn't follow extended resource name standard"
    };
    errors.push(FieldError::invalid_text(path, name, detail));
}

fn check_claims(
    resources: &ResourceRequirements,
    spec: &PodSpec,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    let known: BTreeSet<&str> =
        spec.resource_claims.iter().flatten().map(|claim| claim.name.as_str()).collect();
    let mut used = BTreeSet::new();
    for (index, claim) in resources.claims.iter().flatten().enumerate() {
        let path = format!("{path}.claims[{index}]");
        if claim.name.is_empty() {
            errors.push(FieldError::required(path, ""));
            continue;
        }
        let key = (claim.name.as_str(), claim.request.as_deref().unwrap_or_default());
        if used.contains(&(key.0, "")) || !used.insert(key) {
            errors.push(FieldError::duplicate(&path, &claim.name));
        }
        if !known.contains(key.0) {
            let names: Vec<_> = known.iter().copied().collect();
            let known = match &*names.join(", ") {
                "" => " which is empty".to_owned(),
                names => format!(": {names}"),
            };
            let detail = format!("must be one of the names in pod.spec.resourceClaims{known}");
            errors.push(FieldError::not_found_among(path, key.0, &detail));
        }
    }
}

fn read(amount: &Quantity) -> Option<quantity::Quantity> {
    amount.0.parse().ok()
}

fn exceeds(amount: &Quantity, most: &Quantity) -> bool {
    match (read(amount), read(most)) {
        (Some(amount), Some(most)) => amount > most,
        _ => false,
    }
}

fn is_page(name: &str) -> bool {
    name.starts_with(PAGES)
}

fn is_standard(name: &str) -> bool {
    STANDARD.contains(&name) || is_page(name.strip_prefix(REQUESTS).unwrap_or(name))
}

fn is_for_pods(name: &str) -> bool {
    OF_PODS.contains(&name) || is_page(name)
}

/// Whether a name is one of Kubernetes' own resources.
fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

/// Whether more can be promised than there is (`IsOvercommitAllowed`).
fn may_be_overcommitted(name: &str) -> bool {
    is_native(name) && !is_page(name)
}
