//! Discovery: which groups, versions and resources there are, from the table of resources.

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};

use crate::resource::{RESOURCES, Resource, Subresource};

/// `/api`, of a server at this host and port.
#[must_use]
pub fn core_versions(address: &str) -> Json {
    json!({
        "kind": "APIVersions", "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
    })
}

/// `/apis`.
#[must_use]
pub fn groups() -> Json {
    let named = group_versions().into_iter().filter(|(group, _)| !group.is_empty());
    let groups: Vec<_> = named.map(|(group, version)| described(group, version)).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

/// `/apis/GROUP`.
#[must_use]
pub fn group(name: &str) -> Option<Json> {
    let (group, version) = group_versions().into_iter().find(|(group, _)| *group == name)?;
    let mut answer = described(group, version);
    answer["kind"] = "APIGroup".into();
    answer["apiVersion"] = "v1".into();
    Some(answer)
}

/// `/api/v1` and `/apis/GROUP/VERSION`.
#[must_use]
pub fn resources(group: &str, version: &str) -> Option<Json> {
    let of_version = resources_of(group, version);
    let api_version = of_version.first()?.api_version();
    let mut listed = Vec::new();
    for resource in of_version {
        listed.push(resource_json(resource));
        listed.extend(resource.subresources.iter().map(|below| below_json(resource, below)));
    }
    let mut answer = json!({
        "kind": "APIResourceList", "groupVersion": api_version, "resources": listed,
    });
    if !group.is_empty() {
        answer["apiVersion"] = "v1".into();
    }
    Some(answer)
}

/// Discovery in one piece: of the core group for `/api`, of all others for `/apis`.
#[must_use]
pub fn aggregated(of_core: bool) -> Json {
    let groups = group_versions().into_iter().filter(|(group, _)| group.is_empty() == of_core);
    let items: Vec<_> = groups
        .map(|(group, version)| {
            let resources: Vec<_> =
                resources_of(group, version).into_iter().map(aggregated_resource).collect();
            let metadata = if group.is_empty() {
                json!({})
            } else {
                json!({"name": group, "creationTimestamp": null})
            };
            json!({"metadata": metadata, "versions": [{
                "version": version, "resources": resources, "freshness": "Current",
            }]})
        })
        .collect();
    json!({
        "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {}, "items": items,
    })
}

/// Every group and its version, in the table's order.
fn group_versions() -> Vec<(&'static str, &'static str)> {
    let mut known: Vec<_> = RESOURCES.iter().map(|one| (one.group, one.version)).collect();
    known.dedup();
    known
}

fn resources_of(group: &str, version: &str) -> Vec<&'static Resource> {
    RESOURCES.iter().filter(|one| one.group == group && one.version == version).collect()
}

fn described(group: &str, version: &str) -> Json {
    let version = json!({"groupVersion": format!("{group}/{version}"), "version": version});
    json!({"name": group, "versions": [version], "preferredVersion": version})
}

fn resource_json(resource: &Resource) -> Json {
    let mut described = json!({
        "name": resource.plural, "singularName": resource.singular,
        "namespaced": resource.namespaced, "kind": resource.kind, "verbs": resource.verbs,
    });
    add_names(&mut described, resource);
    if resource.is_stored() {
        described["storageVersionHash"] = storage_version_hash(resource).into();
    }
    described
}

fn below_json(resource: &Resource, below: &Subresource) -> Json {
    let mut described = json!({
        "name": format!("{}/{}", resource.plural, below.name), "singularName": "",
        "namespaced": resource.namespaced, "kind": below.kind, "verbs": below.verbs,
    });
    if let Some((group, version)) = below.group_version {
        described["group"] = group.into();
        described["version"] = version.into();
    }
    described
}

fn add_names(described: &mut Json, resource: &Resource) {
    if !resource.short_names.is_empty() {
        described["shortNames"] = json!(resource.short_names);
    }
    if !resource.categories.is_empty() {
        described["categories"] = json!(resource.categories);
    }
}

/// Tells which version is stored: the first bytes of a digest of its name.
fn storage_version_hash(resource: &Resource) -> String {
    let name = format!("{}/{}/{}", resource.group, resource.version, resource.kind);
    BASE64.encode(&Sha256::digest(name)[..8])
}

/// A kind in aggregated discovery, where the group and version are those of the resource unless
/// said otherwise.
fn response_kind((group, version): (&str, &str), kind: &str) -> Json {
    json!({"group": group, "version": version, "kind": kind})
}

fn aggregated_resource(resource: &'static Resource) -> Json {
    let scope = if resource.namespaced { "Namespaced" } else { "Cluster" };
    let mut described = json!({
        "resource": resource.plural,
        "responseKind": response_kind(("", ""), resource.kind),
        "scope": scope, "singularResource": resource.singular, "verbs": resource.verbs,
    });
    add_names(&mut described, resource);
    if !resource.subresources.is_empty() {
        let below: Vec<_> = resource
            .subresources
            .iter()
            .map(|below| {
                let kind = response_kind(below.group_version.unwrap_or(("", "")), below.kind);
                let mut described = Map::new();
                described.insert("subresource".to_owned(), below.name.into());
                described.insert("responseKind".to_owned(), kind);
                described.insert("verbs".to_owned(), json!(below.verbs));
                Json::Object(described)
            })
            .collect();
        described["subresources"] = Json::Array(below);
    }
    described
}
