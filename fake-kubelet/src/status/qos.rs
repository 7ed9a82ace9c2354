//! The quality of service class of a pod.

use k8s_openapi::api::core::v1::{Container, Pod};

/// `BestEffort`, `Burstable` or `Guaranteed`, from the cpu and memory of its containers.
#[must_use]
pub fn qos_class(pod: &Pod) -> &'static str {
    let Some(spec) = &pod.spec else { return "BestEffort" };
    let mut any = false;
    let mut guaranteed = true;
    for container in spec.containers.iter().chain(spec.init_containers.iter().flatten()) {
        for resource in ["cpu", "memory"] {
            let (request, limit) = request_and_limit(container, resource);
            any |= request.is_some() || limit.is_some();
            guaranteed &= limit.is_some() && request.is_none_or(|request| Some(request) == limit);
        }
    }
    match (any, guaranteed) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}

/// An amount of 0 counts as none.
fn request_and_limit<'a>(
    container: &'a Container,
    resource: &str,
) -> (Option<&'a str>, Option<&'a str>) {
    let Some(resources) = &container.resources else { return (None, None) };
    let amount = |list: &'a Option<std::collections::BTreeMap<String, _>>| {
        let quantity: &k8s_openapi::apimachinery::pkg::api::resource::Quantity =
            list.as_ref()?.get(resource)?;
        Some(quantity.0.as_str()).filter(|amount| *amount != "0")
    };
    (amount(&resources.requests), amount(&resources.limits))
}
