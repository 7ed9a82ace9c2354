//! How the tables of types write a row: what holds for most fields, and what deviates.

use super::{Field, FieldPatch, ListKind, ListMerge, Struct, Type};

/// The field of every kind that names it.
pub(super) const KIND: Field = field("kind", Type::Text("string")).omit_empty();

/// The field of every kind that names its group and version.
pub(super) const API_VERSION: Field = field("apiVersion", Type::Text("string")).omit_empty();

/// A list that is replaced as a whole.
pub(super) const ATOMIC: ListMerge = ListMerge { apply: ListKind::Atomic, patch: None };

/// A set of scalars.
pub(super) const SET: ListMerge = ListMerge { apply: ListKind::Set, patch: None };

/// A list whose items are told apart by these fields.
pub(super) const fn merged_by(keys: &'static [&'static str]) -> ListMerge {
    ListMerge { apply: ListKind::Map(keys), patch: None }
}

pub(super) const fn structure(
    package: &'static str,
    name: &'static str,
    fields: &'static [Field],
) -> Struct {
    Struct { package, name, atomic: false, fields }
}

pub(super) const fn field(name: &'static str, of: Type) -> Field {
    Field {
        name,
        go_name: None,
        of,
        nullable: matches!(of, Type::List(..) | Type::Map(..) | Type::Bytes | Type::Any),
        omit_empty: false,
        omit_zero: false,
        required: false,
        atomic: false,
        patch: FieldPatch::Merge,
        default: None,
    }
}

impl ListMerge {
    pub(super) const fn patched_by(self, key: &'static str) -> Self {
        Self { patch: Some(key), ..self }
    }
}

impl Struct {
    pub(super) const fn atomic(self) -> Self {
        Self { atomic: true, ..self }
    }
}

impl Field {
    pub(super) const fn go_name(self, go_name: &'static str) -> Self {
        Self { go_name: Some(go_name), ..self }
    }

    pub(super) const fn pointer(self) -> Self {
        Self { nullable: true, ..self }
    }

    pub(super) const fn omit_empty(self) -> Self {
        Self { omit_empty: true, ..self }
    }

    pub(super) const fn omit_zero(self) -> Self {
        Self { omit_zero: true, ..self }
    }

    pub(super) const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    pub(super) const fn atomic(self) -> Self {
        Self { atomic: true, ..self }
    }

    pub(super) const fn patched_by(self, patch: FieldPatch) -> Self {
        Self { patch, ..self }
    }

    pub(super) const fn default_json(self, json: &'static str) -> Self {
        Self { default: Some(json), ..self }
    }
}
