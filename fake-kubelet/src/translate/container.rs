//! A container in CRI's terms.

use cri_api::v1;
use k8s_openapi::api::core::v1::{Container, Pod};

use super::environment::{Environment, Sources, environment, expand};
use super::security::{ImageUser, container_context, verify_run_as_non_root};
use super::{Context, TranslateError, labels, resources};

/// What a container is started from and in, besides its pod.
#[derive(Debug, Clone)]
pub struct Start<'a> {
    /// The reference to create it from, as the runtime knows it.
    pub image_ref: String,
    /// The user in the image's config.
    pub image_user: ImageUser,
    /// How often it was restarted before.
    pub attempt: u32,
    /// The container whose processes it shall see (ephemeral containers).
    pub target_id: Option<&'a str>,
}

/// The config to create a container with.
///
/// # Errors
/// What keeps the container from being created, in the kubelet's words; it
/// then waits with `CreateContainerConfigError`.
pub fn container_config(
    pod: &Pod,
    container: &Container,
    start: Start<'_>,
    sources: Sources<'_>,
    context: &Context<'_>,
) -> Result<v1::ContainerConfig, TranslateError> {
    let variables = environment(pod, container, sources, context)?;
    let mounts = mounts(container, &variables, context)?;
    verify_run_as_non_root(pod, container, &start.image_user)?;
    let mut security = container_context(pod, container, start.image_user, context)?;
    if let (Some(target), Some(namespaces)) = (start.target_id, &mut security.namespace_options) {
        namespaces.pid = v1::NamespaceMode::Target.into();
        namespaces.target_id = target.to_owned();
    }
    let expanded = |words: &Option<Vec<String>>| -> Result<Vec<String>, TranslateError> {
        words.iter().flatten().map(|word| expand(word, &variables)).collect()
    };
    let log_path = if context.config.pod_logs_directory.is_some() {
        format!("{}/{}.log", container.name, start.attempt)
    } else {
        String::new()
    };
    Ok(v1::ContainerConfig {
        metadata: Some(v1::ContainerMetadata {
            name: container.name.clone(),
            attempt: start.attempt,
        }),
        image: Some(v1::ImageSpec {
            image: start.image_ref,
            user_specified_image: container.image.clone().unwrap_or_default(),
            ..v1::ImageSpec::default()
        }),
        command: expanded(&container.command)?,
        args: expanded(&container.args)?,
        working_dir: container.working_dir.clone().unwrap_or_default(),
        labels: labels::container_labels(pod, container),
        annotations: labels::container_annotations(pod, container, start.attempt),
        log_path,
        stdin: container.stdin.unwrap_or(false),
        stdin_once: container.stdin_once.unwrap_or(false),
        tty: container.tty.unwrap_or(false),
        linux: Some(v1::LinuxContainerConfig {
            resources: Some(resources::container_resources(pod, container, context)),
            security_context: Some(security),
        }),
        mounts,
        envs: variables
            .into_iter()
            .map(|(key, value)| v1::KeyValue { key, value: value.into_bytes() })
            .collect(),
    })
}

/// The container's volume mounts; a relative path starts at the root.
fn mounts(
    container: &Container,
    variables: &Environment,
    context: &Context<'_>,
) -> Result<Vec<v1::Mount>, TranslateError> {
    let mount = |asked: &k8s_openapi::api::core::v1::VolumeMount| {
        let (_, volume) =
            context.volumes.iter().find(|(name, _)| *name == asked.name).ok_or_else(|| {
                format!(
                    "cannot find volume {:?} to mount into container {:?}",
                    asked.name, container.name
                )
            })?;
        let sub_path = match (&asked.sub_path, &asked.sub_path_expr) {
            (_, Some(expression)) if !expression.is_empty() => expand(expression, variables)?,
            (Some(path), _) => path.clone(),
            _ => String::new(),
        };
        let within = |path: &str| {
            !path.starts_with('/') && path.split('/').all(|component| component != "..")
        };
        if !within(&sub_path) {
            return Err(format!(
                "error in volume mount {:?}: subPath {sub_path:?} must stay within the volume",
                asked.name
            ));
        }
        let host_path = if sub_path.is_empty() {
            volume.host_path.clone()
        } else {
            let folder = volume.host_path.trim_end_matches('/');
            match &volume.files_in {
                Some(files_in) => format!("{folder}/{files_in}/{sub_path}"),
                None => format!("{folder}/{sub_path}"),
            }
        };
        let slash = if asked.mount_path.starts_with('/') { "" } else { "/" };
        Ok(v1::Mount {
            container_path: format!("{slash}{}", asked.mount_path),
            host_path,
            readonly: asked.read_only.unwrap_or(false),
        })
    };
    container.volume_mounts.iter().flatten().map(mount).collect()
}
