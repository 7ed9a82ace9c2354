//! Which kind a request expects, and what a server says when a body is of another.

use crate::resource::{RESOURCES, Resource};
use crate::schema::Struct;
use crate::status::Status;

use super::node::Node;

/// The kind that a request is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected {
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    pub(super) schema: &'static Struct,
}

/// What a body says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    group: String,
    version: String,
    kind: String,
    expected: &'static str,
}

/// Kinds of versions that are no longer served, but still read.
const FORMER_VERSIONS: &[(&str, &str, &[&str])] = &[
    ("apps", "v1beta1", &["ControllerRevision", "Deployment", "StatefulSet"]),
    (
        "apps",
        "v1beta2",
        &["ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"],
    ),
    (
        "extensions",
        "v1beta1",
        &["DaemonSet", "Deployment", "Ingress", "NetworkPolicy", "ReplicaSet"],
    ),
    ("batch", "v1beta1", &["CronJob"]),
    ("policy", "v1beta1", &["Eviction", "PodDisruptionBudget"]),
    ("events.k8s.io", "v1beta1", &["Event"]),
    ("coordination.k8s.io", "v1beta1", &["Lease"]),
    ("networking.k8s.io", "v1beta1", &["Ingress", "IngressClass"]),
    (
        "rbac.authorization.k8s.io",
        "v1beta1",
        &["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"],
    ),
];

/// Where the server's table of kinds is made, by which refusals name it.
const SCHEME: &str = "pkg/api/legacyscheme/scheme.go:30";

impl Expected {
    /// What is sent to a resource, or to what is below it.
    pub(super) fn of(resource: &'static Resource, subresource: &str) -> Self {
        let own = Self {
            group: resource.group,
            version: resource.version,
            kind: resource.kind,
            schema: resource.schema,
        };
        resource.subresource(subresource).map_or(own, |below| {
            let (group, version) = below.group_version.unwrap_or((own.group, own.version));
            Self { group, version, kind: below.kind, schema: below.schema }
        })
    }

    /// 400: it cannot be told what the body is.
    pub(super) fn unrecognized(&self, words: &str, quoted: &str) -> Status {
        let kind = self.kind;
        Status::bad_request(format!(
            "the object provided is unrecognized (must be of type {kind}): {words} ({quoted})"
        ))
    }

    /// Takes a body's `apiVersion` and `kind`; what is absent is as expected.
    ///
    /// The version may still be another one of the same kind: types are held first, see
    /// [`Self::accept_version`].
    ///
    /// # Errors
    /// What `unrecognized` makes of words, or 400 for another kind.
    pub(super) fn accept(
        &self,
        node: &Node,
        unrecognized: impl Fn(String) -> Status,
    ) -> Result<Told, Status> {
        let (api_version, kind) = version_and_kind(node).map_err(&unrecognized)?;
        let (group, version) = match api_version.split_once('/') {
            Some((_, version)) if version.contains('/') => {
                let words = format!("unexpected GroupVersion string: {api_version}");
                return Err(unrecognized(words));
            }
            Some((group, version)) => (group, version),
            None => ("", api_version),
        };
        let (group, version) = match (group, version) {
            ("", "") => (self.group, self.version),
            (group, "") if group == self.group => (group, self.version),
            told => told,
        };
        let kind = if kind.is_empty() { self.kind } else { kind };
        let told = Told {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
            expected: self.kind,
        };
        if self.is(&told) || self.is_another_version(&told) {
            return Ok(told);
        }
        Err(told.refuse(&match known(&told) {
            true => format!(
                "converting ({}.{kind}) to ({}.{}): unknown conversion",
                told.version,
                self.internal_package(),
                self.kind
            ),
            false => format!(
                "no kind {kind:?} is registered for version {:?} in scheme {SCHEME:?}",
                told.api_version()
            ),
        }))
    }

    /// Refuses another version of the expected kind.
    ///
    /// # Errors
    /// 400.
    pub(super) fn accept_version(&self, told: &Told) -> Result<(), Status> {
        if self.is(told) {
            return Ok(());
        }
        Err(Status::bad_request(format!(
            "the API version in the data ({}) does not match the expected API version ({})",
            told.api_version(),
            api_version(self.group, self.version)
        )))
    }

    fn is(&self, told: &Told) -> bool {
        (self.group, self.version, self.kind) == (&told.group, &told.version, &told.kind)
    }

    fn is_another_version(&self, told: &Told) -> bool {
        told.kind == self.kind && known(told)
    }

    /// The Go package of the server's own form of the kind.
    fn internal_package(&self) -> &'static str {
        match self.group.split('.').next().unwrap_or_default() {
            "" | "events" => "core",
            group => group,
        }
    }
}

impl Told {
    fn api_version(&self) -> String {
        api_version(&self.group, &self.version)
    }

    /// 400: the body cannot be taken for what is expected.
    pub(super) fn refuse(&self, words: &str) -> Status {
        let Self { version, kind, expected, .. } = self;
        Status::bad_request(format!(
            "{kind} in version {version:?} cannot be handled as a {expected}: {words}"
        ))
    }
}

fn api_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

/// Whether a server reads this kind at all.
fn known(told: &Told) -> bool {
    let served = |one: &Resource| {
        let below = one.subresources.iter().any(|below| {
            below.kind == told.kind
                && below.group_version.unwrap_or((one.group, one.version))
                    == (&told.group, &told.version)
        });
        let own = (one.group, one.version) == (&told.group, &told.version)
            && told.kind.strip_prefix(one.kind).is_some_and(|rest| matches!(rest, "" | "List"));
        own || below
    };
    RESOURCES.iter().any(served)
        || FORMER_VERSIONS.iter().any(|(group, version, kinds)| {
            (*group, *version) == (&told.group, &told.version) && kinds.contains(&&*told.kind)
        })
}

/// `apiVersion` and `kind` as a body has them, empty where it has none.
pub(super) fn version_and_kind(node: &Node) -> Result<(&str, &str), String> {
    let cannot = |words: String| format!("couldn't get version/kind; json parse error: {words}");
    if !matches!(node, Node::Object(_) | Node::Null) {
        return Err(cannot(format!(
            "json: cannot unmarshal {} into Go value of type struct {{ APIVersion string \
             \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}",
            node.kind()
        )));
    }
    let text = |name: &str| match node.get(name) {
        None | Some(Node::Null) => Ok(""),
        Some(Node::Text(text)) => Ok(text.as_str()),
        Some(other) => Err(cannot(format!(
            "json: cannot unmarshal {} into Go struct field .{name} of type string",
            other.kind()
        ))),
    };
    Ok((text("apiVersion")?, text("kind")?))
}
