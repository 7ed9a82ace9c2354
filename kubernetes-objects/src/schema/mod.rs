//! The types of Kubernetes objects: which fields they have, of which Go type, and how lists are
//! merged.
//!
//! One table, from which everything else is derived: what is unknown or of the wrong type, what
//! the server prints although it is empty, how patches merge, who owns a field, the OpenAPI
//! document.

pub mod meta_v1;
mod row;
mod table;

pub use table::*;

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// A string; the Go type's name, such as `string` or `v1.RestartPolicy`.
    Text(&'static str),
    /// `bool`.
    Bool,
    /// `int32`.
    Int32,
    /// `int64`.
    Int64,
    /// `resource.Quantity`: a string or a number.
    Quantity,
    /// `intstr.IntOrString`.
    IntOrString,
    /// `metav1.Time`: RFC 3339 in whole seconds, or null.
    Time,
    /// `metav1.MicroTime`: RFC 3339 with microseconds, or null.
    MicroTime,
    /// `[]byte`: base64.
    Bytes,
    /// Anything at all, such as `runtime.RawExtension` or `metav1.FieldsV1`.
    Any,
    /// A map from strings: the Go type's name, such as `map[string]string` or
    /// `v1.ResourceList`, and the type of its values.
    Map(&'static str, &'static Type),
    /// A slice, and how two of them merge.
    List(&'static Type, ListMerge),
    /// A structure.
    Struct(&'static Struct),
}

/// How two lists of a field become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListMerge {
    /// In server-side apply (`+listType`, `+listMapKey`).
    pub apply: ListKind,
    /// In strategic merge patches (`patchStrategy:"merge"`): the merge key, empty for lists of
    /// scalars; none where a patch replaces the list.
    pub patch: Option<&'static str>,
}

/// What a list is to server-side apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListKind {
    /// One value, owned as a whole.
    Atomic,
    /// A set of scalars.
    Set,
    /// Items told apart by these fields.
    Map(&'static [&'static str]),
}

/// A Go structure.
#[derive(Debug, PartialEq, Eq)]
pub struct Struct {
    /// The package, as OpenAPI names it, such as `io.k8s.api.core.v1`.
    pub package: &'static str,
    /// The Go type's name without the package, such as `PodSpec`.
    pub name: &'static str,
    /// Whether server-side apply owns it as a whole (`+structType=atomic`).
    pub atomic: bool,
    /// The fields, in the order of the Go type, inlined ones in their place.
    pub fields: &'static [Field],
}

/// A field of a structure.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// The name in JSON.
    pub name: &'static str,
    /// The Go field's name where it is not the name in JSON with a capital first letter: `HTTPGet`.
    pub go_name: Option<&'static str>,
    /// Its type.
    pub of: Type,
    /// Whether it is a pointer (or slice, map) in Go, and so can be told from an empty value.
    pub nullable: bool,
    /// Whether it is left out of JSON when empty (`omitempty`). Go never takes a structure that
    /// is not behind a pointer for empty, nor a time.
    pub omit_empty: bool,
    /// Whether it is left out of JSON when nothing in it is set (`omitzero`).
    pub omit_zero: bool,
    /// Whether it must be given, as OpenAPI has it: neither `+optional` nor left out when empty.
    pub required: bool,
    /// Whether server-side apply owns this field's map or structure as a whole, because of the
    /// field (`+mapType=atomic`) rather than its type.
    pub atomic: bool,
    /// Whether strategic merge patches replace the map or structure (`patchStrategy:"replace"`)
    /// or keep only the keys given (`retainKeys`).
    pub patch: FieldPatch,
    /// What it is when not given (`+default`), as JSON. Server-side apply tells list items apart
    /// with it: a container port without protocol is one of `"TCP"`.
    pub default: Option<&'static str>,
}

/// What a strategic merge patch does to a map or structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldPatch {
    /// Merges field by field.
    Merge,
    /// Replaces it as a whole.
    Replace,
    /// Merges, and drops what the patch's `$retainKeys` does not list.
    RetainKeys,
}

/// The values that a type of text can have, by its Go name; empty where they are open.
#[must_use]
pub fn values_of(name: &str) -> &'static [&'static str] {
    let table = table::enumerations::ENUMERATIONS;
    table.binary_search_by_key(&name, |(name, _)| name).map_or(&[], |found| table[found].1)
}

impl Struct {
    /// A field by its name in JSON.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}
