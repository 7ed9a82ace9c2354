//! A container's environment, and references to it in commands.

use std::collections::HashMap;

use k8s_openapi::api::core::v1::{
    ConfigMap, ConfigMapKeySelector, Container, EnvVar, EnvVarSource, Pod, Secret,
    SecretKeySelector,
};

use super::downward::{container_resource, pod_field};
use super::{Context, TranslateError};
use crate::api::KeyValues;

/// The longest variable or argument that Linux hands to a process, in bytes (`MAX_ARG_STRLEN`).
const LONGEST_TEXT: usize = 128 * 1024;

/// The most bytes of variables that a process can get, names included: a quarter of the usual
/// stack of 8 MiB.
const MOST_BYTES: usize = 2 * 1024 * 1024;

/// A container's variables in order, values expanded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    variables: Vec<(String, String)>,
    places: HashMap<String, usize>,
    bytes: usize,
}

impl Environment {
    /// A variable's value.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let place = self.places.get(name)?;
        self.variables.get(*place).map(|(_, value)| value.as_str())
    }

    /// Sets a variable, in the place of one with the same name.
    ///
    /// # Errors
    /// No process can get that much.
    pub fn set(&mut self, name: String, value: String) -> Result<(), TranslateError> {
        self.bytes = self.bytes.saturating_add(name.len()).saturating_add(value.len());
        if value.len() > LONGEST_TEXT || self.bytes > MOST_BYTES {
            return Err(too_long(&name));
        }
        match self.places.get(&name).and_then(|place| self.variables.get_mut(*place)) {
            Some((_, known)) => *known = value,
            None => {
                self.places.insert(name.clone(), self.variables.len());
                self.variables.push((name, value));
            }
        }
        Ok(())
    }
}

impl IntoIterator for Environment {
    type Item = (String, String);
    type IntoIter = std::vec::IntoIter<(String, String)>;

    fn into_iter(self) -> Self::IntoIter {
        self.variables.into_iter()
    }
}

fn too_long(what: &str) -> TranslateError {
    format!("{what}: argument list too long")
}

/// Replaces each `$(NAME)` of a known variable; `$$` stands for a dollar sign,
/// and what is not known stays as it is.
///
/// # Errors
/// The result is longer than what a process can get.
pub fn expand(text: &str, environment: &Environment) -> Result<String, TranslateError> {
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
            match environment.get(name) {
                Some(value) => expanded.push_str(value),
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
        if expanded.len() > LONGEST_TEXT {
            return Err(too_long("expanded text"));
        }
    }
    expanded.push_str(rest);
    Ok(expanded)
}

/// Looks up what a pod's variables and files are made of; the errors are the kubelet's words.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    key_values: &'a dyn KeyValues,
    namespace: &'a str,
}

impl<'a> Sources<'a> {
    /// Those that a pod can refer to: its own namespace's.
    #[must_use]
    pub fn of(pod: &'a Pod, key_values: &'a dyn KeyValues) -> Self {
        Self { key_values, namespace: pod.metadata.namespace.as_deref().unwrap_or_default() }
    }

    /// A config map; `None` where a missing one is allowed.
    ///
    /// # Errors
    /// It is missing and not optional.
    pub fn config_map(
        &self,
        name: &str,
        optional: Option<bool>,
    ) -> Result<Option<ConfigMap>, TranslateError> {
        let found = self.key_values.config_map(self.namespace, name);
        match found {
            None if optional != Some(true) => Err(format!("configmap {name:?} not found")),
            found => Ok(found),
        }
    }

    /// A secret; `None` where a missing one is allowed.
    ///
    /// # Errors
    /// It is missing and not optional.
    pub fn secret(
        &self,
        name: &str,
        optional: Option<bool>,
    ) -> Result<Option<Secret>, TranslateError> {
        let found = self.key_values.secret(self.namespace, name);
        match found {
            None if optional != Some(true) => Err(format!("secret {name:?} not found")),
            found => Ok(found),
        }
    }

    fn config_map_value(
        &self,
        reference: &ConfigMapKeySelector,
    ) -> Result<Option<String>, TranslateError> {
        let ConfigMapKeySelector { name, key, optional } = reference;
        let Some(map) = self.config_map(name, *optional)? else { return Ok(None) };
        match map.data.and_then(|mut data| data.remove(key)) {
            None if *optional != Some(true) => {
                Err(format!("couldn't find key {key} in ConfigMap {}/{name}", self.namespace))
            }
            value => Ok(value),
        }
    }

    fn secret_value(
        &self,
        reference: &SecretKeySelector,
    ) -> Result<Option<String>, TranslateError> {
        let SecretKeySelector { name, key, optional } = reference;
        let Some(secret) = self.secret(name, *optional)? else { return Ok(None) };
        match secret.data.and_then(|mut data| data.remove(key)) {
            None if *optional != Some(true) => {
                Err(format!("couldn't find key {key} in Secret {}/{name}", self.namespace))
            }
            value => Ok(value.map(|value| text(value.0))),
        }
    }
}

/// Bytes as a variable holds them; what is no text is replaced.
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// The variables of a container: those of `envFrom` by name, then those of `env` in their order;
/// of two with one name the later counts.
///
/// # Errors
/// What a variable refers to and is not there, in the kubelet's words.
pub fn environment(
    pod: &Pod,
    container: &Container,
    sources: Sources<'_>,
    context: &Context<'_>,
) -> Result<Environment, TranslateError> {
    let mut variables = Environment::default();
    for source in container.env_from.iter().flatten() {
        let prefix = source.prefix.as_deref().unwrap_or_default();
        let named = |key: String| format!("{prefix}{key}");
        if let Some(reference) = &source.config_map_ref {
            let map = sources.config_map(&reference.name, reference.optional)?;
            for (key, value) in map.and_then(|map| map.data).into_iter().flatten() {
                variables.set(named(key), value)?;
            }
        }
        if let Some(reference) = &source.secret_ref {
            let secret = sources.secret(&reference.name, reference.optional)?;
            for (key, value) in secret.and_then(|secret| secret.data).into_iter().flatten() {
                variables.set(named(key), text(value.0))?;
            }
        }
    }
    for variable in container.env.iter().flatten() {
        if let Some(value) = value(pod, container, variable, &variables, sources, context)? {
            variables.set(variable.name.clone(), value)?;
        }
    }
    Ok(variables)
}

fn value(
    pod: &Pod,
    container: &Container,
    variable: &EnvVar,
    known: &Environment,
    sources: Sources<'_>,
    context: &Context<'_>,
) -> Result<Option<String>, TranslateError> {
    let Some(source) = &variable.value_from else {
        let text = variable.value.as_deref().unwrap_or_default();
        return expand(text, known).map(Some);
    };
    let EnvVarSource { config_map_key_ref, field_ref, resource_field_ref, secret_key_ref, .. } =
        source;
    if let Some(reference) = config_map_key_ref {
        return sources.config_map_value(reference);
    }
    if let Some(reference) = secret_key_ref {
        return sources.secret_value(reference);
    }
    if let Some(field) = field_ref {
        return pod_field(pod, &field.field_path, context).map(Some);
    }
    if let Some(resource) = resource_field_ref {
        return container_resource(container, resource, context).map(Some);
    }
    Ok(Some(String::new()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_expanded_and_dollar_signs_can_be_escaped() {
        let mut known = Environment::default();
        assert_eq!(known.set("NAME".to_owned(), "world".to_owned()), Ok(()));
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
            assert_eq!(expand(text, &known).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_doubles_again_and_again_is_refused_before_it_is_large() {
        let mut known = Environment::default();
        assert_eq!(known.set("V".to_owned(), "x".repeat(100_000)), Ok(()));
        let twice = expand("$(V)$(V)", &known);
        assert_eq!(twice, Err("expanded text: argument list too long".to_owned()));
        assert!(expand(&"$(V)".repeat(100_000), &known).is_err());
    }
}
