//! What a path means, by the table of resources.

use std::borrow::Cow;
use std::collections::BTreeSet;

use kubernetes_objects::resource::{self, RESOURCES, Resource, Subresource};
use percent_encoding::percent_decode_str;
use serde_json::{Value as Json, json};

use super::health::CHECKS;

/// What a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// Objects, or one, or what is below it.
    Objects(Target),
    /// `/`: which paths there are.
    Index,
    /// `/api`.
    CoreVersions,
    /// `/apis`.
    Groups,
    /// `/apis/GROUP`.
    Group(String),
    /// `/api/v1` or `/apis/GROUP/VERSION`.
    Resources(String, String),
    /// `/healthz`, `/livez`, `/readyz`, and one of their checks.
    Health(&'static str, String),
    /// `/version`.
    Version,
    /// `/metrics`.
    Metrics,
    /// `/openapi/v2`.
    OpenApiV2,
    /// `/openapi/v3`, or a document below it.
    OpenApiV3(String),
    /// `/gidcheck/v1/steps`: what scenarios do to clusters.
    Steps,
    /// A path below a group that has no such resource.
    UnknownResource,
    /// Any other path.
    Unknown,
}

/// Which objects a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) resource: &'static Resource,
    /// Empty for all namespaces, or where objects have none.
    pub(super) namespace: String,
    /// Empty for all objects.
    pub(super) name: String,
    pub(super) subresource: Option<&'static Subresource>,
    /// What follows a subresource that leads elsewhere.
    pub(super) path_there: String,
    /// Whether the path says `watch`, as paths did before the query could.
    pub(super) says_watch: bool,
}

/// The checks of the server's health; one answer for all of them.
const HEALTH: &[&str] = &["healthz", "livez", "readyz"];

/// What a path means.
pub(super) fn route(path: &str) -> Route {
    let decoded: Vec<Cow<'_, str>> = path
        .trim_matches('/')
        .split('/')
        .map(|part| percent_decode_str(part).decode_utf8_lossy())
        .collect();
    let parts: Vec<&str> = decoded.iter().map(AsRef::as_ref).collect();
    match &*parts {
        [""] | ["index.html"] => Route::Index,
        ["api"] => Route::CoreVersions,
        ["apis"] => Route::Groups,
        ["apis", group] if has_group(group) => Route::Group((*group).to_owned()),
        ["api", version, rest @ ..] => below("", version, rest),
        ["apis", group, version, rest @ ..] => below(group, version, rest),
        ["version"] => Route::Version,
        ["metrics"] => Route::Metrics,
        ["openapi", "v2"] => Route::OpenApiV2,
        ["openapi", "v3", rest @ ..] => Route::OpenApiV3(rest.join("/")),
        ["gidcheck", "v1", "steps"] => Route::Steps,
        [first, rest @ ..] => match HEALTH.iter().find(|known| *known == first) {
            Some(known) => Route::Health(known, rest.join("/")),
            None => Route::Unknown,
        },
        [] => Route::Unknown,
    }
}

/// The paths that there are, as `/` lists them.
pub(super) fn index() -> Json {
    let mut paths: BTreeSet<String> = [
        "/api",
        "/apis",
        "/apis/",
        "/gidcheck/v1/steps",
        "/metrics",
        "/openapi/v2",
        "/openapi/v3",
        "/version",
    ]
    .map(str::to_owned)
    .into();
    for known in HEALTH {
        paths.insert(format!("/{known}"));
        paths.extend(CHECKS.iter().map(|check| format!("/{known}/{check}")));
    }
    for resource in RESOURCES {
        let root = if resource.group.is_empty() {
            "/api".to_owned()
        } else {
            format!("/apis/{}", resource.group)
        };
        paths.insert(format!("{root}/{}", resource.version));
        paths.insert(root);
    }
    json!({"paths": paths})
}

fn has_group(group: &str) -> bool {
    RESOURCES.iter().any(|one| one.group == group)
}

fn below(group: &str, version: &str, rest: &[&str]) -> Route {
    if !RESOURCES.iter().any(|one| one.group == group && one.version == version) {
        return Route::Unknown;
    }
    let (says_watch, rest) = match rest {
        ["watch", rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let (namespace, rest) = match rest {
        [] if !says_watch => return Route::Resources(group.to_owned(), version.to_owned()),
        // What follows a namespace is a resource in it, or a part of the namespace itself.
        ["namespaces", name, rest @ ..] if is_within(group, version, rest) => (*name, rest),
        rest => ("", rest),
    };
    let (plural, name, subresource, there) = match *rest {
        [plural] => (plural, "", "", &[][..]),
        [plural, name] => (plural, name, "", &[][..]),
        // What is below these goes to where they lead.
        [plural, name, "proxy", ref there @ ..] => (plural, name, "proxy", there),
        [plural, name, subresource] => (plural, name, subresource, &[][..]),
        _ => return Route::UnknownResource,
    };
    let Some(resource) = resource::find(group, version, plural) else {
        return Route::UnknownResource;
    };
    let wants_namespace = resource.namespaced && !(name.is_empty() && namespace.is_empty());
    if wants_namespace == namespace.is_empty() && (resource.namespaced || !namespace.is_empty()) {
        return Route::UnknownResource;
    }
    let subresource = match subresource {
        "" => None,
        known => match resource.subresource(known) {
            Some(known) => Some(known),
            None => return Route::UnknownResource,
        },
    };
    Route::Objects(Target {
        resource,
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        subresource,
        path_there: there.join("/"),
        says_watch,
    })
}

/// Whether these parts, after a namespace, name something in it.
fn is_within(group: &str, version: &str, rest: &[&str]) -> bool {
    rest.first().is_some_and(|plural| {
        resource::find(group, version, plural).is_some_and(|found| found.namespaced)
    })
}

impl Target {
    /// The subresource's name; empty for the object itself.
    pub(super) fn below(&self) -> &'static str {
        self.subresource.map_or("", |below| below.name)
    }

    /// What is done by a method, and whether the resource lets it be done.
    pub(super) fn verb(&self, method: &hyper::Method, watches: bool) -> Option<&'static str> {
        use hyper::Method;
        let is_one = !self.name.is_empty();
        let verb = match *method {
            Method::GET if watches => "watch",
            Method::GET if is_one => "get",
            Method::GET => "list",
            // Of all namespaces at once there are only lists.
            Method::POST | Method::DELETE
                if !is_one && self.resource.namespaced && self.namespace.is_empty() =>
            {
                return None;
            }
            Method::POST if is_one && self.subresource.is_none() => return None,
            Method::POST => "create",
            Method::PUT if is_one => "update",
            Method::PATCH if is_one => "patch",
            Method::DELETE if is_one => "delete",
            Method::DELETE => "deletecollection",
            _ => return None,
        };
        self.verbs().contains(&verb).then_some(verb)
    }

    /// The methods that the path takes, as the `Allow` header lists them.
    pub(super) fn methods(&self) -> String {
        use hyper::Method;
        let all = [Method::DELETE, Method::GET, Method::PATCH, Method::POST, Method::PUT];
        let allowed: Vec<_> = all.iter().filter(|it| self.verb(it, false).is_some()).collect();
        allowed.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(", ")
    }

    fn verbs(&self) -> &'static [&'static str] {
        self.subresource.map_or(self.resource.verbs, |below| below.verbs)
    }
}

#[cfg(test)]
mod tests {
    use hyper::Method;

    use super::*;

    fn target(path: &str) -> Target {
        let Route::Objects(target) = route(path) else { unreachable!("{path} names objects") };
        target
    }

    #[test]
    fn paths_name_resources_of_the_table() {
        for (path, plural, namespace, name, below) in [
            ("/api/v1/pods", "pods", "", "", ""),
            ("/api/v1/namespaces/x/pods", "pods", "x", "", ""),
            ("/api/v1/namespaces/x/pods/y", "pods", "x", "y", ""),
            ("/api/v1/namespaces/x/pods/y/status", "pods", "x", "y", "status"),
            ("/api/v1/namespaces", "namespaces", "", "", ""),
            ("/api/v1/namespaces/x", "namespaces", "", "x", ""),
            ("/api/v1/namespaces/x/status", "namespaces", "", "x", "status"),
            ("/api/v1/nodes/n", "nodes", "", "n", ""),
            ("/apis/apps/v1/namespaces/x/deployments/d/scale", "deployments", "x", "d", "scale"),
        ] {
            let found = target(path);
            let seen = (found.resource.plural, &*found.namespace, &*found.name, found.below());
            assert_eq!(seen, (plural, namespace, name, below), "{path}");
        }
    }

    #[test]
    fn paths_that_name_nothing_are_told_apart() {
        for path in [
            "/api/v1/foo",
            "/api/v1/pods/x",
            "/api/v1/namespaces/x/nodes",
            "/api/v1/namespaces/x/pods/y/foo",
        ] {
            assert_eq!(route(path), Route::UnknownResource, "{path}");
        }
        assert_eq!(route("/"), Route::Index);
        for path in ["/foo", "/apis/example.com/v1/x", "/api/v2"] {
            assert_eq!(route(path), Route::Unknown, "{path}");
        }
    }

    #[test]
    fn every_listed_path_means_something() {
        let paths = index()["paths"].as_array().cloned().unwrap_or_default();
        assert!(paths.contains(&"/apis/apps/v1".into()) && paths.contains(&"/api/v1".into()));
        for path in paths {
            let path = path.as_str().unwrap_or_default();
            assert!(!matches!(route(path), Route::Unknown | Route::UnknownResource), "{path}");
        }
    }

    #[test]
    fn a_method_is_allowed_where_the_table_has_its_verb() {
        let pods = target("/api/v1/namespaces/x/pods");
        assert_eq!(pods.verb(&Method::GET, false), Some("list"));
        assert_eq!(pods.verb(&Method::GET, true), Some("watch"));
        assert_eq!(pods.verb(&Method::PUT, false), None);
        assert_eq!(pods.methods(), "DELETE, GET, POST");
        let pod = target("/api/v1/namespaces/x/pods/y");
        assert_eq!(pod.verb(&Method::POST, false), None);
        assert_eq!(pod.verb(&Method::PATCH, false), Some("patch"));
        let namespaces = target("/api/v1/namespaces");
        assert_eq!(namespaces.verb(&Method::DELETE, false), None);
        let binding = target("/api/v1/namespaces/x/pods/y/binding");
        assert_eq!(binding.verb(&Method::POST, false), Some("create"));
        assert_eq!(binding.verb(&Method::GET, false), None);
    }
}
