//! Jobs whose pods have an index each.

use std::collections::BTreeSet;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{EnvVar, EnvVarSource, ObjectFieldSelector, Pod};

/// The annotation and the label that carry a pod's index.
const INDEX: &str = "batch.kubernetes.io/job-completion-index";
/// The variable that tells a container its pod's index.
const VARIABLE: &str = "JOB_COMPLETION_INDEX";

pub(super) fn is_indexed(job: &Job) -> bool {
    let mode = job.spec.as_ref().and_then(|spec| spec.completion_mode.as_deref());
    mode == Some("Indexed")
}

/// A pod's index.
pub(super) fn index_of(pod: &Pod) -> Option<u32> {
    pod.metadata.annotations.as_ref()?.get(INDEX)?.parse().ok()
}

/// Reads indexes as the status writes them, such as `0-2,4`; no more than there can be.
pub(super) fn read(text: &str, completions: u32) -> BTreeSet<u32> {
    let mut indexes = BTreeSet::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        if let (Ok(first), Ok(last)) = (first.parse::<u32>(), last.parse::<u32>()) {
            indexes.extend(first..last.saturating_add(1).min(completions));
        }
    }
    indexes
}

/// Writes indexes as the status has them.
pub(super) fn write(indexes: &BTreeSet<u32>) -> String {
    let mut parts: Vec<(u32, u32)> = Vec::new();
    for index in indexes {
        match parts.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(*index) => *last = *index,
            _ => parts.push((*index, *index)),
        }
    }
    let part = |(first, last): (u32, u32)| match last - first {
        0 => first.to_string(),
        1 => format!("{first},{last}"),
        _ => format!("{first}-{last}"),
    };
    parts.into_iter().map(part).collect::<Vec<_>>().join(",")
}

/// Makes a pod the one of an index.
pub(super) fn mark(pod: &mut Pod, job: &str, index: u32) {
    pod.metadata.generate_name = Some(format!("{job}-{index}-"));
    let text = index.to_string();
    pod.metadata.annotations.get_or_insert_default().insert(INDEX.to_owned(), text.clone());
    pod.metadata.labels.get_or_insert_default().insert(INDEX.to_owned(), text);
    let Some(spec) = pod.spec.as_mut() else { return };
    spec.hostname = Some(format!("{job}-{index}"));
    let init = spec.init_containers.iter_mut().flatten();
    for container in spec.containers.iter_mut().chain(init) {
        let variables = container.env.get_or_insert_default();
        if variables.iter().any(|variable| variable.name == VARIABLE) {
            continue;
        }
        variables.push(EnvVar {
            name: VARIABLE.to_owned(),
            value: None,
            value_from: Some(EnvVarSource {
                field_ref: Some(ObjectFieldSelector {
                    api_version: None,
                    field_path: format!("metadata.labels['{INDEX}']"),
                }),
                ..EnvVarSource::default()
            }),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_are_read_as_they_are_written() {
        let indexes: BTreeSet<u32> = [0, 1, 2, 4, 6, 7].into();
        assert_eq!(write(&indexes), "0-2,4,6,7");
        assert_eq!(read("0-2,4,6,7", 10), indexes);
        assert_eq!(read("", 10), BTreeSet::new());
        assert_eq!(read("0-4294967295", 3), [0, 1, 2].into(), "no more than there can be");
    }
}
