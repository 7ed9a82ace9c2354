//! The files of volumes that are made of API objects: config maps, secrets, the downward API.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    ConfigMap, DownwardAPIVolumeFile, KeyToPath, Pod, Secret, Volume, VolumeProjection,
};

use super::VolumeError;
use crate::translate::Context;
use crate::translate::downward::{container_resource, pod_field};
use crate::translate::environment::Sources;

/// The mode of files where neither volume nor item says another.
const DEFAULT_MODE: i32 = 0o644;

/// What stands for a token: a simulated cluster issues none.
const TOKEN: &[u8] = b"simulated";

/// A file of such a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeFile {
    /// Mode bits, 0 to 0777.
    pub mode: u32,
    /// What is in it.
    pub data: Vec<u8>,
}

/// Files by their path in the volume.
pub type VolumeFiles = BTreeMap<String, VolumeFile>;

/// The files of a volume; `None` for one that has none of its own, such as an `emptyDir`.
///
/// # Errors
/// What the volume refers to and is not there, in the kubelet's words.
pub(crate) fn contents(
    pod: &Pod,
    volume: &Volume,
    sources: Sources<'_>,
    context: &Context<'_>,
) -> Result<Option<VolumeFiles>, VolumeError> {
    let mut files = VolumeFiles::new();
    if let Some(source) = &volume.config_map {
        let map = sources.config_map(&source.name, source.optional).map_err(VolumeError)?;
        let from = From::new(source.default_mode, source.items.as_deref(), source.optional);
        from.config_map(map, &mut files)?;
    } else if let Some(source) = &volume.secret {
        let name = source.secret_name.as_deref().unwrap_or_default();
        let secret = sources.secret(name, source.optional).map_err(VolumeError)?;
        let from = From::new(source.default_mode, source.items.as_deref(), source.optional);
        from.secret(secret, &mut files)?;
    } else if let Some(source) = &volume.downward_api {
        let items = source.items.as_deref().unwrap_or_default();
        downward(pod, items, source.default_mode, context, &mut files)?;
    } else if let Some(source) = &volume.projected {
        let mut errors = Vec::new();
        for projection in source.sources.iter().flatten() {
            let mode = source.default_mode;
            if let Err(error) = projected(pod, projection, mode, sources, context, &mut files) {
                errors.push(error.0);
            }
        }
        match &mut *errors {
            [] => {}
            [only] => return Err(VolumeError(std::mem::take(only))),
            several => return Err(VolumeError(format!("[{}]", several.join(", ")))),
        }
    } else {
        return Ok(None);
    }
    Ok(Some(files))
}

fn projected(
    pod: &Pod,
    projection: &VolumeProjection,
    mode: Option<i32>,
    sources: Sources<'_>,
    context: &Context<'_>,
    files: &mut VolumeFiles,
) -> Result<(), VolumeError> {
    if let Some(source) = &projection.config_map {
        let map = sources.config_map(&source.name, source.optional).map_err(VolumeError)?;
        From::new(mode, source.items.as_deref(), source.optional).config_map(map, files)?;
    }
    if let Some(source) = &projection.secret {
        let secret = sources.secret(&source.name, source.optional).map_err(VolumeError)?;
        From::new(mode, source.items.as_deref(), source.optional).secret(secret, files)?;
    }
    if let Some(source) = &projection.downward_api {
        downward(pod, source.items.as_deref().unwrap_or_default(), mode, context, files)?;
    }
    if let Some(source) = &projection.service_account_token {
        let file = VolumeFile { mode: bits(mode), data: TOKEN.to_vec() };
        files.insert(within(&source.path)?.to_owned(), file);
    }
    Ok(())
}

/// How files are made of keys.
struct From<'a> {
    mode: Option<i32>,
    items: Option<&'a [KeyToPath]>,
    optional: bool,
}

impl<'a> From<'a> {
    fn new(mode: Option<i32>, items: Option<&'a [KeyToPath]>, optional: Option<bool>) -> Self {
        let items = items.filter(|items| !items.is_empty());
        Self { mode, items, optional: optional == Some(true) }
    }

    fn config_map(
        &self,
        map: Option<ConfigMap>,
        files: &mut VolumeFiles,
    ) -> Result<(), VolumeError> {
        let ConfigMap { data, binary_data, .. } = map.unwrap_or_default();
        let text = data.into_iter().flatten().map(|(key, text)| (key, text.into_bytes()));
        let bytes = binary_data.into_iter().flatten().map(|(key, bytes)| (key, bytes.0));
        self.keys(
            text.chain(bytes).collect(),
            "configmap references non-existent config key",
            files,
        )
    }

    fn secret(&self, secret: Option<Secret>, files: &mut VolumeFiles) -> Result<(), VolumeError> {
        let data = secret.unwrap_or_default().data.into_iter().flatten();
        let data = data.map(|(key, bytes)| (key, bytes.0)).collect();
        self.keys(data, "references non-existent secret key", files)
    }

    fn keys(
        &self,
        data: BTreeMap<String, Vec<u8>>,
        missing: &str,
        files: &mut VolumeFiles,
    ) -> Result<(), VolumeError> {
        let Some(items) = self.items else {
            let mode = bits(self.mode);
            files.extend(data.into_iter().map(|(key, data)| (key, VolumeFile { mode, data })));
            return Ok(());
        };
        for KeyToPath { key, path, mode } in items {
            match data.get(key) {
                Some(data) => {
                    let file = VolumeFile { mode: bits(mode.or(self.mode)), data: data.clone() };
                    files.insert(within(path)?.to_owned(), file);
                }
                None if self.optional => {}
                None => return Err(VolumeError(format!("{missing}: {key}"))),
            }
        }
        Ok(())
    }
}

fn downward(
    pod: &Pod,
    items: &[DownwardAPIVolumeFile],
    mode: Option<i32>,
    context: &Context<'_>,
    files: &mut VolumeFiles,
) -> Result<(), VolumeError> {
    for item in items {
        let text = match (&item.field_ref, &item.resource_field_ref) {
            (Some(field), _) => pod_field(pod, &field.field_path, context),
            (None, Some(resource)) => {
                let name = resource.container_name.as_deref().unwrap_or_default();
                let spec = pod.spec.as_ref();
                let container = spec.and_then(|spec| {
                    let init = spec.init_containers.iter().flatten();
                    spec.containers.iter().chain(init).find(|container| container.name == name)
                });
                match container {
                    Some(container) => container_resource(container, resource, context),
                    None => Err(format!("container {name} not found")),
                }
            }
            (None, None) => continue,
        };
        let data = text.map_err(VolumeError)?.into_bytes();
        let file = VolumeFile { mode: bits(item.mode.or(mode)), data };
        files.insert(within(&item.path)?.to_owned(), file);
    }
    Ok(())
}

/// Mode bits; the API server lets no others through.
fn bits(mode: Option<i32>) -> u32 {
    u32::try_from(mode.unwrap_or(DEFAULT_MODE)).unwrap_or(0o644) & 0o777
}

/// A path that stays in its volume; the API server lets no other through.
fn within(path: &str) -> Result<&str, VolumeError> {
    let plain = |part: &str| !part.is_empty() && part != "." && part != ".." && part.len() <= 255;
    if path.len() <= 4096 && !path.contains('\0') && path.split('/').all(plain) {
        return Ok(path);
    }
    Err(VolumeError(format!("invalid path: must be relative and without \"..\": {path:?}")))
}
