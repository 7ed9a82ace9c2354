//! Sets of fields as `FieldsV1` writes them.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value as Json;

use super::element::PathElement;
use super::set::{FieldSet, Node};

/// How deep sets nest that are read. The deepest field of any object is far above.
const MAX_DEPTH: usize = 64;

impl FieldSet {
    /// Reads `FieldsV1`; none where it is no such thing.
    #[must_use]
    pub fn from_fields_v1(fields: &Json) -> Option<Self> {
        read(fields, MAX_DEPTH).map(|(_, set)| set)
    }

    /// `FieldsV1` as the server prints it.
    #[must_use]
    pub fn to_fields_v1(&self) -> Json {
        let entries = self.nodes().iter().map(|node| {
            let mut below = node.below.to_fields_v1();
            if let (Json::Object(entries), true) = (&mut below, node.is_marked()) {
                let rest = std::mem::take(entries);
                entries.insert(".".to_owned(), Json::Object(serde_json::Map::new()));
                entries.extend(rest);
            }
            (node.element.to_fields_v1(), below)
        });
        Json::Object(entries.collect())
    }
}

impl Node {
    /// Whether the path that ends here needs a mark, since others go on.
    fn is_marked(&self) -> bool {
        self.member && !self.below.is_empty()
    }
}

/// Whether `.` is there, and the rest.
fn read(fields: &Json, depth: usize) -> Option<(bool, FieldSet)> {
    let entries = fields.as_object()?;
    let depth = depth.checked_sub(1)?;
    let mut marked = false;
    let mut nodes = Vec::with_capacity(entries.len());
    for (name, value) in entries {
        if name == "." {
            marked = true;
            continue;
        }
        let element = PathElement::parse(name)?;
        let (member, below) = read(value, depth)?;
        nodes.push(Node { element, member: member || below.is_empty(), below });
    }
    Some((marked, FieldSet::new(nodes)))
}

struct Entry<'a>(&'a Node);

impl Serialize for Entry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(node) = self;
        let mut map = serializer.serialize_map(None)?;
        if node.is_marked() {
            map.serialize_entry(".", &NOTHING)?;
        }
        for below in node.below.nodes() {
            map.serialize_entry(&below.element.to_fields_v1(), &Entry(below))?;
        }
        map.end()
    }
}

/// What stands behind a path that ends: an empty object.
const NOTHING: std::collections::BTreeMap<&str, ()> = std::collections::BTreeMap::new();

/// `FieldsV1` as the server prints it, without a tree in between.
impl Serialize for FieldSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.nodes().len()))?;
        for node in self.nodes() {
            map.serialize_entry(&node.element.to_fields_v1(), &Entry(node))?;
        }
        map.end()
    }
}
