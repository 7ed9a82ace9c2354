//! The resources an API server serves: one table, from which paths, discovery and the store ask.

mod table;

pub use table::RESOURCES;

use crate::schema::Struct;

/// A resource.
#[derive(Debug, PartialEq, Eq)]
pub struct Resource {
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// The version within the group.
    pub version: &'static str,
    /// The name in paths, such as `pods`.
    pub plural: &'static str,
    /// The name for one, such as `pod`.
    pub singular: &'static str,
    /// The kind of its objects.
    pub kind: &'static str,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// What can be done with it, in discovery's order.
    pub verbs: &'static [&'static str],
    /// Shorter names that kubectl takes.
    pub short_names: &'static [&'static str],
    /// Groups of resources that kubectl takes, such as `all`.
    pub categories: &'static [&'static str],
    /// What hangs below an object's path.
    pub subresources: &'static [Subresource],
    /// The type of its objects.
    pub schema: &'static Struct,
}

/// A resource below another's objects, such as `pods/binding`.
#[derive(Debug, PartialEq, Eq)]
pub struct Subresource {
    /// The last part of the path.
    pub name: &'static str,
    /// The group and version of `kind`, where it is not the resource's own.
    pub group_version: Option<(&'static str, &'static str)>,
    /// The kind that is sent and received.
    pub kind: &'static str,
    /// The type of what is sent and received.
    pub schema: &'static Struct,
    /// What can be done with it.
    pub verbs: &'static [&'static str],
}

/// A resource by its path.
#[must_use]
pub fn find(group: &str, version: &str, plural: &str) -> Option<&'static Resource> {
    RESOURCES
        .iter()
        .find(|one| one.plural == plural && one.group == group && one.version == version)
}

/// The resource whose objects are of a kind, by `apiVersion` and `kind` as manifests have them.
/// Kinds of which nothing is kept, such as `Binding`, have none.
#[must_use]
pub fn of_kind(api_version: &str, kind: &str) -> Option<&'static Resource> {
    RESOURCES
        .iter()
        .find(|one| one.kind == kind && one.is_stored() && one.api_version() == api_version)
}

impl Resource {
    /// Whether its objects are kept, rather than answered and forgotten or computed.
    #[must_use]
    pub fn is_stored(&self) -> bool {
        self.verbs.contains(&"watch")
    }

    /// A subresource by its name.
    #[must_use]
    pub fn subresource(&self, name: &str) -> Option<&'static Subresource> {
        self.subresources.iter().find(|one| one.name == name)
    }

    /// `apiVersion` of its objects, such as `apps/v1`.
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// The plural with its group, as refusals name it: `replicasets.apps`.
    #[must_use]
    pub fn qualified(&self) -> String {
        if self.group.is_empty() {
            self.plural.to_owned()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }

    /// The kind with its group, as refusals of an object name it: `ReplicaSet.apps`.
    #[must_use]
    pub fn qualified_kind(&self) -> String {
        if self.group.is_empty() {
            self.kind.to_owned()
        } else {
            format!("{}.{}", self.kind, self.group)
        }
    }
}
