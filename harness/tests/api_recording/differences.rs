//! What differs between two bodies, but for times, uids and versions.

use serde_json::Value as Json;

/// A place where two bodies differ.
#[derive(Debug)]
pub(crate) struct Difference {
    /// The path, in the manner of JSON pointers.
    pub(crate) path: String,
    pub(crate) recorded: Json,
    pub(crate) observed: Json,
}

/// Fields that differ from run to run.
const VOLATILE: &[&str] = &[
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "deletionTimestamp",
    "time",
    "startTime",
    "startedAt",
    "finishedAt",
    "lastTransitionTime",
    "lastHeartbeatTime",
    "firstTimestamp",
    "lastTimestamp",
    "containerID",
    "imageID",
    "continue",
    "serverAddress",
];

/// All differences.
pub(crate) fn differences(recorded: &Json, observed: &Json) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", recorded, observed, &mut found);
    found
}

fn compare(path: &str, recorded: &Json, observed: &Json, found: &mut Vec<Difference>) {
    match (recorded, observed) {
        (Json::Object(one), Json::Object(other)) => {
            for key in one.keys().chain(other.keys().filter(|key| !one.contains_key(*key))) {
                let (one, other) = (one.get(key), other.get(key));
                let is_there =
                    one.is_some_and(|it| !it.is_null()) == other.is_some_and(|it| !it.is_null());
                if VOLATILE.contains(&key.as_str()) && is_there {
                    continue;
                }
                let path = format!("{path}/{key}");
                match (one, other) {
                    (Some(one), Some(other)) => compare(&path, one, other, found),
                    (one, other) => found.push(Difference {
                        path,
                        recorded: one.cloned().unwrap_or_default(),
                        observed: other.cloned().unwrap_or_default(),
                    }),
                }
            }
        }
        (Json::Array(one), Json::Array(other)) if one.len() == other.len() => {
            let (one, other) = (sorted(path, one), sorted(path, other));
            for (index, (one, other)) in one.iter().zip(&other).enumerate() {
                compare(&format!("{path}/{index}"), one, other, found);
            }
        }
        (Json::String(one), Json::String(other)) if same_text(one, other) => {}
        (one, other) if one == other => {}
        (one, other) => found.push(Difference {
            path: path.to_owned(),
            recorded: one.clone(),
            observed: other.clone(),
        }),
    }
}

/// Owners of fields are sorted by time first, which differs from run to run.
fn sorted(path: &str, list: &[Json]) -> Vec<Json> {
    let mut list = list.to_vec();
    if path.ends_with("/managedFields") {
        list.sort_by_key(|entry| format!("{}/{}", entry["manager"], entry["subresource"]));
    }
    list
}

/// Ages and generated names are the same where they have the same form.
fn same_text(one: &str, other: &str) -> bool {
    one == other
        || (is_age(one) && is_age(other))
        || [5, 16].iter().any(|length| {
            let cut = |text: &str| {
                text.len().checked_sub(*length).map(|at| text.split_at(at).0.to_owned())
            };
            cut(one).is_some_and(|base| base.ends_with(['-', '.']) && cut(other) == Some(base))
        })
}

fn is_age(text: &str) -> bool {
    text.ends_with(['s', 'm', 'h'])
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || "smh".contains(c))
}
