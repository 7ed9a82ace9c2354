//! The downward API: what a pod and its containers say of themselves.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, Pod, ResourceFieldSelector};

use super::{Context, TranslateError};
use crate::admission::resources::Amounts;

/// Labels or annotations as a file shows them: `name="value"`, a line each, quoted as in Go.
fn format_map(map: Option<&BTreeMap<String, String>>) -> String {
    let lines = map.into_iter().flatten().map(|(name, value)| format!("{name}={}", quoted(value)));
    lines.collect::<Vec<_>>().join("\n")
}

/// As Go quotes a text (`%q`).
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\x07' => quoted.push_str("\\a"),
            '\x08' => quoted.push_str("\\b"),
            '\x0c' => quoted.push_str("\\f"),
            '\x0b' => quoted.push_str("\\v"),
            control if control.is_control() && control.is_ascii() => {
                quoted.push_str(&format!("\\x{:02x}", u32::from(control)));
            }
            plain => quoted.push(plain),
        }
    }
    quoted.push('"');
    quoted
}

/// A pod field by the path that the downward API gives it.
pub(crate) fn pod_field(
    pod: &Pod,
    path: &str,
    context: &Context<'_>,
) -> Result<String, TranslateError> {
    let metadata = &pod.metadata;
    let spec = pod.spec.as_ref();
    let subscript = |prefix: &str| {
        path.strip_prefix(prefix)?.strip_prefix("['")?.strip_suffix("']").map(str::to_owned)
    };
    let of = |map: &Option<BTreeMap<String, String>>, key: String| {
        map.as_ref().and_then(|map| map.get(&key)).cloned().unwrap_or_default()
    };
    if let Some(key) = subscript("metadata.labels") {
        return Ok(of(&metadata.labels, key));
    }
    if let Some(key) = subscript("metadata.annotations") {
        return Ok(of(&metadata.annotations, key));
    }
    let value = match path {
        "metadata.labels" => Some(format_map(metadata.labels.as_ref())),
        "metadata.annotations" => Some(format_map(metadata.annotations.as_ref())),
        "metadata.name" => metadata.name.clone(),
        "metadata.namespace" => metadata.namespace.clone(),
        "metadata.uid" => metadata.uid.clone(),
        "spec.nodeName" => spec.and_then(|spec| spec.node_name.clone()),
        "spec.serviceAccountName" => spec.and_then(|spec| spec.service_account_name.clone()),
        "status.hostIP" | "status.hostIPs" => Some(context.config.node_ip.clone()),
        "status.podIP" | "status.podIPs" => Some(context.pod_ip.to_owned()),
        _ => return Err(format!("unsupported fieldPath: {path}")),
    };
    Ok(value.unwrap_or_default())
}

/// A container's request or limit, divided and rounded up; without a limit the
/// node's capacity counts.
pub(crate) fn container_resource(
    container: &Container,
    selector: &ResourceFieldSelector,
    context: &Context<'_>,
) -> Result<String, TranslateError> {
    let unsupported = || format!("unsupported container resource : {}", selector.resource);
    let (list, resource) = selector.resource.split_once('.').ok_or_else(unsupported)?;
    let resources = container.resources.as_ref();
    let list = match list {
        "limits" => resources.and_then(|r| r.limits.as_ref()),
        "requests" => resources.and_then(|r| r.requests.as_ref()),
        _ => return Err(unsupported()),
    };
    let own = list.map(Amounts::of_list).filter(|amounts| amounts.get(resource) > 0);
    let amount = match own {
        Some(amounts) => amounts.get(resource),
        None if selector.resource.starts_with("limits.") => {
            Amounts::of_list(&context.config.capacity).get(resource)
        }
        None => 0,
    };
    let divisor = selector
        .divisor
        .as_ref()
        .map(|divisor| Amounts::of_list(&[(resource.to_owned(), divisor.clone())].into()))
        .map_or(0, |amounts| amounts.get(resource));
    let unit = if resource == "cpu" { 1000 } else { 1 };
    let divisor = if divisor > 0 { divisor } else { unit };
    Ok((amount / divisor + i64::from(amount % divisor != 0)).to_string())
}
