//! A container's environment, and references to it in commands.

use k8s_openapi::api::core::v1::{Container, EnvVar, EnvVarSource, Pod, ResourceFieldSelector};

use super::{Context, TranslateError};
use crate::admission::resources::Amounts;

/// A container's variables in order, values expanded.
pub type Environment = Vec<(String, String)>;

/// Replaces each `$(NAME)` of a known variable; `$$` stands for a dollar sign,
/// and what is not known stays as it is.
#[must_use]
pub fn expand(text: &str, environment: &[(String, String)]) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(position) = rest.find('$') {
        expanded.push_str(&rest[..position]);
        rest = &rest[position + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            expanded.push('$');
            rest = after;
        } else if let Some((name, after)) =
            rest.strip_prefix('(').and_then(|reference| reference.split_once(')'))
        {
            match environment.iter().rev().find(|(known, _)| known == name) {
                Some((_, value)) => expanded.push_str(value),
                None => {
                    expanded.push_str("$(");
                    expanded.push_str(name);
                    expanded.push(')');
                }
            }
            rest = after;
        } else {
            expanded.push('$');
        }
    }
    expanded.push_str(rest);
    expanded
}

/// The variables of a container.
///
/// There are no ConfigMaps and Secrets here: a reference to one is an error in
/// the kubelet's words, unless it is optional.
///
/// # Errors
/// What a variable refers to and is not there.
pub fn environment(
    pod: &Pod,
    container: &Container,
    context: &Context<'_>,
) -> Result<Environment, TranslateError> {
    for source in container.env_from.iter().flatten() {
        if let Some(reference) = &source.config_map_ref {
            missing("configmap", &reference.name, reference.optional)?;
        }
        if let Some(reference) = &source.secret_ref {
            missing("secret", &reference.name, reference.optional)?;
        }
    }
    let mut variables = Environment::new();
    for variable in container.env.iter().flatten() {
        if let Some(value) = value(pod, container, variable, &variables, context)? {
            match variables.iter_mut().find(|(name, _)| *name == variable.name) {
                Some((_, known)) => *known = value,
                None => variables.push((variable.name.clone(), value)),
            }
        }
    }
    Ok(variables)
}

fn missing(kind: &str, name: &str, optional: Option<bool>) -> Result<(), TranslateError> {
    if optional == Some(true) { Ok(()) } else { Err(format!("{kind} {name:?} not found")) }
}

fn value(
    pod: &Pod,
    container: &Container,
    variable: &EnvVar,
    known: &Environment,
    context: &Context<'_>,
) -> Result<Option<String>, TranslateError> {
    let Some(source) = &variable.value_from else {
        let text = variable.value.as_deref().unwrap_or_default();
        return Ok(Some(expand(text, known)));
    };
    let EnvVarSource { config_map_key_ref, field_ref, resource_field_ref, secret_key_ref, .. } =
        source;
    if let Some(reference) = config_map_key_ref {
        return missing("configmap", &reference.name, reference.optional).map(|()| None);
    }
    if let Some(reference) = secret_key_ref {
        return missing("secret", &reference.name, reference.optional).map(|()| None);
    }
    if let Some(field) = field_ref {
        return pod_field(pod, &field.field_path, context).map(Some);
    }
    if let Some(resource) = resource_field_ref {
        return container_resource(container, resource, context).map(Some);
    }
    Ok(Some(String::new()))
}

/// A pod field by the path that the downward API gives it.
fn pod_field(pod: &Pod, path: &str, context: &Context<'_>) -> Result<String, TranslateError> {
    let metadata = &pod.metadata;
    let spec = pod.spec.as_ref();
    let subscript = |prefix: &str| {
        path.strip_prefix(prefix)?.strip_prefix("['")?.strip_suffix("']").map(str::to_owned)
    };
    let of = |map: &Option<std::collections::BTreeMap<String, String>>, key: String| {
        map.as_ref().and_then(|map| map.get(&key)).cloned().unwrap_or_default()
    };
    if let Some(key) = subscript("metadata.labels") {
        return Ok(of(&metadata.labels, key));
    }
    if let Some(key) = subscript("metadata.annotations") {
        return Ok(of(&metadata.annotations, key));
    }
    let value = match path {
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
fn container_resource(
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_expanded_and_dollar_signs_can_be_escaped() {
        let known = vec![("NAME".to_owned(), "world".to_owned())];
        for (text, expected) in [
            ("hello $(NAME)", "hello world"),
            ("$$(NAME)", "$(NAME)"),
            ("$(OTHER)", "$(OTHER)"),
            ("$NAME ${NAME}", "$NAME ${NAME}"),
            ("a$", "a$"),
            ("$(NAME", "$(NAME"),
            ("$$$(NAME)", "$world"),
            ("ünï$(NAME)", "ünïworld"),
        ] {
            assert_eq!(expand(text, &known), expected, "{text}");
        }
    }
}
